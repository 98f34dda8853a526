/**
 * Long-RoPE models (Phi-3 128k) have two sets of rotary factors. The length of one sequence says which, not the size of a cache
 * that many share.
 */
import { describe, expect, it } from "vitest";
import { binding } from "../../src/engine/binding.js";
import { openEngine } from "../../src/engine/engine.js";
import { type LoadOptions, loadReward } from "../../src/index.js";
import { decode, expectBruteForce, type Search, settingOf } from "../helpers/brute-force.js";
import { modelFolder, type StoredModel, type StoredPair, withPair } from "../helpers/model-folder.js";
import { NATIVE_CONTEXT } from "../helpers/native.js";
import type { LongRope, RandomModelOptions } from "../helpers/random-model.js";
import { largestDifference, ROUNDING } from "../helpers/rounding.js";

const ORIGINAL = 256;
const SEARCH: Search = { topK: 6, weight: 0.5, combine: "interpolate" };
const PROMPT = "a tall ship sails at dawn.";
const NONE = { template: "none" } as const;

/** Heads of eight numbers: four frequencies. */
const longRope: LongRope = { original: ORIGINAL, short: [1, 1.1, 1.3, 1.7], long: [1, 2.5, 6, 24] };
const options: Partial<RandomModelOptions> = { embedding: 32, heads: 4, kvHeads: 2, contextLength: 1024, longRope };

const folder = modelFolder();
const pair = folder.writePair(82, options, options);

function withFactors({ model, path }: StoredModel, ropeFactors: readonly number[]): StoredModel {
  return { path, model: { ...model, shape: { ...model.shape, ropeFactors } } };
}

const chosen = (set: "short" | "long"): StoredPair => ({
  policy: withFactors(pair.policy, longRope[set]),
  reward: withFactors(pair.reward, longRope[set]),
});

describe.for<[contextSize: number | undefined, set: "short" | "long"]>([
  [64, "short"],
  [200, "short"],
  [ORIGINAL, "short"],
  [ORIGINAL + 1, "long"],
  [600, "long"],
  [undefined, "long"],
])("a context of %s tokens takes the %s factors", ([contextSize, set]) => {
  it.for([1, 3, 20])("with %i slots", async (slots) => {
    const loaded: LoadOptions = contextSize === undefined ? { slots } : { slots, contextSize };
    await withPair(
      pair,
      async (decoder) => {
        const { steps, result } = await decode(decoder, PROMPT, { ...SEARCH, maxTokens: 5 });
        expectBruteForce(settingOf(chosen(set), PROMPT, SEARCH), steps);
        const { tokens } = await decoder.score({ prompt: PROMPT, response: result.text }, NONE);
        const rewards = tokens.map(({ reward }) => reward);
        expect(tokens.map(({ id }) => id)).toEqual(result.tokens);
        expect(largestDifference(rewards, result.rewards)).toBeLessThan(ROUNDING);

        const judge = await loadReward({ reward: pair.reward.path, gpu: false, threads: 1, contextSize });
        const judged = await judge.score({ prompt: PROMPT, response: result.text }, NONE);
        await judge.dispose();
        expect(judged.tokens.map(({ reward }) => reward)).toEqual(rewards);
      },
      loaded,
    );
  });
});

it("a context that takes other factors than the model was loaded with is refused", async () => {
  openEngine({ engineDir: undefined, gpu: false });
  const model = await binding().loadModel({ path: pair.reward.path, gpuLayers: 0, backend: "CPU", contextSize: 512 }, null);
  const scorer = (contextSize: number) => binding().createScorer({ ...NATIVE_CONTEXT, contextSize, model, sequences: 2 });
  await (await scorer(300)).dispose();
  await expect(scorer(256)).rejects.toMatchObject({ code: "OPTION_INVALID", message: expect.stringContaining("Set contextSize to 256") });
  model.dispose();
});
