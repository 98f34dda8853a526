import { describe, expect, it } from "vitest";
import { type Decoder, type LoadOptions, load, loadReward, type ScoreInput, type ScoreResult } from "../../src/index.js";
import { promptOf } from "../helpers/brute-force.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { rewardsAtEnd } from "../helpers/reference-llama.js";
import { largestDifference, ROUNDING } from "../helpers/rounding.js";

const PROMPT = "a tall ship.";
const folder = modelFolder();
const pair = folder.writePair(61);
const several = folder.write({ seed: 63, labels: ["helpful", "brief"], layers: 1, normalisation: { scale: 0.5, shift: -1 } });
const POLICY: LoadOptions = { policy: pair.policy.path, gpu: false, threads: 1 };

/** Rewards of one label at every token of a response, each read from the whole text again. */
function bruteForce({ prompt, response }: { prompt: string; response: string }): number[] {
  const { model } = pair.reward;
  const before = promptOf(model, prompt);
  const tokens = model.vocabulary.encode(response);
  return tokens.map((_, index) => rewardsAtEnd(model, [...before, ...tokens.slice(0, index + 1)])[0]);
}

function rewardsOf({ tokens }: ScoreResult): number[] {
  return tokens.map(({ reward }) => reward);
}

function expectSameScores(found: readonly ScoreResult[], wanted: readonly ScoreResult[]): void {
  expect(found.map(({ tokens }) => tokens.map(({ id, text }) => [id, text]))).toEqual(
    wanted.map(({ tokens }) => tokens.map(({ id, text }) => [id, text])),
  );
  expect(largestDifference(found.flatMap(rewardsOf), wanted.flatMap(rewardsOf))).toBeLessThan(ROUNDING);
}

describe("score()", () => {
  it("equals brute force at every token", async () => {
    const input = { prompt: PROMPT, response: "hoist the sails." };
    const scored = await withPair(pair, (decoder) => decoder.score(input, { template: "none" }));
    expect(scored.tokens.map(({ text }) => text).join("")).toBe(input.response);
    expect(largestDifference(rewardsOf(scored), bruteForce(input))).toBeLessThan(1e-4);
    expect(scored.reward).toBe(rewardsOf(scored).at(-1));
  });

  it("equals the rewards that decoding saw", async () => {
    await withPair(pair, async (decoder) => {
      const decoded = await decoder.generate(PROMPT, { template: "none", maxTokens: 12 });
      expect(decoded.finishReason).toBe("length");
      const scored = await decoder.score({ prompt: PROMPT, response: decoded.text }, { template: "none" });
      expect(scored.tokens.map(({ id }) => id)).toEqual(decoded.tokens);
      expect(largestDifference(rewardsOf(scored), decoded.rewards)).toBeLessThan(ROUNDING);
    });
  });

  it("leaves a decoder's slots as they were", async () => {
    await withPair(pair, async (decoder) => {
      const before = await decoder.generate(PROMPT, { template: "none", maxTokens: 6 });
      await decoder.score({ prompt: "no wind", response: "wait" }, { template: "none" });
      const { usage } = await decoder.generate(PROMPT + before.text, { template: "none", maxTokens: 1 });
      expect(usage.cachedTokens).toBe(before.usage.promptTokens + before.tokens.length - 1);
    });
  });

  it("sums the labels and models of a decoder, and keeps each", async () => {
    const weighted = [
      { reward: several.path, weight: 2, labels: { helpful: 1, brief: -1 } },
      { reward: pair.reward.path, weight: 0.5 },
    ];
    const decoder: Decoder = await load({ ...POLICY, reward: weighted });
    const input = { prompt: PROMPT, response: "sail on" };
    const { reward, objectives } = await decoder.score(input, { template: "none" });
    await decoder.dispose();
    const tokens = [...promptOf(several.model, PROMPT), ...several.model.vocabulary.encode(input.response)];
    const [helpful, brief] = rewardsAtEnd(several.model, tokens);
    const [plain] = rewardsAtEnd(pair.reward.model, tokens);
    expect(largestDifference(Object.values(objectives), [helpful, brief, plain])).toBeLessThan(1e-4);
    expect(reward).toBeCloseTo(2 * helpful - 2 * brief + 0.5 * plain, 4);
  });
});

describe("many texts in one call", () => {
  const long = "they hoist the sails, and the ship leaves at dawn. ".repeat(4);
  const inputs: ScoreInput[] = [
    { prompt: PROMPT, response: "yes" },
    { prompt: PROMPT, response: "yes, at dawn" },
    { prompt: PROMPT, response: "yes, at noon" },
    { prompt: PROMPT, response: "yes" },
    { prompt: "a tall mast.", response: "yes, at noon" },
    { prompt: "z", response: "y" },
    { prompt: long, response: "a" },
    { prompt: long, response: "b, too" },
    ...Array.from({ length: 20 }, (_, index) => ({ prompt: PROMPT, response: "etaoinshrdlu".slice(0, 1 + (index % 12)) })),
  ];

  it("score as they do one at a time", async () => {
    const model = await loadReward({ reward: pair.reward.path, gpu: false, threads: 1 });
    const together = await model.score(inputs, { template: "none" });
    const single: ScoreResult[] = [];
    for (const input of inputs) single.push(await model.score(input, { template: "none" }));
    await model.dispose();
    expectSameScores(together, single);
  });

  it.for([1, 7, 512])("and so in batches of %i", async (batchSize) => {
    const score = async (size: number) => {
      const model = await loadReward({ reward: pair.reward.path, gpu: false, threads: 1, batchSize: size });
      const results = await model.score(inputs, { template: "none" });
      await model.dispose();
      return results;
    };
    expectSameScores(await score(batchSize), await score(64));
  });
});
