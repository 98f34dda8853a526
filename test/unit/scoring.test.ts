import { beforeEach, describe, expect, it, vi } from "vitest";
import { loadReward } from "../../src/score/load-reward.js";
import type { RewardCandidate } from "../../src/types.js";
import { BOS, type Fake, resetFake } from "../helpers/fake-binding.js";
import { loadFake } from "../helpers/load-fake.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
  // The sum of everything read so far: shows exactly which tokens came before.
  fake.reward = (tokens, label) => tokens.reduce((sum, token) => sum + token, 0) * (label + 1);
});

describe("score()", () => {
  it("reads every token of the response after the prompt", async () => {
    const decoder = await loadFake();
    const result = await decoder.score({ prompt: "\u0001", response: "\u0002é" });
    expect(result).toEqual({
      reward: BOS + 3 + 0xc3 + 0xa9,
      objectives: { reward: BOS + 3 + 0xc3 + 0xa9 },
      tokens: [
        { id: 2, text: "\u0002", reward: BOS + 3 },
        { id: 0xc3, text: "\u{fffd}", reward: BOS + 3 + 0xc3 },
        { id: 0xa9, text: "\u{fffd}", reward: BOS + 3 + 0xc3 + 0xa9 },
      ],
    });
  });

  it("agrees with decoding", async () => {
    const decoder = await loadFake();
    const decoded = await decoder.generate("p", { method: "greedy", rewards: true, maxTokens: 5 });
    const scored = await decoder.score({ prompt: "p", response: decoded.text });
    expect(scored.tokens.map(({ reward }) => reward)).toEqual(decoded.rewards);
  });

  it("gives an array for an array, in one call a model", async () => {
    const decoder = await loadFake();
    const results = await decoder.score(["a", "b"].map((response) => ({ prompt: "p", response })));
    expect(results.map(({ tokens }) => tokens[0]?.text)).toEqual(["a", "b"]);
    expect(fake.calls.filter((call) => call.startsWith("score "))).toEqual(["score 2"]);
    expect(await decoder.score([])).toEqual([]);
  });

  it("sums several models, labels and functions", async () => {
    fake.files = { policy: { labels: null }, a: { labels: ["x", "y"] }, b: {} };
    const seen: string[] = [];
    const length = (candidates: readonly RewardCandidate[], context: { response: string }): number[] => {
      seen.push(`${context.response}|${candidates[0]?.response}|${candidates[0]?.logProb}`);
      return [candidates[0]?.response.length ?? 0];
    };
    const decoder = await loadFake({
      reward: [
        { reward: "a", labels: { x: 1, y: 0 } },
        { reward: "b", weight: -1 },
        { reward: length, weight: 100 },
      ],
    });
    const result = await decoder.score({ prompt: "p", response: "aé" });
    expect(result.reward).toBe(100 * 2);
    const sum = BOS + 112 + 97 + 0xc3 + 0xa9;
    expect(result.objectives).toEqual({ x: sum, y: 2 * sum, reward: sum, length: 2 });
    expect(seen).toEqual(["|a|NaN", "a|a|NaN", "a|aé|NaN"]);
  });

  it("makes its scorer once, when needed", async () => {
    const decoder = await loadFake();
    expect(fake.calls).not.toContain("createScorer");
    const input = { prompt: "p", response: "r" };
    await Promise.all([decoder.score(input), decoder.score(input)]);
    await decoder.score(input);
    expect(fake.calls.filter((call) => call === "createScorer")).toHaveLength(1);
  });

  it("tries again when the scorer could not be made", async () => {
    const decoder = await loadFake();
    fake.before = (call) => {
      if (call === "createScorer") throw Object.assign(new Error("no memory"), { code: "OUT_OF_MEMORY" });
    };
    const input = { prompt: "p", response: "r" };
    await expect(decoder.score(input)).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    fake.before = () => {};
    await expect(decoder.score(input)).resolves.toBeDefined();
  });

  it.each([
    [{ prompt: "p", response: "" }, "INPUT_INVALID"],
    [{ prompt: "p" }, "INPUT_INVALID"],
    [{ prompt: "", response: "r" }, "PROMPT_EMPTY"],
    [{ prompt: "p", response: "r".repeat(20) }, "PROMPT_TOO_LONG"],
  ])("refuses %o with %s", async (input, code) => {
    const decoder = await loadFake({ contextSize: 16 });
    await expect(decoder.score(input as never)).rejects.toMatchObject({ code });
  });

  it("takes what fills the context", async () => {
    const decoder = await loadFake({ contextSize: 16 });
    const score = (length: number) => decoder.score({ prompt: "p", response: "r".repeat(length) });
    expect((await score(14)).tokens).toHaveLength(14);
    await expect(score(15)).rejects.toMatchObject({ code: "PROMPT_TOO_LONG" });
  });

  it("can be aborted, and needs a reward", async () => {
    const decoder = await loadFake();
    const controller = new AbortController();
    fake.before = () => controller.abort();
    const input = { prompt: "p", response: "r" };
    await expect(decoder.score(input, { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    const bare = await loadFake({ reward: null });
    await expect(bare.score(input)).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});

describe("a reward function that rejects because of the end", () => {
  const obedient = (_: unknown, { signal }: { signal?: AbortSignal | undefined }): Promise<number[]> =>
    new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

  it("leaves the error to the signal, and asks nothing more", async () => {
    const reward = vi.fn(obedient);
    const decoder = await loadFake({ reward: ["reward", reward] });
    const controller = new AbortController();
    const scored = decoder.score({ prompt: "p", response: "rs" }, { signal: controller.signal });
    await vi.waitFor(() => expect(reward).toHaveBeenCalledOnce());
    controller.abort();
    await expect(scored).rejects.toMatchObject({ code: "ABORTED" });
    expect(reward).toHaveBeenCalledOnce();
  });
});

describe("loadReward()", () => {
  it("scores without a policy", async () => {
    const model = await loadReward({ engineDir: "/fake", reward: { reward: "reward", weight: 2 } });
    expect(fake.calls).toEqual(["load reward"]);
    expect(await model.score({ prompt: "\u0001", response: "\u0002" })).toMatchObject({ reward: 2 * (BOS + 3) });
    expect(model.info).toMatchObject({ objectives: ["reward"], contextSize: 512 });
    await model.dispose();
  });

  it("needs vocabularies that agree, and heads", async () => {
    fake.files = { a: {}, b: { otherVocabulary: true }, trunk: { labels: null } };
    await expect(loadReward({ engineDir: "/fake", reward: ["a", "b"] })).rejects.toMatchObject({ code: "VOCABULARY_MISMATCH" });
    await expect(loadReward({ engineDir: "/fake", reward: "trunk" })).rejects.toMatchObject({ code: "REWARD_HEAD_MISSING" });
  });
});
