import { describe, expect, it } from "vitest";
import { decode, expectBruteForce, type Search, settingOf } from "../helpers/brute-force.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { Random } from "../helpers/random.js";
import type { LlamaShape } from "../helpers/random-model.js";

const PROMPT = "the tall ship sails at dawn.";
const folder = modelFolder();

/** A model of any depth and width, with one to all of its query heads sharing keys and values. */
function anyShape(random: Random): Partial<LlamaShape> {
  const kvHeads = random.pick([1, 2, 4]);
  const heads = kvHeads * random.pick([1, 2, 3]);
  const embedding = heads * random.pick([4, 8, 16]);
  return {
    layers: random.integer(1, 4),
    embedding,
    heads,
    kvHeads,
    feedForward: random.integer(1, 3) * 24,
    tied: random.pick([true, false]),
    ropeBase: random.pick([10_000, 500_000]),
  };
}

function anySearch(random: Random): Search {
  const combine = random.pick(["interpolate", "additive"] as const);
  const weight = combine === "interpolate" ? random.uniform() : 4 * random.uniform();
  return { topK: random.pick([1, 2, 3, 5, 10, 20, 40]), weight, combine };
}

function anyPrompt(random: Random): string {
  return Array.from({ length: random.integer(1, 40) }, () => random.pick([..."etaoin shrdlu.!?\n"])).join("");
}

describe("tokens, log-probabilities and rewards equal brute force", () => {
  it.for(Array.from({ length: 24 }, (_, index) => index + 1))("for any models, prompt and search: seed %i", async (seed) => {
    const random = new Random(seed);
    const addBos = random.pick([true, false]);
    const pair = folder.writePair(1000 + seed, { ...anyShape(random), addBos }, { ...anyShape(random), addBos });
    const search = anySearch(random);
    const prompt = anyPrompt(random);
    const { steps } = await withPair(pair, (decoder) => decode(decoder, prompt, { ...search, maxTokens: 10 }));
    const a = expectBruteForce(settingOf(pair, prompt, search), steps);
    console.log(seed, JSON.stringify(search), JSON.stringify(a));
  });
});
