/** "greedy" and "sample" beside a reward: the same tokens whether they are rated or not, and nothing of it in what comes after. */
import { describe, expect, it } from "vitest";
import type { Decoder, GenerateOptions, GenerateResult, SearchCounters } from "../../src/index.js";
import { decode } from "../helpers/brute-force.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { expectSameResult } from "../helpers/rounding.js";

const PROMPT = "a tall ship sails at dawn.";
const GUIDED: GenerateOptions = { topK: 10, weight: 0.6, template: "none", maxTokens: 10 };
const GREEDY: GenerateOptions = { method: "greedy", template: "none", maxTokens: 10 };
const BASELINES: [what: string, options: GenerateOptions][] = [
  ["greedy", GREEDY],
  ["a draw", { ...GREEDY, method: "sample", topK: 0, topP: 1, temperature: 2, seed: 8 }],
  ["a draw at temperature 0", { ...GREEDY, method: "sample", temperature: 0 }],
];

const folder = modelFolder();
const pair = folder.writePair(41, {}, { layers: 3 });

function spent(after: SearchCounters, before: SearchCounters) {
  return {
    tokens: after.rewardTokens - before.rewardTokens,
    prefill: after.rewardPrefillTokens - before.rewardPrefillTokens,
    decodes: after.rewardDecodes - before.rewardDecodes,
  };
}

/** A response, with what the reward model decoded for it. */
async function costOf(decoder: Decoder, prompt: string, options: GenerateOptions) {
  const before = decoder.counters();
  const result = await decoder.generate(prompt, options);
  return { result, cost: spent(decoder.counters(), before) };
}

describe.for(BASELINES)("%s", ([, options]) => {
  it("has the same tokens with and without rewards", async () => {
    await withPair(pair, async (decoder) => {
      const rated = await costOf(decoder, PROMPT, { ...options, rewards: true });
      const plain = await costOf(decoder, PROMPT, options);
      const { tokens, text, logProbs, policyLogProbs, finishReason } = rated.result;
      expect(plain.result).toMatchObject({ tokens, text, logProbs, policyLogProbs, finishReason });
      expect(rated.result.rewards).toHaveLength(10);
      expect(rated.result.objectives).toEqual({ reward: rated.result.rewards });
      expect(plain.result).toMatchObject({ reward: null, rewards: [], objectives: {} });
      expect(plain.result.timings.reward).toBe(0);
      expect(rated.cost).toMatchObject({ tokens: 10 });
      expect(plain.cost).toEqual({ tokens: 0, prefill: 0, decodes: 0 });
    });
  });

  it("has no rewards in its steps and candidates", async () => {
    const { steps } = await withPair(pair, (decoder) => decode(decoder, PROMPT, options));
    expect(steps).toHaveLength(10);
    for (const step of steps) {
      expect(step).toMatchObject({ reward: null, score: null, objectives: {} });
      expect(step.candidates).toMatchObject([{ reward: null, score: null, objectives: {} }]);
    }
  });

  it("leaves the slot's reward cache to the guided response that comes next", async () => {
    await withPair(pair, async (decoder) => {
      const first = await decoder.generate(PROMPT, GUIDED);
      const unrelated = await costOf(decoder, "no word of it is shared", options);
      const more = " and then?";
      const next = PROMPT + first.text + more;
      const { result, cost } = await costOf(decoder, next, GUIDED);
      const fresh = await withPair(pair, (other) => other.generate(next, GUIDED));
      expect(unrelated.cost).toEqual({ tokens: 0, prefill: 0, decodes: 0 });
      expect(cost.prefill).toBe(more.length);
      expectSameResult(result, fresh);
      expect(result.rewards).toHaveLength(result.tokens.length);
    });
  });
});

it("guides as on a fresh decoder behind an unrated answer to the same conversation", async () => {
  await withPair(pair, async (decoder) => {
    const first = await decoder.generate(PROMPT, GREEDY);
    const next = `${PROMPT}${first.text} so?`;
    const { result, cost } = await costOf(decoder, next, GUIDED);
    expect(cost.prefill).toBe(result.usage.promptTokens);
    expectSameResult(result, await withPair(pair, (other) => other.generate(next, GUIDED)));
  });
});

it("slots with and without rewards share steps, and each decodes as alone", async () => {
  const requests: [prompt: string, options: GenerateOptions][] = [
    [PROMPT, GUIDED],
    ["the sea", GREEDY],
    ["wind and rain", { ...GREEDY, rewards: true }],
    ["home again", { ...GREEDY, method: "sample", temperature: 1.5, seed: 3 }],
    ["a long way", { ...GUIDED, select: "stochastic", seed: 4 }],
  ];
  const alone: GenerateResult[] = [];
  for (const [prompt, options] of requests) alone.push(await withPair(pair, (decoder) => decoder.generate(prompt, options)));
  const together = await withPair(
    pair,
    (decoder) => Promise.all(requests.map(([prompt, options], slot) => decoder.generate(prompt, { ...options, slot }))),
    { slots: requests.length },
  );
  for (const [index, result] of together.entries()) expectSameResult(result, alone[index] as GenerateResult);
  expect(together.map(({ rewards }) => rewards.length > 0)).toEqual([true, false, true, false, true]);
  expect(together.map(({ timings }) => timings.reward > 0)).toEqual([true, false, true, false, true]);
});

it("has room where the reward model's is used up", async () => {
  await withPair(
    pair,
    async (decoder) => {
      const full = await decoder.generate(PROMPT, { ...GUIDED, ending: "never", maxTokens: 100 });
      expect(full.finishReason).toBe("context");
      const { result, cost } = await costOf(decoder, "the sea", GREEDY);
      expect(result.tokens).toHaveLength(10);
      expect(cost.tokens).toBe(0);
    },
    { contextSize: 40 },
  );
});

it("is no work for reward functions either, in this process and in another", async () => {
  let calls = 0;
  const counted = (candidates: readonly unknown[]): number[] => {
    calls += 1;
    return candidates.map(() => 1);
  };
  for (const isolate of [false, true]) {
    await withPair(
      pair,
      async (decoder) => {
        calls = 0;
        const plain = await costOf(decoder, PROMPT, GREEDY);
        expect([calls, plain.cost.tokens, plain.result.reward]).toEqual([0, 0, null]);
        const rated = await costOf(decoder, PROMPT, { ...GREEDY, rewards: true });
        expect(rated.result.tokens).toEqual(plain.result.tokens);
        expect([calls, rated.cost.tokens]).toEqual([10, 10]);
        expect(rated.result.objectives.counted).toEqual(Array(10).fill(1));
      },
      { reward: [pair.reward.path, counted], isolate },
    );
  }
});
