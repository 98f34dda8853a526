/** Gate "predicted": which candidates it closes, told by a predictor in float64; and that it changes nothing where it must not. */
import { beforeAll, describe, expect, it } from "vitest";
import type { PredictorWeights } from "../../src/engine/binding.js";
import { openEngine } from "../../src/engine/engine.js";
import type { Decoder, GenerateOptions, Step } from "../../src/index.js";
import { decode, promptOf, type Search, settingOf } from "../helpers/brute-force.js";
import { modelFolder, type StoredPair, withPair } from "../helpers/model-folder.js";
import { referenceStep } from "../helpers/reference-args.js";
import { rewardsAtEnd } from "../helpers/reference-llama.js";
import { attachPredictor, guessedRises, randomPredictor } from "../helpers/reference-predictor.js";
import { expectSameResult } from "../helpers/rounding.js";

const PROMPT = "a tall ship.";
const MARGIN = 1e-3;
const SEARCH: Search = { topK: 10, weight: 0.6, combine: "interpolate" };
const OPTIONS: GenerateOptions = { ...SEARCH, ending: "reward", dryMultiplier: 0, maxTokens: 24, seed: 1 };

const folder = modelFolder();

beforeAll(() => {
  openEngine({ engineDir: undefined, gpu: false });
});

/** Two models, or with `shared` a head on the policy's own trunk, which is read in its context. */
async function predicting(seed: number, z: number, shared = false): Promise<{ pair: StoredPair; weights: PredictorWeights }> {
  const one = folder.write({ seed, labels: ["reward"] });
  const pair = shared ? { policy: one, reward: one } : folder.writePair(seed);
  const weights = randomPredictor(pair.reward.model, seed);
  await attachPredictor(pair.reward, weights, { z });
  return { pair, weights };
}

/** Without what goes by measured times: waves are left as the gate has them. */
async function unfilled<T>(decoder: Decoder, task: () => Promise<T>): Promise<T> {
  const [found] = await decoder.inStep([task]);
  if (found?.status !== "fulfilled") throw found?.reason;
  return found.value;
}

const rated = ({ candidates = [] }: Step): number[] => candidates.filter(({ reward }) => reward !== null).map(({ token }) => token);
const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** The candidates with their scores by the guesses, and by how much z deviations of 1 lift those. */
function guessed({ pair, weights }: { pair: StoredPair; weights: PredictorWeights }, response: readonly number[]) {
  const { candidates } = referenceStep(settingOf(pair, PROMPT, SEARCH), response);
  const text = [...promptOf(pair.reward.model, PROMPT), ...response];
  const tokens = candidates.map(({ token }) => token);
  const before = rewardsAtEnd(pair.reward.model, text)[0] ?? Number.NaN;
  const rises = guessedRises(pair.reward.model, weights, text, tokens);
  return candidates.map(({ token, logProb }, i) => ({ token, score: 0.4 * logProb + 0.6 * (before + (rises[i] ?? Number.NaN)) }));
}

describe("it rates those whose guess and z deviations score as the best guess does", () => {
  it.for([1, 2, 3, 4].flatMap((seed) => [false, true].map((shared) => [seed, shared] as const)))(
    "seed %i, one trunk: %s",
    async ([seed, shared]) => {
      const z = 0.4 * seed;
      const model = await predicting(60 + seed, z, shared);
      const { steps, result } = await withPair(model.pair, (decoder) =>
        unfilled(decoder, () => decode(decoder, PROMPT, { ...OPTIONS, gate: "predicted", candidates: true })),
      );
      let [audited, gated, some] = [0, 0, 0];
      for (const [index, step] of steps.entries()) {
        const found = guessed(model, result.tokens.slice(0, index));
        const best = Math.max(...found.map(({ score }) => score));
        if (found.some(({ score }) => Math.abs(score + 0.6 * z - best) < MARGIN)) continue;
        const open = found.filter(({ score }) => score + 0.6 * z > best).map(({ token }) => token);
        const expected = open.length === 1 ? [] : open;
        if (rated(step).length === 10 && expected.length < 10) audited++;
        else expect(ascending(rated(step)), `step ${index}`).toEqual(ascending(expected));
        if (open.length === 1 && rated(step).length === 0) expect(step.token).toBe(open[0]);
        gated += Number(expected.length === 0);
        some += Number(expected.length > 0 && expected.length < 10);
      }
      expect(audited).toBeLessThanOrEqual(result.gate.audited);
      expect(gated + some).toBeGreaterThan(5);
      expect(result.gate.candidates).toBe(steps.flatMap(rated).length);
      expect(result.gate.gated).toBe(steps.filter((step) => rated(step).length === 0).length);
      const last = rewardsAtEnd(model.pair.reward.model, [...promptOf(model.pair.reward.model, PROMPT), ...result.tokens])[0];
      expect(result.rewards.at(-1)).toBeCloseTo(last ?? Number.NaN, 3);
    },
  );
});

it.for([false, true])("where more are rated because they take no time, they are the next best guesses; one trunk: %s", async (shared) => {
  const z = 0.8;
  const model = await predicting(78, z, shared);
  const { steps, result } = await withPair(model.pair, (decoder) =>
    decode(decoder, PROMPT, { ...OPTIONS, maxTokens: 96, gate: "predicted", candidates: true }),
  );
  for (const [index, step] of steps.entries()) {
    // Sizes of waves are known by then; some steps suffice, because the reference is slow.
    if (index < 48 || index % 6 > 0) continue;
    const found = guessed(model, result.tokens.slice(0, index)).sort((a, b) => b.score - a.score);
    const best = found[0]?.score ?? Number.NaN;
    const sure = found.filter(({ score }) => score + 0.6 * z > best + MARGIN).map(({ token }) => token);
    const own = rated(step);
    if (own.length === 0) expect(sure.length).toBe(1);
    else expect(own).toEqual(expect.arrayContaining(sure));
    const last = found[own.length - 1]?.score ?? Number.NaN;
    for (const { token, score } of found.slice(own.length)) if (last - score > MARGIN) expect(own).not.toContain(token);
  }
});

