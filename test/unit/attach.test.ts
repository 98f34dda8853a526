import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AttachOptions, attachReward } from "../../src/attach.js";
import { type Fake, nativeError, resetFake } from "../helpers/fake-binding.js";

vi.mock("../../src/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
let dir: string;
let out: string;

beforeEach(async () => {
  fake = resetFake();
  fake.gguf.entries = [
    { key: "general.architecture", type: "str", value: "llama", count: 1 },
    { key: "llama.embedding_length", type: "u32", value: 2, count: 1 },
    { key: "argsearch.reward.labels", type: "arr[str]", value: ["old"], count: 1 },
    { key: "argsearch.reward.scale", type: "f32", value: 3, count: 1 },
    { key: "argsearch.reward.source", type: "str", value: "the older head's", count: 1 },
  ];
  dir = await mkdtemp(join(tmpdir(), "argsearch-attach-"));
  out = join(dir, "rm.gguf");
  fake.before = async (call) => {
    if (call.startsWith("rewrite ")) await writeFile(call.slice("rewrite ".length), "new");
  };
});

afterEach(() => rm(dir, { recursive: true }));

const attach = (options: Partial<AttachOptions>): Promise<void> =>
  attachReward({ engineDir: "/fake", model: "trunk.gguf", out, head: { weight: [1, 2] }, ...options });

describe("attachReward()", () => {
  it("writes the head's keys, and removes those of an older head", async () => {
    await attach({ head: { weight: [1, 2], bias: 0.5, scale: 2 } });
    expect(fake.rewritten).toMatchObject({
      source: "trunk.gguf",
      set: [
        { key: "argsearch.reward.head.weight", value: Float32Array.of(1, 2) },
        { key: "argsearch.reward.head.bias", value: { f32: 0.5 } },
        { key: "argsearch.reward.scale", value: { f32: 2 } },
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
      ],
      remove: ["argsearch.reward.labels", "argsearch.reward.scale"],
    });
    await expect(attach({ provenance: { accuracy: 68 } })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(attach({ provenance: { sauce: "x" } as never })).rejects.toMatchObject({ message: expect.stringContaining("source") });
  });

  it("writes aside and moves: an older file stays until then", async () => {
    await writeFile(out, "old");
    await attach({});
    expect(fake.rewritten?.target).toMatch(/rm\.gguf\.\d+-[0-9a-f]{8}\.tmp$/);
    expect(await readdir(dir)).toEqual(["rm.gguf"]);
    expect(await readFile(out, "utf8")).toBe("new");
  });

  it("leaves nothing behind when writing fails, and the older file as it was", async () => {
    await writeFile(out, "old");
    fake.before = async (call) => {
      await writeFile(call.slice("rewrite ".length), "half");
      throw nativeError("FILE_UNWRITABLE", "no space left on device");
    };
    await expect(attach({})).rejects.toMatchObject({ name: "ArgsearchError", code: "FILE_UNWRITABLE" });
    expect(await readdir(dir)).toEqual(["rm.gguf"]);
    expect(await readFile(out, "utf8")).toBe("old");
  });

  it("is FILE_UNWRITABLE when it cannot be moved", async () => {
    fake.before = () => {};
    await expect(attach({})).rejects.toMatchObject({ code: "FILE_UNWRITABLE", message: expect.stringContaining(out) });
    expect(await readdir(dir)).toEqual([]);
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
