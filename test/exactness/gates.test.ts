/** Gates: which steps go without the reward model, what is chosen there, and that nothing is lost by catching up later. */
import { describe, expect, it } from "vitest";
import type { Decoder, Gate, GenerateOptions, GenerateResult, Step } from "../../src/index.js";
import { decode, promptOf, type Search, settingOf } from "../helpers/brute-force.js";
import { modelFolder, type StoredPair, withPair } from "../helpers/model-folder.js";
import { referenceStep } from "../helpers/reference-args.js";
import { logSoftmax, nextLogits, rewardsAtEnd } from "../helpers/reference-llama.js";
import { expectSameResult, largestDifference, ROUNDING } from "../helpers/rounding.js";

const PROMPT = "a tall ship.";
const ERROR = 1e-4;
const SEARCH: Search = { topK: 10, weight: 0.4, combine: "interpolate" };
/** Of the benchmarks: a share of the steps, whatever they are. */
const random = (share: number) => ({ random: share }) as unknown as Gate;

const folder = modelFolder();
const apart = folder.writePair(51, {}, { layers: 3 });
const one = folder.write({ seed: 54, labels: ["reward"] });
/** Two models, and a head on the policy's own trunk, which is read in its context. */
const PAIRS: [what: string, pair: StoredPair][] = [
  ["two models", apart],
  ["one trunk", { policy: one, reward: one }],
];
const { eos } = apart.policy.model.vocabulary;

/** The policy's whole distribution after each token of a response. */
function distributions({ policy }: StoredPair, tokens: readonly number[]): Float64Array[] {
  const prompt = promptOf(policy.model, PROMPT);
  return tokens.map((_, index) => logSoftmax(nextLogits(policy.model, [...prompt, ...tokens.slice(0, index)])));
}

/** The reward after each token of a response, the whole text read each time. */
function rewardsOf({ reward }: StoredPair, tokens: readonly number[]): number[] {
  const prompt = promptOf(reward.model, PROMPT);
  return tokens.map((_, index) => rewardsAtEnd(reward.model, [...prompt, ...tokens.slice(0, index + 1)])[0] ?? Number.NaN);
}

const isGated = ({ candidates = [] }: Step): boolean => candidates.every(({ reward }) => reward === null);

/** Gated steps take the likeliest candidate; the others are those of brute force behind the same tokens; the ends are rated. */
function expectExact(stored: StoredPair, steps: readonly Step[], result: GenerateResult): void {
  const rewards = rewardsOf(stored, result.tokens);
  for (const [index, step] of steps.entries()) {
    const { candidates, best, scoreMargin } = referenceStep(settingOf(stored, PROMPT, SEARCH), result.tokens.slice(0, index));
    const last = index === steps.length - 1;
    if (isGated(step)) {
      expect(step.token).toBe(step.candidates?.[0]?.token);
      expect(step.score).toBeNull();
      if (!last) expect(step).toMatchObject({ reward: null, objectives: { reward: null } });
    } else {
      const wanted = candidates.map(({ token, reward }) => [token, reward]).sort(([a = 0], [b = 0]) => a - b);
      const found = (step.candidates ?? []).map(({ token, reward }) => [token, reward ?? Number.NaN]).sort(([a = 0], [b = 0]) => a - b);
      expect(largestDifference(found.flat(), wanted.flat()), `rewards of step ${index}`).toBeLessThan(ERROR);
      if (scoreMargin > ERROR) expect(step.token, `token of step ${index}`).toBe(best.token);
    }
    const read = result.rewards[index] ?? null;
    if (read !== null) expect(Math.abs(read - (rewards[index] ?? Number.NaN))).toBeLessThan(ERROR);
    if (!isGated(step) || last) expect(read).not.toBeNull();
  }
  const whole = rewards[steps.at(-1)?.token === eos ? steps.length - 2 : steps.length - 1];
  if (whole !== undefined) expect(Math.abs((result.reward ?? Number.NaN) - whole)).toBeLessThan(ERROR);
}

function counted({ gate }: GenerateResult, steps: readonly Step[]): void {
  const gated = steps.filter(isGated).length;
  const candidates = steps.flatMap((step) => step.candidates ?? []).filter(({ reward }) => reward !== null).length;
  expect(gate).toMatchObject({ steps: steps.length, gated, guided: steps.length - gated, candidates });
}

