import { describe, expect, it } from "vitest";
import { decode, expectBruteForce, type Search, settingOf } from "../helpers/brute-force.js";
import { ALL_BYTES, SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { Random } from "../helpers/random.js";
import type { LlamaShape } from "../helpers/random-model.js";
import { referenceResponse } from "../helpers/reference-args.js";

const PROMPT = "a tall ship.";
const folder = modelFolder();

/** A model of any depth and width, with one to all of its query heads sharing keys and values. */
function anyShape(random: Random): Partial<LlamaShape> {
  const kvHeads = random.pick([1, 2, 4]);
  const heads = kvHeads * random.pick([1, 2, 3]);
  const embedding = heads * random.pick([4, 6, 8]);
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
  return { topK: random.integer(1, 12), weight, combine };
}

function anyPrompt(random: Random): string {
  return Array.from({ length: random.integer(1, 30) }, () => random.pick([..."etaoin shrdlu.!?\n"])).join("");
}

describe("tokens, log-probabilities and rewards equal brute force", () => {
  it.for(Array.from({ length: 24 }, (_, index) => index + 1))("for any models, prompt and search: seed %i", async (seed) => {
    const random = new Random(seed);
    const addBos = random.pick([true, false]);
    const pair = folder.writePair(1000 + seed, { ...anyShape(random), addBos }, { ...anyShape(random), addBos });
    const search = anySearch(random);
    const prompt = anyPrompt(random);
    const { steps } = await withPair(pair, (decoder) => decode(decoder, prompt, { ...search, maxTokens: 8 }));
    expectBruteForce(settingOf(pair, prompt, search), steps);
  });

  const pair = folder.writePair(1, { layers: 3, embedding: 48, heads: 6, kvHeads: 2 }, { layers: 1, embedding: 24, heads: 3, kvHeads: 3 });

  describe.for([1, 2, 5, 10, 40, SIXTY_TOKENS.size])("with %i candidates", (topK) => {
    const searches: Search[] = [
      ...[0, 0.3, 0.6, 1].map((weight) => ({ topK, weight, combine: "interpolate" as const })),
      ...[0, 0.5, 1.5, 4].map((weight) => ({ topK, weight, combine: "additive" as const })),
    ];
    it.for(searches)("$combine, w = $weight", async (search) => {
      const { steps } = await withPair(pair, (decoder) => decode(decoder, PROMPT, { ...search, maxTokens: topK < 40 ? 6 : 3 }));
      expectBruteForce(settingOf(pair, PROMPT, search), steps);
    });
  });

  it("over all bytes, in text of several scripts", async () => {
    const wide = folder.writePair(2, { vocabulary: ALL_BYTES }, { vocabulary: ALL_BYTES, embedding: 16, heads: 2 });
    const search: Search = { topK: 10, weight: 0.6, combine: "interpolate" };
    const prompt = "Größe, 大きさ, 🚢?\n";
    const { steps } = await withPair(wide, (decoder) => decode(decoder, prompt, { ...search, maxTokens: 6 }));
    expectBruteForce(settingOf(wide, prompt, search), steps);
  });
});

describe("a whole response equals the one that brute force decodes by itself", () => {
  const search: Search = { topK: 10, weight: 0.6, combine: "interpolate" };

  it.for([3, 4, 5, 6])("seed %i", async (seed) => {
    const pair = folder.writePair(seed);
    const { tokens, margin } = referenceResponse(settingOf(pair, PROMPT, search), 16);
    expect(margin).toBeGreaterThan(1e-4);
    const { result } = await withPair(pair, (decoder) => decode(decoder, PROMPT, { ...search, maxTokens: 16 }));
    expect(result.tokens).toEqual(tokens);
    expect(result.text).toBe(SIXTY_TOKENS.decode(tokens));
  });

  it("up to the end token, which is a candidate like any other", async () => {
    const pair = folder.writePair(96);
    const { tokens, margin } = referenceResponse(settingOf(pair, PROMPT, search), 16);
    expect(margin).toBeGreaterThan(1e-4);
    expect(tokens.at(-1)).toBe(SIXTY_TOKENS.eos);
    const { result } = await withPair(pair, (decoder) => decode(decoder, PROMPT, { ...search, maxTokens: 16 }));
    expect(result).toMatchObject({ tokens, text: SIXTY_TOKENS.decode(tokens), finishReason: "eog" });
  });
});
