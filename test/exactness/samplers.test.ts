import { describe, expect, it } from "vitest";
import type { Ending, SamplerOptions } from "../../src/index.js";
import { decode, expectBruteForce, type Search, settingOf } from "../helpers/brute-force.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder, type StoredPair, withPair } from "../helpers/model-folder.js";
import { Random } from "../helpers/random.js";
import type { Setting } from "../helpers/reference-args.js";
import { nextLogProbs } from "../helpers/reference-llama.js";
import { sampled } from "../helpers/reference-samplers.js";

const PROMPT = "a tall ship.";
const folder = modelFolder();
const pair = folder.writePair(1, { layers: 3, embedding: 48, heads: 6, kvHeads: 2 }, { layers: 1, embedding: 24, heads: 3, kvHeads: 3 });
const search: Search = { topK: 8, weight: 0.3, combine: "interpolate" };
const id = (letter: string): number => SIXTY_TOKENS.encode(letter)[0];

interface Decision extends SamplerOptions {
  ending?: Ending;
}

function setting(from: StoredPair, options: Decision, breakers: ReadonlySet<number>, own = search): Setting {
  const { ending, ...samplers } = options;
  const left: Setting["sampled"] = (logits, response) => sampled(logits, response, samplers, breakers);
  return { ...settingOf(from, PROMPT, own), sampled: left, ...(ending && { ending }) };
}

/** All steps, of a pair whose greedy text repeats itself without samplers. */
async function holds(from: StoredPair, options: Decision, breakers: ReadonlySet<number> = new Set(), own = search): Promise<string> {
  const { steps, result } = await withPair(from, (decoder) => decode(decoder, PROMPT, { ...own, ...options, maxTokens: 24 }));
  expectBruteForce(setting(from, options, breakers, own), steps);
  return result.text;
}

const NO_BREAKERS = { drySequenceBreakers: [] };
const CASES: Record<string, SamplerOptions> = {
  "repeat penalty": { repeatPenalty: 1.3 },
  "repeat penalty over the last four tokens": { repeatPenalty: 3, repeatLastN: 4 },
  "penalties over the whole response": { presencePenalty: 0.5, frequencyPenalty: 0.3, repeatLastN: -1 },
  DRY: { dryMultiplier: 0.8, ...NO_BREAKERS },
  "DRY of another base and length": { dryMultiplier: 2, dryBase: 3, dryAllowedLength: 1, ...NO_BREAKERS },
  "DRY within twelve tokens": { dryMultiplier: 5, dryPenaltyLastN: 12, ...NO_BREAKERS },
  "top-n-sigma": { topNSigma: 0.2 },
  "top-p": { topP: 0.5 },
  "min-p": { minP: 0.3 },
  "the policy's temperature": { policyTemperature: 0.4 },
  "a hot policy": { policyTemperature: 3 },
  "biases and bans": { logitBias: { [id("e")]: false, [id("t")]: 4, [id("o")]: -2, [id("n")]: Number.NEGATIVE_INFINITY } },
  "all at once": {
    logitBias: { [id("e")]: 2 },
    repeatPenalty: 1.1,
    dryMultiplier: 0.8,
    ...NO_BREAKERS,
    topNSigma: 2,
    topP: 0.9,
    minP: 0.02,
  },
};

const plain = withPair(pair, (decoder) => decode(decoder, PROMPT, { ...search, maxTokens: 24 })).then(({ result }) => result.text);

describe("candidates are those of what the samplers leave, by their definitions", () => {
  it.for(Object.keys(CASES))("%s", async (name) => {
    expect(await holds(pair, CASES[name])).not.toBe(await plain);
  });

  it("DRY stops at sequence breakers", async () => {
    const options = { dryMultiplier: 5, drySequenceBreakers: ["g", "y"] };
    const text = await holds(pair, options, new Set([id("g"), id("y")]));
    expect(text).not.toBe(await holds(pair, { dryMultiplier: 5, ...NO_BREAKERS }));
  });

  it.for([1, 2, 3, 4, 5, 6])("any of them together: seed %i", async (seed) => {
    const random = new Random(seed);
    const some = Object.values(CASES).filter(() => random.uniform() < 0.3);
    await holds(folder.writePair(50 + seed), { ...Object.assign({}, ...some), ...NO_BREAKERS });
  });

  it("also where JavaScript gives the rewards, in two halves of a step", async () => {
    const options = { ...search, dryMultiplier: 0.8, policyTemperature: 0.7, maxTokens: 24 };
    const native = await withPair(pair, (decoder) => decode(decoder, PROMPT, options));
    const nothing = (candidates: readonly unknown[]): number[] => candidates.map(() => 0);
    const halves = await withPair(pair, (decoder) => decode(decoder, PROMPT, options), { reward: [pair.reward.path, nothing] });
    expect(halves.result.tokens).toEqual(native.result.tokens);
  });

  it("the policy's own log-probabilities stand beside them", async () => {
    const { result } = await withPair(pair, (decoder) =>
      decode(decoder, PROMPT, { ...search, dryMultiplier: 2, minP: 0.1, maxTokens: 12 }),
    );
    const prompt = settingOf(pair, PROMPT, search).policy.prompt;
    result.tokens.forEach((token, at) => {
      const own = nextLogProbs(pair.policy.model, [...prompt, ...result.tokens.slice(0, at)]);
      expect(result.policyLogProbs[at]).toBeCloseTo(own[token], 4);
      expect(result.logProbs[at]).not.toBe(result.policyLogProbs[at]);
    });
  });
});

