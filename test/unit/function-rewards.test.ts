import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RewardCandidate, RewardContext } from "../../src/types.js";
import { EOS, type Fake, resetFake } from "../helpers/fake-binding.js";
import { loadFake } from "../helpers/load-fake.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
});

const wantZ = (candidates: readonly RewardCandidate[]): number[] => candidates.map(({ text }) => (text === "z" ? 10 : 0));

describe("a JavaScript reward", () => {
  it("guides by itself", async () => {
    fake.script = () => "xxx";
    const decoder = await loadFake({ reward: wantZ });
    const result = await decoder.generate("p", { topK: 3, maxTokens: 3 });
    expect(result).toMatchObject({ text: "zzz", rewards: [10, 10, 10], objectives: { wantZ: [10, 10, 10] } });
    expect(result.timings).toMatchObject({ policy: 3 * (4 + 4), reward: 0 }); // of proposals and commits; no reward model decodes
    expect(fake.batches()).toEqual([]);
    expect(fake.calls.filter((call) => /^(propose|commit)/.test(call))).toEqual(Array(3).fill(["propose 0", "commit 0"]).flat());
  });

  it("is summed with a reward model, by weight", async () => {
    fake.script = () => "x";
    fake.reward = () => 2;
    const decoder = await loadFake({
      reward: [
        { reward: "reward", weight: 0.5 },
        { reward: wantZ, weight: 3 },
      ],
    });
    const steps = decoder.stream("p", { topK: 3, candidates: true });
    const { value } = await steps.next();
    expect(value).toMatchObject({ text: "z", reward: 31, objectives: { reward: 2, wantZ: 10 } });
    expect(value).toMatchObject({
      candidates: [
        { text: "x", reward: 1, objectives: { reward: 2, wantZ: 0 } },
        { text: "y", reward: 1 },
        { text: "z", reward: 31, objectives: { reward: 2, wantZ: 10 } },
      ],
    });
    await steps.return({} as never);
  });

  it("sees the response so far, in whole characters, held-back text included", async () => {
    fake.script = () => "aé\n";
    const seen: { response: string; candidates: Pick<RewardCandidate, "text" | "response" | "end">[] }[] = [];
    const spy = (candidates: readonly RewardCandidate[], context: RewardContext): number[] => {
      expect(context.prompt).toBe("p");
      seen.push({ response: context.response, candidates: candidates.map(({ text, response, end }) => ({ text, response, end })) });
      return [0];
    };
    const decoder = await loadFake({ reward: spy });
    await decoder.generate("p", { method: "greedy", rewards: true, stop: "\n\n" });
    expect(seen).toEqual([
      { response: "", candidates: [{ text: "a", response: "a", end: false }] },
      { response: "a", candidates: [{ text: "\u{fffd}", response: "a", end: false }] },
      { response: "a", candidates: [{ text: "\u{fffd}", response: "aé", end: false }] },
      { response: "aé", candidates: [{ text: "\n", response: "aé\n", end: false }] },
      { response: "aé\n", candidates: [{ text: "", response: "aé\n", end: true }] },
    ]);
  });

  it("that fails ends the response with its cause; the decoder lives", async () => {
    const cause = new Error("boom");
    let fails = true;
    const shaky = async (candidates: readonly RewardCandidate[]): Promise<number[]> => {
      if (fails) throw cause;
      return candidates.map(() => 0);
    };
    const decoder = await loadFake({ reward: shaky });
    await expect(decoder.generate("p")).rejects.toMatchObject({ code: "REWARD_FUNCTION_FAILED", cause });
    fails = false;
    expect((await decoder.generate("p", { maxTokens: 2 })).text).toBe("ab");
  });

  it("that never answers can be aborted or disposed of", async () => {
    const decoder = await loadFake({ reward: () => new Promise<number[]>(() => {}), slots: 2 });
    const controller = new AbortController();
    const aborted = decoder.generate("p", { signal: controller.signal });
    const disposed = decoder.generate("p");
    await vi.waitFor(() => expect(fake.batches("propose").length).toBeGreaterThan(0));
    controller.abort();
    await expect(aborted).resolves.toMatchObject({ text: "", tokens: [], reward: null, finishReason: "aborted" });
    const settled = expect(disposed).rejects.toMatchObject({ code: "DISPOSED" });
    await decoder.dispose();
    await settled;
  });

  it("that rejects because of the abort counts as aborted", async () => {
    const controller = new AbortController();
    const decoder = await loadFake({
      reward: (_, { signal }) => new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    });
    const result = decoder.generate("p", { signal: controller.signal });
    await vi.waitFor(() => expect(fake.batches("propose")).toHaveLength(1));
    controller.abort();
    await expect(result).resolves.toMatchObject({ finishReason: "aborted" });
  });

  it("is asked for many slots side by side", async () => {
    const decoder = await loadFake({ reward: wantZ, slots: 3 });
    const results = await decoder.generateAll(["a", "b", "c"], { topK: 2, maxTokens: 4 });
    expect(results.map(({ text }) => text)).toEqual(["abcd", "abcd", "abcd"]);
    expect(fake.batches("commit")).toContain("0,1,2");
  });

  it("may choose the end", async () => {
    fake.script = () => "a";
    const decoder = await loadFake({ reward: (candidates) => candidates.map(({ end }) => (end ? 100 : 0)) });
    const result = await decoder.generate("p", { topK: 161, weight: 1 });
    expect(result).toMatchObject({ tokens: [EOS], text: "", finishReason: "eog" });
  });
});
