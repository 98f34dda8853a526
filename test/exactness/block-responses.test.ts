/** Whole responses by blocks, through load(): what the decoder makes of the native drafts. */
import { describe, expect, it } from "vitest";
import type { Decoder, GenerateOptions, RewardFunction } from "../../src/index.js";
import { decode, promptOf } from "../helpers/brute-force.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { blockSetting, referenceBlock } from "../helpers/reference-blocks.js";
import { expectSameResult } from "../helpers/rounding.js";

const ERROR = 1e-4;
const pair = modelFolder().writePair(61);
const PROMPT = "a tall ship.";
const { bos, eos } = pair.policy.model.vocabulary;

describe("a response by blocks", () => {
  const OPTIONS: GenerateOptions = { method: "blocks", block: 4, drafts: 3, template: "none", seed: 5, maxTokens: 10 };
  const run = (options: GenerateOptions = {}, load = {}) =>
    withPair(pair, (decoder: Decoder) => decode(decoder, PROMPT, { ...OPTIONS, candidates: false, ...options }), load);

  it("has the kept tokens, rewards at the ends of blocks, and the length asked for", async () => {
    const { steps, result } = await run({ logitBias: { [eos]: false } });
    expect(result.tokens).toHaveLength(10);
    expect(result.finishReason).toBe("length");
    expect(steps.map(({ reward }) => reward !== null)).toEqual([3, 7, 9].reduce((at, end) => at.with(end, true), Array(10).fill(false)));
    expect(steps.map(({ score }) => score)).toEqual(steps.map(({ reward }) => reward));
    expect(result.rewards.map((reward) => reward === null)).toEqual(steps.map(({ reward }) => reward === null));
    expect(result.reward).toBe(steps.at(-1)?.reward);
  });

  it("reads at the end what score() reads of the text", async () => {
    await withPair(pair, async (decoder) => {
      for (const seed of [1, 2, 3, 4, 5, 6]) {
        const result = await decoder.generate(PROMPT, { ...OPTIONS, seed, logitBias: { [eos]: 3, [bos]: false }, maxTokens: 30 });
        if (result.text === "") continue;
        const { reward } = await decoder.score({ text: PROMPT + result.text }, { template: "none" });
        expect(Math.abs((result.reward ?? Number.NaN) - reward)).toBeLessThan(ERROR);
      }
    });
  });

  it("is best-of-n with one block for all", async () => {
    const setting = blockSetting(pair, PROMPT, { seed: 5, drafts: 3, tokens: 10 });
    const { drafts, best } = referenceBlock(setting, [], 0);
    const { result } = await run({ block: "response" });
    expect(result.tokens).toEqual(drafts[best].tokens);
  });

  it("takes the room that the context has", async () => {
    const { result } = await run({ maxTokens: 100, logitBias: { [eos]: false } }, { contextSize: 24 });
    expect(result.finishReason).toBe("context");
    expect(result.tokens).toHaveLength(24 - promptOf(pair.policy.model, PROMPT).length);
  });

  it("is rated where a stop string ends it, across blocks as well", async () => {
    const { result: whole } = await run({ drafts: 1, maxTokens: 12, logitBias: { [eos]: false } });
    const stop = whole.text.slice(2, 6);
    const { result } = await run({ drafts: 1, maxTokens: 12, stop, logitBias: { [eos]: false } });
    expect(result.finishReason).toBe("stop");
    expect(result.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
    expect(result.reward).not.toBeNull();
  });

  it("is the same whatever else is decoded, in waves or not, isolated or not", async () => {
    const options = { ...OPTIONS, drafts: 20 };
    const alone = await withPair(pair, (decoder) => decoder.generate(PROMPT, options));
    const prompts = [PROMPT, "a", "go", "the sea", PROMPT];
    const together = await withPair(pair, (decoder) => decoder.generateAll(prompts, options), { slots: 3 });
    expectSameTokens([together[0], together[4]], alone.tokens);
    const beside = await withPair(
      pair,
      (decoder) => Promise.all([decoder.generate(PROMPT, options), decoder.generate("go", { template: "none", topK: 40 })]),
      { slots: 2 },
    );
    expectSameTokens([beside[0]], alone.tokens);
    const isolated = await withPair(pair, (decoder) => decoder.generate(PROMPT, options), { isolate: true });
    expectSameResult({ ...isolated, rewards: [] }, { ...alone, rewards: [] });
  });

  it("follows JavaScript rewards, which see whole drafts", async () => {
    const seen: number[] = [];
    const vowels: RewardFunction = (candidates, { response }) => {
      seen.push(candidates.length);
      return candidates.map(({ text, response: whole }) => {
        expect(whole).toBe(response + text);
        return [...text].filter((letter) => "aeiou".includes(letter)).length;
      });
    };
    const setting = blockSetting(pair, PROMPT, { seed: 5, drafts: 3, tokens: 4 });
    const { steps, result } = await withPair(pair, (decoder) => decode(decoder, PROMPT, { ...OPTIONS, maxTokens: 4, candidates: false }), {
      reward: [pair.reward.path, { reward: vowels, weight: 2 }],
    });
    const sums = referenceBlock(setting, [], 0).drafts.map(({ tokens, reward }) => {
      const text = pair.policy.model.vocabulary.decode(tokens);
      return reward + 2 * [...text].filter((letter) => "aeiou".includes(letter)).length;
    });
    const best = referenceBlock(setting, [], 0).drafts[sums.indexOf(Math.max(...sums))];
    expect(result.tokens).toEqual(best.tokens);
    expect(Math.abs((steps.at(-1)?.reward ?? Number.NaN) - Math.max(...sums))).toBeLessThan(ERROR);
    expect(seen).toEqual([3]);
  });

  it("asks JavaScript rewards at half a block, too, where drafts may be dropped", async () => {
    const seen: number[] = [];
    const count: RewardFunction = (candidates) => {
      seen.push(candidates.length);
      return candidates.map(({ text }) => text.length);
    };
    const { result } = await run({ maxTokens: 4, keepDrafts: 2, logitBias: { [eos]: false } }, { reward: count });
    expect(seen).toEqual([3, 2]);
    expect(result.tokens).toHaveLength(4);
  });
});

function expectSameTokens(results: readonly { tokens: readonly number[] }[], tokens: readonly number[]): void {
  for (const result of results) expect(result.tokens).toEqual(tokens);
}