describe("endings", () => {
  const ends = { topK: 12, weight: 0.5, combine: "interpolate" } as const;
  /** A pair whose policy often has the end among its candidates. */
  const ending = folder.writePair(96);
  const kinds: readonly Ending[] = ["reward", "policy", "never"];

  it.for(kinds.flatMap((kind) => [1, 2, 3, 4].map((seed) => [kind, seed] as const)))("%s, seed %i", async ([kind, seed]) => {
    await holds(folder.writePair(300 + seed), { ending: kind }, new Set(), { ...ends, weight: 0.2 * seed });
  });

  it("the policy's is scored with the best of the others, and reported with its own reward", async () => {
    const { steps } = await withPair(ending, (decoder) => decode(decoder, PROMPT, { ...ends, ending: "policy", maxTokens: 30 }));
    const found = steps.flatMap(({ candidates = [] }) => {
      const end = candidates.find(({ token }) => token === SIXTY_TOKENS.eos);
      const best = Math.max(...candidates.filter(({ token }) => token !== SIXTY_TOKENS.eos).map(({ reward }) => reward ?? Number.NaN));
      return end ? [{ end, best }] : [];
    });
    expect(found.length).toBeGreaterThan(0);
    for (const { end, best } of found) expect(end.score).toBeCloseTo(0.5 * end.logProb + 0.5 * best, 6);
    expect(found.some(({ end, best }) => Math.abs((end.reward ?? Number.NaN) - best) > 1e-3)).toBe(true);
  });

  it("never: the response goes on to maxTokens, and no candidate ends it", async () => {
    const { steps, result } = await withPair(ending, (decoder) => decode(decoder, PROMPT, { ...ends, ending: "never", maxTokens: 40 }));
    expect(result).toMatchObject({ finishReason: "length", usage: { completionTokens: 40 } });
    expect(steps.flatMap(({ candidates = [] }) => candidates).some(({ token }) => token === SIXTY_TOKENS.eos)).toBe(false);
  });

  it("never: draws neither", async () => {
    const options = { method: "sample", policyTemperature: 3, topK: 0, topP: 1, ending: "never", maxTokens: 100, seed: 3 } as const;
    const { result } = await withPair(ending, (decoder) => decode(decoder, PROMPT, options));
    expect(result).toMatchObject({ finishReason: "length", usage: { completionTokens: 100 } });
  });

  it("cannot be never where a grammar says where the text ends", async () => {
    const options = { grammar: 'root ::= "a"', ending: "never" } as const;
    await expect(withPair(ending, (decoder) => decoder.generate(PROMPT, options))).rejects.toMatchObject({
      code: "OPTION_INVALID",
      option: "ending",
    });
  });
});

describe("a slot that its samplers leave without a token", () => {
  const none = Object.fromEntries(Array.from({ length: SIXTY_TOKENS.size }, (_, token) => [token, false as const]));

  it.for(["args", "sample"] as const)("fails alone, by method %s", async (method) => {
    await withPair(
      pair,
      async (decoder) => {
        const options = { method, template: "none", maxTokens: 5, seed: 1 } as const;
        const alone = decoder.generate(PROMPT, options);
        const failing = decoder.generate(PROMPT, { ...options, logitBias: none });
        await expect(failing).rejects.toMatchObject({ code: "SAMPLERS_LEAVE_NOTHING" });
        expect((await alone).tokens).toHaveLength(5);
        expect((await decoder.generate(PROMPT, options)).tokens).toEqual((await alone).tokens);
      },
      { slots: 2 },
    );
  });
});

describe("a grammar", () => {
  it("is obeyed to its end, and the end is free when it is complete", async () => {
    const grammar = 'root ::= ("ab" | "cd" | "e")+ "."';
    const { result } = await withPair(pair, (decoder) => decode(decoder, PROMPT, { ...search, grammar, maxTokens: 60 }));
    expect(result.text).toMatch(result.finishReason === "eog" ? /^(ab|cd|e)+\.$/ : /^(ab|cd|e)+(a|c)?$/);
  });

  it("of one text gives that text", async () => {
    const { result } = await withPair(pair, (decoder) =>
      decode(decoder, PROMPT, { ...search, grammar: 'root ::= "one text."', maxTokens: 60 }),
    );
    expect(result).toMatchObject({ text: "one text.", finishReason: "eog" });
  });
});
