/** A step in two halves, with JavaScript between them, is the same step. */
import { describe, expect, it } from "vitest";
import type { NativeSearch, NativeStep } from "../../src/engine/binding.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { beginOptions, stepOnce, TOGETHER, withNativeSearch } from "../helpers/native.js";
import { largestDifference, ROUNDING } from "../helpers/rounding.js";

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

describe("propose() and commit() of many slots", () => {
  interface Size {
    slots: number;
    topK: number;
  }

  async function withSlots<T>({ slots, topK }: Size, work: (search: NativeSearch, all: Int32Array) => Promise<T>): Promise<T> {
    return withNativeSearch(pair, { slots, slotsPerContext: TOGETHER }, async (search) => {
      const all = Int32Array.from({ length: slots }, (_, slot) => slot);
      for (const slot of all) {
        const prompt = SIXTY_TOKENS.encode(`ship ${slot}`, { bos: true });
        await search.begin(slot, beginOptions(prompt, { topK }));
      }
      return work(search, all);
    });
  }

  const propose = async (search: NativeSearch, slots: Int32Array) => (await search.propose(slots)).steps;

  async function commit(search: NativeSearch, proposed: readonly NativeStep[]): Promise<NativeStep[]> {
    const slots = Int32Array.from(proposed, ({ slot }) => slot);
    const rewards = proposed.map((step) => candidatesOf(step).rewards);
    return (await search.commit(slots, rewards)).steps;
  }

  /** Reward tokens and decodes of either half of a step; the policy has a decode a context. */
  function countHalves(size: Size): Promise<number[]> {
    return withSlots(size, async (search, all) => {
      const before = search.counters();
      const proposed = await propose(search, all);
      const between = search.counters();
      await commit(search, proposed);
      const after = search.counters();
      expect(after.policyDecodes - before.policyDecodes).toBe(size.slots / 16);
      return [
        between.rewardTokens - before.rewardTokens,
        between.rewardDecodes - before.rewardDecodes,
        after.rewardTokens - between.rewardTokens,
        after.rewardDecodes - between.rewardDecodes,
      ];
    });
  }

  it("decode k reward tokens a slot", async () => {
    expect(await countHalves({ slots: 128, topK: 10 })).toEqual([1280, 8, 0, 0]);
  });

  it("decode again, in one batch a context, the winners whose branches had to give way", async () => {
    const [contexts, kept] = [2, Math.floor((256 - 16) / 40)];
    expect(await countHalves({ slots: 32, topK: 40 })).toEqual([32 * 40, 6, 32 - contexts * kept, contexts]);
  });

  it.for([10, 40])("decode as whole steps do, whenever each slot proposes and commits; k = %i", async (topK) => {
    const size = { slots: 32, topK };
    const whole = await withSlots(size, async (search, all) => {
      const steps: NativeStep[] = [];
      for (let step = 0; step < 3; step++) steps.push(...(await search.step(all)).steps);
      return steps;
    });
    const halves = await withSlots(size, async (search, all) => {
      const steps: NativeStep[] = [];
      for (let step = 0; step < 3; step++) {
        const odd = await propose(
          search,
          all.filter((slot) => slot % 2 === 1),
        );
        const even = await propose(
          search,
          all.filter((slot) => slot % 2 === 0),
        );
        steps.push(...(await commit(search, odd)), ...(await commit(search, even)));
      }
      return steps;
    });
    for (let slot = 0; slot < size.slots; slot++) {
      const [found, wanted] = [halves, whole].map((steps) => steps.filter((step) => step.slot === slot));
      expect(found.map(({ token }) => token)).toEqual(wanted.map(({ token }) => token));
      const rewards = (steps: readonly NativeStep[]) => steps.map(({ reward }) => reward ?? Number.NaN);
      expect(largestDifference(rewards(found), rewards(wanted))).toBeLessThan(ROUNDING);
    }
  });
});
