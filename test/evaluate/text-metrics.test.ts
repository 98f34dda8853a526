import { describe, expect, it } from "vitest";
import { measureAll, metricsOf } from "../../src/evaluate/measure.js";
import { endedMetric } from "../../src/evaluate/metrics/ended.js";
import { loopsMetric, lowDiversityMetric, repeats } from "../../src/evaluate/metrics/loops.js";
import { perplexityMetric } from "../../src/evaluate/metrics/perplexity.js";
import { methodResult } from "../../src/evaluate/results.js";
import type { FinishReason } from "../../src/index.js";
import { responseOf } from "./responses.js";

const EIGHT = "one two three four five six seven eight";

describe("ended", () => {
  it("counts what ended by itself, not what was cut off", () => {
    const reasons: FinishReason[] = ["eog", "stop", "length", "context"];
    expect(endedMetric.measure(reasons.map((finishReason) => responseOf({ finishReason })))).toEqual([1, 1, 0, 0]);
  });
});

describe("loops", () => {
  it("are 8 words in a row that stand twice, also where the two overlap", () => {
    expect(repeats(`${EIGHT} and ${EIGHT}`)).toBe(true);
    expect(repeats(`${EIGHT} nine. ${EIGHT.replace("eight", "ten")}`)).toBe(false);
    expect(repeats("ha ".repeat(8))).toBe(false);
    expect(repeats("ha ".repeat(9))).toBe(true);
    expect(repeats("")).toBe(false);
  });

  it("are told apart by words, not by the texts that they join to", () => {
    expect(repeats(`${EIGHT}, ${EIGHT.replace("two three", "twothree")}`)).toBe(false);
  });

  it("count a text of little that is new, but none that is only short", () => {
    const numbers = Array.from({ length: 40 }, (_, index) => index).join(" ");
    const texts = ["go on ".repeat(12), EIGHT, "Yes.", "", `${EIGHT} and ${EIGHT} and ${numbers}`];
    const responses = texts.map((response) => responseOf({ response }));
    expect(loopsMetric.measure(responses)).toEqual([1, 0, 0, 0, 1]);
    expect(lowDiversityMetric.measure(responses)).toEqual([1, 0, 0, 0, 0]);
  });
});

describe("perplexity", () => {
  it("is that of the policy's own log-probabilities", () => {
    const [half, quarter] = [Math.log(0.5), Math.log(0.25)];
    const responses = [responseOf({ policyLogProbs: [half, half] }), responseOf({ policyLogProbs: [half, quarter, quarter, half] })];
    expect(perplexityMetric.measure(responses)).toEqual([expect.closeTo(2, 12), expect.closeTo(2 ** 1.5, 12)]);
  });

  it("is absent where they are not known", () => {
    expect(perplexityMetric.measure([responseOf(), responseOf({ policyLogProbs: [] })])).toEqual([null, null]);
  });
});

describe("shares", () => {
  it("have Wilson's interval, which is none of a single point at 0 and 1", async () => {
    const responses = Array.from({ length: 10 }, (_, index) => responseOf({ index, finishReason: index < 3 ? "eog" : "length" }));
    const metrics = metricsOf();
    const measured = (await measureAll(new Map([["greedy", responses]]), metrics)).get("greedy") ?? new Map();
    // 3 of 10, and 0 of 10, in the tables of Newcombe, Statistics in Medicine 17 (1998), 857.
    expect(methodResult(measured, metrics, 0)).toMatchObject({
      ended: { mean: 0.3, low: expect.closeTo(0.1078, 4), high: expect.closeTo(0.6032, 4), count: 10 },
      loops: { mean: 0, low: 0, high: expect.closeTo(0.2775, 4), count: 10 },
    });
  });

  it("are made of zeros and ones", async () => {
    const half = { name: "half", share: true, measure: () => [0.5] };
    await expect(measureAll(new Map([["greedy", [responseOf()]]]), metricsOf([half]))).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringMatching(/^metric half must be an array of 1 zeros, ones or nulls/),
    });
  });
});
