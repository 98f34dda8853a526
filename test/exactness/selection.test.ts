import { describe, expect, it } from "vitest";
import { AS_IN_THE_PAPER } from "../../src/decode/method-defaults.js";
import type { Decoder, GenerateOptions } from "../../src/index.js";
import { decode, expectBruteForceNumbers, type Search, settingOf } from "../helpers/brute-force.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { type ReferenceCandidate, referenceStep } from "../helpers/reference-args.js";
import { expectSameResult } from "../helpers/rounding.js";
import { chiSquare, softmax } from "../helpers/statistics.js";

const SEARCH: Search = { topK: 5, weight: 0.6, combine: "interpolate" };
const PROMPT = "a tall ship.";
const DRAWS = 1000;
/** χ² with four degrees of freedom is larger once in ten thousand; the seeds are fixed, so a pass stays a pass. */
const CHI_SQUARE_LIMIT = 23.5;

const folder = modelFolder();
const pair = folder.writePair(41);

/** How often each token comes first, over as many seeds. */
async function firstTokens(decoder: Decoder, tokens: readonly number[], options: GenerateOptions): Promise<number[]> {
  const counts = tokens.map(() => 0);
  for (let seed = 0; seed < DRAWS; seed++) {
    const { tokens: drawn } = await decoder.generate(PROMPT, { ...options, template: "none", maxTokens: 1, seed });
    expect(tokens).toContain(drawn[0]);
    counts[tokens.indexOf(drawn[0])]++;
  }
  return counts;
}

function firstCandidates(search: Search): ReferenceCandidate[] {
  return referenceStep(settingOf(pair, PROMPT, search), []).candidates;
}

describe("stochastic selection", () => {
  it.for([0.3, 1, 3])("draws from softmax(score / %d)", async (temperature) => {
    const candidates = firstCandidates(SEARCH);
    const probabilities = softmax(candidates.map(({ score }) => score / temperature));
    const options: GenerateOptions = { ...SEARCH, select: "stochastic", temperature };
    const tokens = candidates.map(({ token }) => token);
    const counts = await withPair(pair, (decoder) => firstTokens(decoder, tokens, options));
    expect(chiSquare(counts, probabilities)).toBeLessThan(CHI_SQUARE_LIMIT);
  });

  it("gives the same response for the same seed, and others for others", async () => {
    await withPair(pair, async (decoder) => {
      const run = (seed: number) => decoder.generate(PROMPT, { ...SEARCH, template: "none", select: "stochastic", maxTokens: 12, seed });
      const first = await run(7);
      expectSameResult(await run(7), first);
      const others = await Promise.all(
        [1, 2, 3, 4].map((seed) =>
          withPair(pair, (other) => other.generate(PROMPT, { ...SEARCH, template: "none", select: "stochastic", maxTokens: 12, seed })),
        ),
      );
      expect(new Set([first, ...others].map(({ text }) => text)).size).toBe(5);
    });
  });

  it("reports brute force's numbers for whatever it draws", async () => {
    const { steps } = await withPair(pair, (decoder) =>
      decode(decoder, PROMPT, { ...SEARCH, select: "stochastic", temperature: 2, seed: 3, maxTokens: 8 }),
    );
    expectBruteForceNumbers(settingOf(pair, PROMPT, SEARCH), steps);
  });

  it("nears the arg max as the temperature falls", async () => {
    await withPair(pair, async (decoder) => {
      const options: GenerateOptions = { ...SEARCH, template: "none", maxTokens: 12 };
      const greedy = await decoder.generate(PROMPT, options);
      const cold = await decoder.generate(PROMPT, { ...options, select: "stochastic", temperature: 1e-6, seed: 1 });
      expectSameResult(cold, greedy);
    });
  });
});

describe("score forms", () => {
  it.for([0.2, 0.5, 0.6, 0.9])("w = %d ranks as the additive w / (1 - w)", async (weight) => {
    await withPair(pair, async (decoder) => {
      const options: GenerateOptions = { topK: 10, template: "none", maxTokens: 12 };
      const interpolated = await decoder.generate(PROMPT, { ...options, weight });
      const additive = await decoder.generate(PROMPT, { ...options, combine: "additive", weight: weight / (1 - weight) });
      expectSameResult(additive, interpolated);
    });
  });

  it("w = 0 decodes as the policy alone would", async () => {
    await withPair(pair, async (decoder) => {
      const options: GenerateOptions = { template: "none", maxTokens: 12, rewards: true, ...AS_IN_THE_PAPER };
      const greedy = await decoder.generate(PROMPT, { ...options, method: "greedy" });
      expectSameResult(await decoder.generate(PROMPT, { ...options, topK: 10, weight: 0 }), greedy);
      expectSameResult(await decoder.generate(PROMPT, { ...options, method: "sample", topK: 1 }), greedy);
    });
  });
});