it.for([false, true])("where nothing is closed the response is that without a gate; one trunk: %s", async (shared) => {
  const { pair } = await predicting(71, 1e6, shared);
  for (const ending of ["reward", "policy"] as const) {
    const options = { ...OPTIONS, ending };
    const without = await withPair(pair, (decoder) => decoder.generate(PROMPT, options));
    const found = await withPair(pair, (decoder) => decoder.generate(PROMPT, { ...options, gate: "predicted" }));
    expectSameResult({ ...found, gate: without.gate }, without);
    expect(found.gate).toMatchObject({ predicted: 0, gated: 0, candidates: without.gate.candidates });
  }
});

it.for([false, true])("predicted-only takes the best guess, and rates nothing but the last token; one trunk: %s", async (shared) => {
  const model = await predicting(72, 1, shared);
  const { steps, result } = await withPair(model.pair, (decoder) =>
    decode(decoder, PROMPT, { ...OPTIONS, gate: "predicted-only", candidates: true }),
  );
  for (const [index, step] of steps.entries()) {
    const [best, next] = guessed(model, result.tokens.slice(0, index)).sort((a, b) => b.score - a.score);
    if (best !== undefined && next !== undefined && best.score - next.score > MARGIN) expect(step.token).toBe(best.token);
    expect(rated(step)).toEqual([]);
    if (index < steps.length - 1) expect(step.reward).toBeNull();
  }
  expect(result.rewards.at(-1)).not.toBeNull();
  expect(result.reward).not.toBeNull();
  expect(result.gate).toMatchObject({ gated: steps.length, candidates: 0 });
});

it.for([false, true])("slots with and without it share batches, and each begins anew; one trunk: %s", async (shared) => {
  const { pair } = await predicting(73, 0.5, shared);
  const prompts = ["a tall ship.", "the sea", "so it goes, on and on", "why?"];
  const texts = async (decoder: Decoder): Promise<string[]> => {
    const results: string[] = [];
    for (const prompt of prompts) results.push((await decoder.generate(prompt, { ...OPTIONS, gate: "predicted" })).text);
    return results;
  };
  const one = await withPair(pair, (decoder) => unfilled(decoder, () => texts(decoder)));
  const others = async (decoder: Decoder): Promise<string[]> => {
    for (const prompt of prompts) await decoder.generate(prompt, OPTIONS);
    return one;
  };
  const several = await withPair(pair, (decoder) => decoder.inStep([texts, others, texts].map((task) => () => task(decoder))), {
    slots: 3,
  });
  expect(several).toEqual([one, one, one].map((value) => ({ status: "fulfilled", value })));
});

describe("what cannot be guessed is refused", () => {
  it("a reward model without a predictor", async () => {
    const pair = folder.writePair(74);
    const found = withPair(pair, (decoder) => decoder.generate(PROMPT, { gate: "predicted" }));
    await expect(found).rejects.toMatchObject({
      code: "REWARD_PREDICTOR_MISSING",
      message: expect.stringContaining("reward predict") as string,
    });
  });

  it("stochastic selection", async () => {
    const { pair } = await predicting(75, 1);
    for (const gate of ["predicted", "predicted-only", { predicted: 0.01 }] as const) {
      const found = withPair(pair, (decoder) => decoder.generate(PROMPT, { gate, select: "stochastic" }));
      await expect(found).rejects.toMatchObject({ code: "OPTION_INVALID", option: "gate" });
    }
  });

  it("a file whose predictor does not fit, or is not finite", async () => {
    const pair = folder.writePair(76);
    const weights = randomPredictor(pair.reward.model, 1);
    const load = () => withPair(pair, async () => {});
    const damaged: [Partial<PredictorWeights>, RegExp][] = [
      [{ hidden: weights.hidden.subarray(1) }, /"hidden"/],
      [{ token: weights.token.subarray(1) }, /"token"/],
      [{ bias: weights.bias.subarray(1) }, /multiples of 8/],
      [{ secondBias: new Float32Array(16).fill(Number.NaN) }, /not finite/],
      [{ outBias: Number.POSITIVE_INFINITY }, /not finite/],
    ];
    for (const [change, message] of damaged) {
      await attachPredictor(pair.reward, { ...weights, ...change });
      await expect(load()).rejects.toMatchObject({ code: "REWARD_PREDICTOR_INVALID", message: expect.stringMatching(message) as string });
    }
    await attachPredictor(pair.reward, weights, { deviation: 0 });
    await expect(load()).rejects.toMatchObject({ code: "REWARD_PREDICTOR_INVALID" });
    await attachPredictor(pair.reward, weights);
    await load();
  });

  it("a predictor for rows of another length", async () => {
    const pair = folder.writePair(77);
    const weights = randomPredictor(pair.reward.model, 1);
    await attachPredictor(pair.reward, { ...weights, token: new Float32Array(24 * 8) });
    const found = withPair(pair, (decoder) => decoder.generate(PROMPT, { gate: "predicted" }));
    await expect(found).rejects.toMatchObject({ code: "REWARD_PREDICTOR_INVALID" });
  });
});
