import { describe, expect, it } from "vitest";
import { type RewardHead, storedHead } from "../../src/gguf/reward-head.js";

describe("storedHead()", () => {
  it("takes one row, or one a label", () => {
    expect(storedHead({ weight: [1, 2, 3] }, 3)).toEqual({
      weight: Float32Array.of(1, 2, 3),
      bias: undefined,
      labels: undefined,
      scale: undefined,
      shift: undefined,
    });
    const several = storedHead(
      {
        weight: [
          [1, 2],
          [3, 4],
        ],
        bias: [5, 6],
        labels: ["a", "b"],
        scale: 2,
        shift: -1,
      },
      2,
    );
    expect(several).toEqual({
      weight: Float32Array.of(1, 2, 3, 4),
      bias: Float32Array.of(5, 6),
      labels: ["a", "b"],
      scale: Float32Array.of(2),
      shift: Float32Array.of(-1),
    });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ weight: [1, 2] }, "weight has 2 numbers, the model's embedding is 3 long"],
    [{ weight: [[1, 2, 3], [1]] }, "weight[1] has 1 numbers, the model's embedding is 3 long"],
    [{ weight: [[1, 2, 3], 5] }, "weight[1] has no numbers"],
    [{ weight: [] }, "weight must be an array"],
    [{}, "weight must be an array"],
    [{ weight: [1, 2, Number.NaN] }, "weight[2] must be a finite 32-bit number, got NaN"],
    [{ weight: new Array(3) }, "weight[0] must be a finite 32-bit number, got undefined"],
    [{ weight: new Array(2).with(0, [1, 2, 3]), labels: ["a", "b"] }, "weight[1] has no numbers"],
    [{ weight: [1, 2, "3"] }, "weight[2] must be a finite 32-bit number, got 3"],
    [{ weight: [1, 2, 1e39] }, "weight[2] must be a finite 32-bit number"],
    [{ weight: [1, 2, 3], bias: [1, 2] }, "bias has 2 numbers, weight has 1 rows"],
    [{ weight: [1, 2, 3], bias: null }, "bias must be a finite 32-bit number, got null"],
    [{ weight: [1, 2, 3], labels: ["a", "b"] }, "labels must be 1 different non-empty names"],
    [
      {
        weight: [
          [1, 2, 3],
          [1, 2, 3],
        ],
        labels: ["a", "a"],
      },
      "labels must be 2 different",
    ],
    [{ weight: [1, 2, 3], labels: "a" }, "labels must be 1 different"],
    [{ weight: [1, 2, 3], scale: 0 }, "scale must not be 0"],
    [{ weight: [1, 2, 3], position: "eos" }, 'position must be "last" or "end"'],
    [{ weight: [1, 2, 3], Bias: 1 }, 'it has no "Bias"; known are weight, bias, labels, scale, shift'],
    [{ weight: [1, 2, 3], source: "m", extra: 1 }, 'it has no "source", "extra"; known are'],
    [{ weight: [1, 2, 3], dataset: "hh" }, "its provenance (--source, --dataset, --accuracy)"],
    [{ weight: [1, 2, 3], shift: Number.POSITIVE_INFINITY }, "shift must be a finite 32-bit number"],
  ])("refuses %o", (head, message) => {
    expect(() => storedHead(head as unknown as RewardHead, 3)).toThrow(
      expect.objectContaining({ code: "REWARD_HEAD_INVALID", message: expect.stringContaining(message) }),
    );
  });
});
