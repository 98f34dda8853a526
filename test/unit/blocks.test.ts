import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RewardFunction } from "../../src/types.js";
import { EOS, type Fake, nativeError, resetFake } from "../helpers/fake-binding.js";
import { loadFake } from "../helpers/load-fake.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
});

const BLOCKS = { method: "blocks", block: 3, drafts: 2, seed: 1 } as const;

describe("method blocks", () => {
  it("hands its settings to the search, with its own defaults", async () => {
    const decoder = await loadFake();
    await decoder.generate("p", { method: "blocks", maxTokens: 1 });
    await decoder.generate("p", { ...BLOCKS, keepDrafts: 1, blockReward: "mean", rewardAt: "end", stop: "x", maxTokens: 1 });
    expect(fake.begun[0]).toMatchObject({
      method: "blocks",
      topK: 40,
      temperature: 1,
      samplers: { topP: 0.95, policyTemperature: 0.8 },
      blocks: { drafts: 4, kept: 4, mean: false, readAtEnd: [false], stop: [] },
    });
    expect(fake.begun[1].blocks).toEqual({ drafts: 2, kept: 1, mean: true, readAtEnd: [true], stop: ["x"] });
  });

  it.for([
    [{ block: 0 }, "block must be"],
    [{ block: "all" as "response" }, 'block must be "response" or an integer'],
    [{ drafts: 257 }, "drafts must be an integer from 1 to 256"],
    [{ drafts: 2, keepDrafts: 3 }, "keepDrafts must be an integer from 1 to 2 (the drafts)"],
    [{ blockReward: "best" as "end" }, "blockReward must be"],
  ] as const)("refuses %j", async ([options, message]) => {
    const decoder = await loadFake();
    await expect(decoder.generate("p", { method: "blocks", ...options })).rejects.toThrow(message);
  });

  it("needs a reward", async () => {
    const decoder = await loadFake({ reward: null });
    await expect(decoder.generate("p", BLOCKS)).rejects.toThrow('method "blocks" needs a reward');
  });

  it("asks for no more tokens than maxTokens leaves, and keeps to the response's end", async () => {
    fake.script = () => "abcd";
    fake.reward = (tokens) => (tokens.at(-1) === EOS ? 9 : -(tokens.at(-1) ?? 0)); // the first of two drafts
    const decoder = await loadFake();
    expect(await decoder.generate("p", { ...BLOCKS, maxTokens: 2 })).toMatchObject({ text: "ab", finishReason: "length" });
    expect(fake.batches("draft")).toHaveLength(1);
    const ended = await decoder.generate("p", BLOCKS);
    expect(ended).toMatchObject({ text: "abcd", finishReason: "eog" });
    expect(ended.rewards.map((reward) => reward === null)).toEqual([true, true, false, true, false]);
  });

  it("shares its calls among responses", async () => {
    const decoder = await loadFake({ slots: 2 });
    await decoder.generateAll(["p", "q"], { ...BLOCKS, maxTokens: 9 });
    expect(fake.batches("draft")).toContain("0,1");
    expect(fake.batches("keep")).toContain("0,1");
  });

  it("ends with what there is when its signal fires, and frees the slot", async () => {
    const decoder = await loadFake();
    const stop = new AbortController();
    fake.before = (call) => {
      if (call.startsWith("draft") && fake.batches("draft").length === 2) stop.abort();
    };
    const result = await decoder.generate("p", { ...BLOCKS, signal: stop.signal });
    expect(result.finishReason).toBe("aborted");
    expect(result.tokens.length).toBeLessThan(6);
    await decoder.generate("p", { ...BLOCKS, maxTokens: 1 });
  });

  it("does not wait for a reward function once its signal has fired", async () => {
    const stop = new AbortController();
    const slow: RewardFunction = () => {
      setImmediate(() => stop.abort());
      return new Promise(() => {});
    };
    const decoder = await loadFake({ reward: ["reward", slow] });
    expect(await decoder.generate("p", { ...BLOCKS, signal: stop.signal })).toMatchObject({ finishReason: "aborted", tokens: [] });
    expect(fake.batches("keep")).toEqual([]);
  });

  it("fails with what the search failed with", async () => {
    const decoder = await loadFake();
    fake.before = (call) => {
      if (call.startsWith("keep")) throw nativeError("DECODE_FAILED");
    };
    await expect(decoder.generate("p", BLOCKS)).rejects.toMatchObject({ code: "DECODE_FAILED" });
  });
});