/** With samplers, whose distribution brute force does not have here: what was read, and the whole response's reward. */
function expectEnds(stored: StoredPair, result: GenerateResult): void {
  const rewards = rewardsOf(stored, result.tokens);
  for (const [index, read] of result.rewards.entries()) {
    if (read !== null) expect(Math.abs(read - (rewards[index] ?? Number.NaN))).toBeLessThan(ERROR);
  }
  const end = result.finishReason === "eog" ? -2 : -1;
  expect(result.rewards.at(-1)).not.toBeNull();
  if (result.tokens.length < -end) return;
  expect(Math.abs((result.reward ?? Number.NaN) - (rewards.at(end) ?? Number.NaN))).toBeLessThan(ERROR);
}

describe.for(PAIRS)("%s:", ([, pair]) => {
  describe("whatever steps are left out, the others are exact", () => {
    it.for(Array.from({ length: 12 }, (_, seed) => seed))("seed %i", async (seed) => {
      const share = [0.2, 0.5, 0.8, 1][seed % 4] ?? 0;
      const options: GenerateOptions = { ...SEARCH, maxTokens: 8 + seed, seed, gate: random(share), logitBias: { [eos]: seed % 3 } };
      const { steps, result } = await withPair(pair, (decoder) => decode(decoder, PROMPT, options));
      if (seed % 3 === 0) expectExact(pair, steps, result);
      else expectEnds(pair, result);
      counted(result, steps);
      expect(steps.some(isGated)).toBe(true);
    });
  });

  describe("the end of a response is rated", () => {
    const ENDS = { ...SEARCH, template: "none", ending: "reward", dryMultiplier: 0, maxTokens: 40, logitBias: { [eos]: 4 } } as const;

    it("where the context is full", async () => {
      const options = { ...SEARCH, template: "none", ending: "never", dryMultiplier: 0, maxTokens: 100, gate: random(1) } as const;
      const result = await withPair(pair, (decoder) => decoder.generate(PROMPT, options), { contextSize: 32 });
      expect(result.finishReason).toBe("context");
      expect(Math.abs((result.rewards.at(-1) ?? Number.NaN) - (rewardsOf(pair, result.tokens).at(-1) ?? Number.NaN))).toBeLessThan(ERROR);
    });

    it.for(["last", "end"] as const)("where it ends by itself, read at %s", async (rewardAt) => {
      const patterns = new Set<string>();
      await withPair(pair, async (decoder) => {
        for (let seed = 0; seed < 40; seed++) {
          const result = await decoder.generate(PROMPT, { ...ENDS, rewardAt, seed, gate: random(0.5) });
          if (result.finishReason !== "eog" || result.tokens.length < 2) continue;
          const rewards = rewardsOf(pair, result.tokens);
          const whole = rewards.at(rewardAt === "end" ? -1 : -2) ?? Number.NaN;
          expect(Math.abs((result.reward ?? Number.NaN) - whole)).toBeLessThan(ERROR);
          expect(largestDifference(result.rewards.slice(-2), rewards.slice(-2))).toBeLessThan(ERROR);
          patterns.add(String(result.gate.gated));
        }
      });
      expect(patterns.size).toBeGreaterThan(1);
    });

    it("where a stop string or a signal ends it", async () => {
      await withPair(pair, async (decoder) => {
        const all = await decoder.generate(PROMPT, { ...SEARCH, template: "none", maxTokens: 12, gate: random(1) });
        const stopped = await decoder.generate(PROMPT, {
          ...{ ...SEARCH, template: "none", maxTokens: 12, gate: random(1) },
          stop: all.text.slice(5, 7),
        });
        expect(stopped.finishReason).toBe("stop");
        expectEnds(pair, stopped);
        const abort = new AbortController();
        const aborted = await decoder.generate(PROMPT, {
          ...{ ...SEARCH, template: "none", maxTokens: 100, gate: random(1), signal: abort.signal },
          onStep: () => abort.abort(),
        });
        expect(aborted).toMatchObject({ finishReason: "aborted", gate: { steps: 1, gated: 1 } });
        expectEnds(pair, aborted);
      });
    });
  });

  describe("entropy and top probability", () => {
    const GATES: [what: string, gate: (limit: number) => Gate, value: (logProbs: Float64Array) => number, above: boolean][] = [
      ["entropy", (entropy) => ({ entropy }), (logProbs) => -logProbs.reduce((sum, each) => sum + Math.exp(each) * each, 0), true],
      ["topProbability", (topProbability) => ({ topProbability }), (logProbs) => Math.exp(Math.max(...logProbs)), false],
    ];

    it.for(GATES)("%s: guided are the steps on one side of the limit, and all is exact", async ([, gate, value, above]) => {
      await withPair(pair, async (decoder) => {
        const free = await decode(decoder, PROMPT, { ...SEARCH, maxTokens: 16 });
        const values = distributions(pair, free.result.tokens).map(value);
        const limit = values.toSorted((a, b) => a - b)[8] ?? Number.NaN;
        const { steps, result } = await decode(decoder, PROMPT, { ...SEARCH, maxTokens: 16, gate: gate(limit + 1e-3) });
        const found = distributions(pair, result.tokens).map(value);
        for (const [index, step] of steps.entries()) {
          const guided = above === (found[index] ?? Number.NaN) > limit + 1e-3;
          expect(isGated(step), `step ${index}`).toBe(!guided);
        }
        expectExact(pair, steps, result);
        counted(result, steps);
        expect(new Set(steps.map(isGated)).size).toBe(2);
      });
    });

    it("a stochastic selection draws in gated steps, too: by log-probability", async () => {
      await withPair(pair, async (decoder) => {
        const draw = { ...SEARCH, template: "none", select: "stochastic", temperature: 0.7, maxTokens: 12, seed: 4 } as const;
        const gated = await decoder.generate(PROMPT, { ...draw, gate: { entropy: 99 } });
        const plain = await decoder.generate(PROMPT, { ...draw, weight: 0 });
        expect(gated.tokens).toEqual(plain.tokens);
        expect(gated.gate).toMatchObject({ gated: 12, guided: 0 });
      });
    });
  });

  describe("bound", () => {
    /** A reward that is seldom worth as much as a likely token. */
    const CLOSE: GenerateOptions = { topK: 10, weight: 0.05, template: "none", maxTokens: 100, dryMultiplier: 0 };
    const prompts = Array.from({ length: 10 }, (_, index) => `${PROMPT} ${"etaoinshrd"[index]}`);

    async function all(decoder: Decoder, gate: Gate, ending: "reward" | "policy"): Promise<GenerateResult[]> {
      const results: GenerateResult[] = [];
      for (const [seed, prompt] of prompts.entries()) {
        results.push(await decoder.generate(prompt, { ...CLOSE, seed, ending, gate, candidates: true }));
      }
      return results;
    }

    it.for(["reward", "policy"] as const)("has the tokens that there are without it, ending by the %s", async (ending) => {
      await withPair(pair, async (decoder) => {
        const plain = await all(decoder, "off", ending);
        const bound = await all(decoder, "bound", ending);
        for (const [index, result] of bound.entries()) {
          const wanted = plain[index] as GenerateResult;
          expect(result.tokens).toEqual(wanted.tokens);
          expect(result).toMatchObject({ text: wanted.text, finishReason: wanted.finishReason });
          const read = result.rewards.flatMap((reward, at) => (reward === null ? [] : [at]));
          expect(
            largestDifference(
              read.map((at) => result.rewards[at] ?? null),
              read.map((at) => wanted.rewards[at] ?? null),
            ),
          ).toBeLessThan(ROUNDING);
          expect(Math.abs((result.reward ?? Number.NaN) - (wanted.reward ?? Number.NaN))).toBeLessThan(ROUNDING);
        }
        const sum = (name: "steps" | "gated" | "guided" | "candidates" | "audited" | "violations") =>
          bound.reduce((total, { gate }) => total + gate[name], 0);
        expect(sum("gated") + sum("guided")).toBe(sum("steps"));
        expect(sum("gated")).toBeGreaterThan(sum("steps") / 10);
        expect(sum("candidates")).toBeLessThan(10 * sum("guided"));
        expect(sum("audited")).toBeGreaterThan(0);
        expect(sum("violations")).toBe(0);
        expect(plain.every(({ gate }) => gate.gated === 0 && gate.candidates === 10 * gate.steps)).toBe(true);
      });
    });
  });

  describe("slots", () => {
    it("share steps whatever their gates", async () => {
      const gates: Gate[] = ["off", random(0.5), { entropy: 99 }, random(0.9), "bound"];
      await withPair(
        pair,
        async (decoder) => {
          const options = { ...SEARCH, template: "none", maxTokens: 14, seed: 6 } as const;
          const alone: GenerateResult[] = [];
          for (const gate of gates) alone.push(await decoder.generate(PROMPT, { ...options, gate }));
          const together = await Promise.all(gates.map((gate) => decoder.generate(PROMPT, { ...options, gate })));
          for (const [index, result] of together.entries()) {
            const wanted = alone[index] as GenerateResult;
            const unread = (each: GenerateResult) => each.rewards.map((reward) => reward === null);
            expect(unread(result)).toEqual(unread(wanted));
            expectSameResult(
              { ...result, rewards: result.rewards.map((each) => each ?? 0) },
              {
                ...wanted,
                rewards: wanted.rewards.map((each) => each ?? 0),
              },
            );
            expect(Math.abs((result.reward ?? Number.NaN) - (wanted.reward ?? Number.NaN))).toBeLessThan(ROUNDING);
          }
        },
        { slots: gates.length },
      );
    });
  });
});
