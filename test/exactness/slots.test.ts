import { describe, expect, it } from "vitest";
import type { Decoder, GenerateOptions, GenerateResult } from "../../src/index.js";
import { decode, expectBruteForce, type Search, settingOf } from "../helpers/brute-force.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { expectSameResult } from "../helpers/rounding.js";

const SEARCH: Search = { topK: 10, weight: 0.6, combine: "interpolate" };
const OPTIONS: GenerateOptions = { ...SEARCH, template: "none", maxTokens: 12 };
const PROMPTS = ["a", "go", "the sea", "salt and wind", "a tall ship sails.", "what now?", "they hoist the sails and wait.\n", "dawn"];

const folder = modelFolder();
const pair = folder.writePair(11, { layers: 3 }, { layers: 2, embedding: 48, heads: 6, kvHeads: 3 });

async function alone(options: GenerateOptions): Promise<GenerateResult[]> {
  const results: GenerateResult[] = [];
  for (const prompt of PROMPTS) results.push(await withPair(pair, (decoder) => decoder.generate(prompt, options)));
  return results;
}

function expectSame(found: readonly GenerateResult[], wanted: readonly GenerateResult[]): void {
  expect(found).toHaveLength(wanted.length);
  for (const [index, result] of found.entries()) expectSameResult(result, wanted[index]);
}

describe("several slots", () => {
  it.for([1, 3, 5, 8])("%i slots decode eight prompts as if each were alone", async (slots) => {
    const together = await withPair(pair, (decoder) => decoder.generateAll(PROMPTS, OPTIONS), { slots });
    expectSame(together, await alone(OPTIONS));
  });

  it("stays exact where the branches of all slots do not fit at once", async () => {
    const wide = { ...OPTIONS, topK: 40, maxTokens: 4 };
    const together = await withPair(pair, (decoder) => decoder.generateAll(PROMPTS, wide), { slots: 8 });
    expectSame(together, await alone(wide));
  });

  it("stay exact where they take several contexts of both models", async () => {
    const few = { ...OPTIONS, maxTokens: 4 };
    const prompts = [0, 1, 2].flatMap((times) => PROMPTS.map((prompt) => prompt.repeat(1 + times)));
    const wanted: GenerateResult[] = [];
    await withPair(pair, async (decoder) => {
      for (const prompt of prompts) wanted.push(await decoder.generate(prompt, few));
    });
    for (const slots of [17, 24]) {
      expectSame(await withPair(pair, (decoder) => decoder.generateAll(prompts, few), { slots }), wanted);
    }
  });

  it("equals brute force for every prompt", async () => {
    const all = await withPair(
      pair,
      (decoder) => Promise.all(PROMPTS.map((prompt) => decode(decoder, prompt, { ...SEARCH, maxTokens: 5 }))),
      { slots: PROMPTS.length },
    );
    for (const [index, { steps }] of all.entries()) expectBruteForce(settingOf(pair, PROMPTS[index], SEARCH), steps);
  });

  it("lets responses join and leave at any step, each with settings of its own", async () => {
    const settings: GenerateOptions[] = [
      { ...OPTIONS, topK: 1, maxTokens: 3 },
      { ...OPTIONS, topK: 40, combine: "additive", weight: 1.5, maxTokens: 5 },
      { ...OPTIONS, select: "stochastic", seed: 5, maxTokens: 9 },
      { ...OPTIONS, method: "sample", topK: 0, seed: 6, maxTokens: 12 },
      { ...OPTIONS, method: "greedy", maxTokens: 2 },
    ];
    const run = (decoder: Decoder, index: number) => decoder.generate(PROMPTS[index], settings[index]);
    const wanted = await withPair(pair, async (decoder) => {
      const results: GenerateResult[] = [];
      for (const index of settings.keys()) results.push(await run(decoder, index));
      return results;
    });
    const found = await withPair(
      pair,
      async (decoder) => {
        const early = [run(decoder, 2), run(decoder, 3)];
        await run(decoder, 0);
        return Promise.all([run(decoder, 0), run(decoder, 1), ...early, run(decoder, 4)]);
      },
      { slots: 5 },
    );
    expectSame(found, wanted);
  });
});
