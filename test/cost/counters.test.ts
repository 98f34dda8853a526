/** What a step decodes: read off the counters, not off a clock. */
import { describe, expect, it } from "vitest";
import type { SearchCounters } from "../../src/engine/binding.js";
import { ALL_BYTES, SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { beginOptions, TOGETHER, withNativeSearch } from "../helpers/native.js";

const folder = modelFolder();
const pair = folder.writePair(101, {}, { layers: 3 });
const wide = folder.writePair(102, { vocabulary: ALL_BYTES }, { vocabulary: ALL_BYTES });

type Layout = typeof TOGETHER | undefined;

/** Of many slots, one to seven tokens. */
const lengthsOf = (slots: number) => Array.from({ length: slots }, (_, slot) => 1 + (slot % 7));

function promptOfLength(length: number): number[] {
  return Array.from({ length }, (_, index) => (7 * index) % SIXTY_TOKENS.bos);
}

function difference(after: SearchCounters, before: SearchCounters): Record<string, number> {
  const earlier = new Map(Object.entries(before));
  return Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (earlier.get(name) ?? 0)]));
}

/** What one step of the slots counts, after prompts of these lengths. */
async function countStep(
  lengths: readonly number[],
  topK: number,
  files = pair,
  slotsPerContext = undefined as Layout,
): Promise<Record<string, number>> {
  return withNativeSearch(files, { slots: lengths.length, slotsPerContext }, async (search) => {
    for (const [slot, length] of lengths.entries()) await search.begin(slot, beginOptions(promptOfLength(length), { topK }));
    const before = search.counters();
    await search.step(Int32Array.from(lengths.keys()));
    return difference(search.counters(), before);
  });
}

describe("a step with k candidates decodes one policy token and k reward tokens", () => {
  describe.for([1, 2, 10, 40])("k = %i", (topK) => {
    it.for([1, 20, 100, 240])("after a prefix of %i tokens", async (length) => {
      expect(await countStep([length], topK)).toMatchObject({
        steps: 1,
        policyTokens: 1,
        policyPrefillTokens: 0,
        policySharedTokens: 0,
        rewardTokens: topK,
        rewardPrefillTokens: 0,
        rewardSharedTokens: 0,
        policyDecodes: 1,
        rewardDecodes: 1,
        rewardProjections: 0,
      });
    });
  });

  it("in one batch a model for the slots of a context", async () => {
    expect(await countStep([5, 50, 200], 10, pair, TOGETHER)).toMatchObject({
      steps: 3,
      policyTokens: 3,
      policyDecodes: 1,
      rewardTokens: 30,
      rewardDecodes: 1,
      rewardProjections: 0,
    });
  });

  it.for([
    [16, 10, 1, 1],
    [17, 10, 2, 2],
    [32, 10, 2, 2],
    [64, 10, 4, 4],
    [128, 10, 8, 8],
    [32, 40, 2, 6],
    [128, 128, 8, 128],
    [5, 40, 1, 1],
    [8, 60, 1, 2],
  ])(
    "for %i slots with k = %i as well, in %i decodes of the policy and %i of the reward model, where 16 slots share a context",
    async ([slots, topK, policyDecodes, rewardDecodes]) => {
      expect(await countStep(lengthsOf(slots), topK, topK > SIXTY_TOKENS.size ? wide : pair, TOGETHER)).toMatchObject({
        steps: slots,
        policyTokens: slots,
        policyDecodes,
        rewardTokens: slots * topK,
        rewardDecodes,
        rewardProjections: 0,
      });
    },
  );

  it.for([
    [3, 10, 1, 3],
    [16, 10, 1, 16],
    [17, 10, 2, 9],
    [128, 10, 8, 16],
  ])(
    "for %i slots with k = %i, in %i decodes of the policy and %i of the reward model",
    async ([slots, topK, policyDecodes, rewardDecodes]) => {
      const counts = { steps: slots, policyTokens: slots, policyDecodes, rewardTokens: slots * topK, rewardDecodes };
      expect(await countStep(lengthsOf(slots), topK)).toMatchObject(counts);
    },
  );

  it("and the winner once more where k candidates take more branches than there are", async () => {
    const { rewardTokens, rewardProjections } = await countStep([30], SIXTY_TOKENS.size);
    expect([rewardTokens, rewardProjections]).toEqual([SIXTY_TOKENS.size + 1, 0]);
  });
});

it("a response decodes its prompt once and nothing twice", async () => {
  await withPair(pair, async (decoder) => {
    const { usage } = await decoder.generate("a tall ship sails at dawn.", { template: "none", topK: 10, maxTokens: 20 });
    expect(usage.completionTokens).toBe(20);
    expect(decoder.counters()).toMatchObject({
      steps: 20,
      policyTokens: 20,
      policyPrefillTokens: usage.promptTokens - 1, // the first step decodes the last one
      rewardTokens: 200,
      rewardPrefillTokens: usage.promptTokens,
      policyDecodes: 21,
      rewardDecodes: 21,
      rewardProjections: 0,
    });
  });
});

