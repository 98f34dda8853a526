import { beforeEach, describe, expect, it, vi } from "vitest";
import { type AttachOptions, attachReward } from "../../src/gguf/attach.js";
import { type Fake, nativeError, resetFake } from "../helpers/fake-binding.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;

beforeEach(() => {
  fake = resetFake();
  fake.gguf.entries = [
    { key: "general.architecture", type: "str", value: "llama", count: 1 },
    { key: "llama.embedding_length", type: "u32", value: 2, count: 1 },
    { key: "argsearch.reward.labels", type: "arr[str]", value: ["old"], count: 1 },
    { key: "argsearch.reward.scale", type: "f32", value: 3, count: 1 },
    { key: "argsearch.reward.source", type: "str", value: "the older head's", count: 1 },
  ];
});

/** The hash of what has no tensors here. */
const TRUNK = { key: "argsearch.reward.trunk", value: expect.stringMatching(/^[0-9a-f]{64}$/) };

const attach = (options: Partial<AttachOptions>): Promise<void> =>
  attachReward({ engineDir: "/fake", model: "trunk.gguf", out: "rm.gguf", head: { weight: [1, 2] }, ...options });

describe("attachReward()", () => {
  it("writes the head's keys, and removes those of an older head", async () => {
    await attach({ head: { weight: [1, 2], bias: 0.5, scale: 2 } });
    expect(fake.rewritten).toMatchObject({
      source: "trunk.gguf",
      set: [
        { key: "argsearch.reward.head.weight", value: Float32Array.of(1, 2) },
        { key: "argsearch.reward.head.bias", value: { f32: 0.5 } },
        { key: "argsearch.reward.scale", value: { f32: 2 } },
        TRUNK,
      ],
      remove: ["argsearch.reward.labels", "argsearch.reward.source"],
    });
    await attach({
      head: {
        weight: [
          [1, 2],
          [3, 4],
        ],
        bias: [5, 6],
        labels: ["a", "b"],
        shift: 1,
      },
    });
    expect(fake.rewritten).toMatchObject({
      set: [
        { value: Float32Array.of(1, 2, 3, 4) },
        { key: "argsearch.reward.labels", value: ["a", "b"] },
        { key: "argsearch.reward.head.bias", value: Float32Array.of(5, 6) },
        { key: "argsearch.reward.shift", value: { f32: 1 } },
        TRUNK,
      ],
      remove: ["argsearch.reward.scale", "argsearch.reward.source"],
    });
  });

  it("keeps where the head came from", async () => {
    await attach({ provenance: { source: "acme/rm", accuracy: 0.68 } });
    expect(fake.rewritten).toMatchObject({
      set: [
        { key: "argsearch.reward.head.weight" },
        { key: "argsearch.reward.source", value: "acme/rm" },
        { key: "argsearch.reward.accuracy", value: { f32: 0.68 } },
        TRUNK,
      ],
      remove: ["argsearch.reward.labels", "argsearch.reward.scale"],
    });
    await expect(attach({ provenance: { accuracy: 68 } })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(attach({ provenance: { sauce: "x" } as never })).rejects.toMatchObject({ message: expect.stringContaining("source") });
  });

  it("lets the addon write the file that was named", async () => {
    await attach({ out: "./some.gguf" });
    expect(fake.rewritten?.target).toBe("./some.gguf");
    fake.before = () => {
      throw nativeError("FILE_UNWRITABLE", "no space left on device");
    };
    await expect(attach({})).rejects.toMatchObject({ name: "ArgsearchError", code: "FILE_UNWRITABLE" });
  });

  it("checks everything before it writes", async () => {
    await expect(attach({ head: { weight: [1, 2, 3] } })).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID" });
    await expect(attach({ head: { weight: [1, Number.NaN] } })).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID" });
    await expect(attach({ out: "" })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(attach({ outt: "x" } as never)).rejects.toMatchObject({ message: expect.stringContaining("did you mean out?") });
    fake.gguf.entries = [];
    await expect(attach({})).rejects.toMatchObject({ code: "MODEL_INVALID" });
    expect(fake.calls).toEqual([]);
  });
});