it.for(["greedy", "stochastic"] as const)("scores beyond the largest number still rank, %s", async (select) => {
  await withPair(pair, async (decoder) => {
    const options: GenerateOptions = { topK: 5, template: "none", maxTokens: 6, combine: "additive", select, seed: 1, candidates: true };
    const { steps } = await decode(decoder, PROMPT, { ...options, weight: 1.7e308 });
    expect(steps).toHaveLength(6);
    for (const { score, reward, candidates = [] } of steps) {
      expect(score).toBeLessThan(Number.POSITIVE_INFINITY);
      const most = Math.max(...candidates.map((each) => each.reward ?? Number.NaN));
      if (most <= 1) expect(reward).toBe(most);
      else expect(reward).toBeGreaterThan(1);
    }
  });
});

describe("the sampling baseline", () => {
  it("draws from the policy's distribution, tempered and cut", async () => {
    const top = firstCandidates({ ...SEARCH, topK: 5 });
    const temperature = 1.5;
    const probabilities = softmax(top.map(({ logProb }) => logProb / temperature));
    const options: GenerateOptions = { method: "sample", topK: 5, topP: 1, temperature };
    const tokens = top.map(({ token }) => token);
    const counts = await withPair(pair, (decoder) => firstTokens(decoder, tokens, options));
    expect(chiSquare(counts, probabilities)).toBeLessThan(CHI_SQUARE_LIMIT);
  });

  it("keeps to the fewest tokens that make up top-p", async () => {
    const all = firstCandidates({ ...SEARCH, topK: SIXTY_TOKENS.size });
    let mass = 0;
    const kept = all.filter(({ logProb }) => {
      const before = mass;
      mass += Math.exp(logProb);
      return before < 0.5;
    });
    const options: GenerateOptions = { method: "sample", topK: 0, topP: 0.5, temperature: 1 };
    const counts = await withPair(pair, (decoder) =>
      firstTokens(
        decoder,
        kept.map(({ token }) => token),
        options,
      ),
    );
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it.for([0, 9, 2 ** 32 - 1])("gives the same response again for the seed %i", async (seed) => {
    const options: GenerateOptions = { method: "sample", topK: 0, topP: 1, temperature: 3, template: "none", seed, maxTokens: 12 };
    await withPair(pair, async (decoder) => {
      const first = await decoder.generate(PROMPT, options);
      expectSameResult(await decoder.generate(PROMPT, options), first);
    });
  });

  it.for([1e-6, 1e-35, 1e-40, 1e-300])("is greedy at a temperature of %d", async (temperature) => {
    await withPair(pair, async (decoder) => {
      const options: GenerateOptions = { template: "none", maxTokens: 12, seed: 4 };
      const greedy = await decoder.generate(PROMPT, { ...options, method: "greedy" });
      expectSameResult(await decoder.generate(PROMPT, { ...options, method: "sample", topK: 0, topP: 1, temperature }), greedy);
    });
  });

  it("draws any token alike at a temperature beyond 32 bits", async () => {
    const options: GenerateOptions = { method: "sample", topK: 4, topP: 1, temperature: 1e300 };
    const tokens = firstCandidates({ ...SEARCH, topK: 4 }).map(({ token }) => token);
    const counts = await withPair(pair, (decoder) => firstTokens(decoder, tokens, options));
    expect(chiSquare(counts, softmax([0, 0, 0, 0]))).toBeLessThan(CHI_SQUARE_LIMIT);
  });

  it("gives the same response for the same seed, with brute force's numbers", async () => {
    const drawn = { method: "sample", topK: 20, topP: 0.9, temperature: 1.2, seed: 9 } as const;
    const options: GenerateOptions = { ...drawn, rewards: true, maxTokens: 8 };
    await withPair(pair, async (decoder) => {
      const { result } = await decode(decoder, PROMPT, options);
      expectSameResult((await decode(decoder, PROMPT, options)).result, result);
      expect(result.tokens).toHaveLength(8);
      const all: Search = { ...SEARCH, topK: SIXTY_TOKENS.size };
      for (const [index, token] of result.tokens.entries()) {
        const { candidates } = referenceStep(settingOf(pair, PROMPT, all), result.tokens.slice(0, index));
        const reference = candidates.find((candidate) => candidate.token === token);
        expect(result.logProbs[index]).toBeCloseTo(reference?.logProb ?? Number.NaN, 4);
        expect(result.rewards[index]).toBeCloseTo(reference?.reward ?? Number.NaN, 4);
      }
    });
  });
});