it.for(["greedy", "sample"] as const)("the baseline %s decodes nothing in the reward model", async (method) => {
  await withPair(pair, async (decoder) => {
    await decoder.generate("a tall ship.", { template: "none", method, maxTokens: 5 });
    expect(decoder.counters()).toMatchObject({ steps: 5, policyTokens: 5, rewardTokens: 0, rewardPrefillTokens: 0, rewardDecodes: 0 });
  });
});

it.for(["greedy", "sample"] as const)("the baseline %s scores its one candidate a step where it is asked to", async (method) => {
  await withPair(pair, async (decoder) => {
    const { usage } = await decoder.generate("a tall ship.", { template: "none", method, rewards: true, maxTokens: 5 });
    const rewardPrefillTokens = usage.promptTokens;
    expect(decoder.counters()).toMatchObject({ steps: 5, policyTokens: 5, rewardTokens: 5, rewardPrefillTokens });
  });
});

it("slots that are rated and slots that are not share the policy's batch", async () => {
  await withNativeSearch(pair, { slots: 3 }, async (search) => {
    for (const [slot, rewardTokens] of [null, undefined, null].entries()) {
      await search.begin(slot, beginOptions(promptOfLength(20 + slot), rewardTokens === null ? { rewardTokens } : {}));
    }
    const before = search.counters();
    const { steps } = await search.step(Int32Array.of(0, 1, 2));
    expect(steps.map(({ reward }) => reward === null)).toEqual([true, false, true]);
    const expected = { steps: 3, policyTokens: 3, policyDecodes: 1, rewardTokens: 10, rewardDecodes: 1 };
    expect(difference(search.counters(), before)).toMatchObject(expected);
    expect(before.rewardPrefillTokens).toBe(21);
  });
});

it("a search refuses blocks and prompts of reward models without rewards", async () => {
  await withNativeSearch(pair, {}, async (search) => {
    const prompt = promptOfLength(5);
    const blocks = { drafts: 2, kept: 2, mean: false, readAtEnd: [false], stop: [] };
    const refused = { code: "OPTION_INVALID" };
    await expect(search.begin(0, beginOptions(prompt, { rewardTokens: [] }))).rejects.toMatchObject(refused);
    await expect(search.begin(0, beginOptions(prompt, { rewardTokens: null, method: "blocks", blocks }))).rejects.toMatchObject(refused);
  });
});

describe("a step that a gate leaves out", () => {
  it("decodes nothing in the reward model, and the next one what it missed in the batch of its candidates", async () => {
    await withNativeSearch(pair, {}, async (search) => {
      await search.begin(0, beginOptions(promptOfLength(20), { gate: { kind: "random", limit: 0.6 }, seed: 3 }));
      let missed = 0;
      const counts: number[] = [];
      for (let step = 0; step < 60; step++) {
        const before = search.counters();
        const { rated } = (await search.step(Int32Array.of(0))).steps[0];
        const expected = rated === 0 ? { rewardTokens: 0, rewardDecodes: 0 } : { rewardTokens: 10 + missed, rewardDecodes: 1 };
        expect(difference(search.counters(), before)).toMatchObject({ policyTokens: 1, policyDecodes: 1, ...expected });
        counts.push(rated === 0 ? 0 : missed);
        missed = rated === 0 ? missed + 1 : 0;
      }
      expect(Math.max(...counts)).toBeGreaterThan(1);
    });
  });

  it("leaves what does not fit beside the candidates to batches of its own", async () => {
    await withNativeSearch(pair, { batchSize: 1 }, async (search) => {
      await search.begin(0, beginOptions(promptOfLength(2), { gate: { kind: "random", limit: 0.985 }, seed: 11 }));
      let missed = 0;
      let most = 0;
      for (let step = 0; step < 250; step++) {
        const before = search.counters();
        const { rated } = (await search.step(Int32Array.of(0))).steps[0];
        missed = rated === 0 ? missed + 1 : 0;
        most = Math.max(most, difference(search.counters(), before).rewardTokens ?? 0);
      }
      const before = search.counters();
      await search.rateEnd(Int32Array.of(0));
      expect(difference(search.counters(), before)).toMatchObject({ rewardTokens: missed });
      expect(most).toBeGreaterThan(50);
    });
  });

  it("has what is left read at the end of the response, in one decode", async () => {
    await withPair(pair, async (decoder) => {
      const gate = { entropy: 99 };
      const { usage, gate: counts } = await decoder.generate("a tall ship.", { template: "none", topK: 10, maxTokens: 20, gate });
      expect(counts).toMatchObject({ steps: 20, gated: 20, candidates: 0 });
      expect(decoder.counters()).toMatchObject({
        policyTokens: 20,
        rewardTokens: 20,
        rewardPrefillTokens: usage.promptTokens,
        rewardDecodes: 2,
      });
    });
  });
});
