/** A step in two halves, with JavaScript between them, is the same step. */
import { describe, expect, it } from "vitest";
import type { NativeSearch, NativeStep } from "../../src/binding.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { beginOptions, stepOnce, withNativeSearch } from "../helpers/native.js";

const STEPS = 8;
const PROMPT = SIXTY_TOKENS.encode("a tall ship sails", { bos: true });
const SLOT = Int32Array.of(0);

const folder = modelFolder();
const pair = folder.writePair(131);

/** Decodes a few steps; `next` makes one. */
function decode(
  next: (search: NativeSearch) => Promise<NativeStep>,
  select: "greedy" | "stochastic",
  rewarded = true,
): Promise<NativeStep[]> {
  return withNativeSearch(pair, { rewarded }, async (search) => {
    const rewardTokens = rewarded ? [Int32Array.from(PROMPT)] : [];
    await search.begin(0, beginOptions(PROMPT, { rewardTokens, select, seed: 5 }));
    const steps: NativeStep[] = [];
    for (let step = 0; step < STEPS; step++) steps.push(await next(search));
    return steps;
  });
}

/** Proposes, then commits the rewards that `rate` gives for the candidates. */
function split(rate: (proposed: NativeStep) => Float64Array): (search: NativeSearch) => Promise<NativeStep> {
  return async (search) => {
    const proposed = (await search.propose(SLOT)).steps[0];
    expect(proposed).toMatchObject({ slot: 0, token: -1 });
    return (await search.commit(SLOT, [rate(proposed)])).steps[0];
  };
}

function candidatesOf(step: NativeStep): NonNullable<NativeStep["candidates"]> {
  if (step.candidates === undefined) throw new Error("the step has no candidates");
  return step.candidates;
}

describe.for(["greedy", "stochastic"] as const)("propose() and commit(), %s", (select) => {
  it("equal step() when the rewards are handed back, bit for bit", async () => {
    const whole = await decode(stepOnce, select);
    const halves = await decode(
      split((proposed) => candidatesOf(proposed).rewards),
      select,
    );
    expect(halves).toEqual(whole);
  });

  it("follow other rewards as step() follows its own", async () => {
    const rewardOf = (token: number) => Math.sin(token);
    const steps = await decode(
      split((proposed) => Float64Array.from(candidatesOf(proposed).tokens, rewardOf)),
      select,
    );
    for (const step of steps) {
      const { tokens, logProbs, rewards, scores } = candidatesOf(step);
      expect([...rewards]).toEqual([...tokens].map(rewardOf));
      const expected = [...logProbs].map((logProb, rank) => (1 - 0.6) * logProb + 0.6 * rewards[rank]);
      for (const [rank, score] of scores.entries()) expect(score).toBeCloseTo(expected[rank], 12);
      expect(step).toMatchObject({ token: tokens[step.rank], reward: rewards[step.rank], score: scores[step.rank] });
      if (select === "greedy") expect(step.score).toBe(Math.max(...scores));
    }
  });

  it("serve a search without reward model, too", async () => {
    const guided = await decode(stepOnce, select);
    let index = 0;
    const replayed = await decode(
      split(() => candidatesOf(guided[index++]).rewards),
      select,
      false,
    );
    expect(replayed.map(({ token }) => token)).toEqual(guided.map(({ token }) => token));
  });
});
