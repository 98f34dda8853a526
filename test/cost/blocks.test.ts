/** What a block decodes: read off the counters. */
import { describe, expect, it } from "vitest";
import type { BeginOptions, SearchCounters } from "../../src/engine/binding.js";
import { NO_SAMPLERS } from "../../src/engine/no-samplers.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { beginOptions, TOGETHER, withNativeSearch } from "../helpers/native.js";

const folder = modelFolder();
const pair = folder.writePair(103);
const PROMPT = Array.from({ length: 9 }, (_, index) => (7 * index) % SIXTY_TOKENS.bos);

interface Shape {
  drafts: number;
  tokens: number;
  kept?: number;
  slots?: number;
  mean?: boolean;
  contextSize?: number;
}

function beginOf({ drafts, kept = drafts, mean = false }: Shape, seed: number): BeginOptions {
  const blocks = { drafts, kept, mean, readAtEnd: [false], stop: [] };
  return beginOptions(PROMPT, { method: "blocks", ending: "never", topK: 0, samplers: NO_SAMPLERS, seed, blocks });
}

/** What one block of each slot counts; nothing ends. */
async function countBlock(shape: Shape): Promise<Partial<SearchCounters>> {
  const { tokens, slots: count = 1, contextSize } = shape;
  const slots = Int32Array.from(Array(count).keys());
  return withNativeSearch(pair, { slots: count, contextSize, slotsPerContext: TOGETHER }, async (search) => {
    for (const slot of slots) await search.begin(slot, beginOf(shape, slot));
    const before = search.counters();
    for (let waiting = count; waiting > 0; ) {
      const { slots: drafted } = await search.draft(
        slots,
        Int32Array.from(slots, () => tokens),
      );
      if (drafted.every(({ drafts }) => drafts.length === 0)) continue;
      const { slots: kept } = await search.keep(
        slots,
        Array.from(slots, () => new Float64Array(0)),
      );
      waiting -= kept.filter(({ steps }) => steps.length > 0).length;
    }
    const { steps, policyTokens, policyDecodes, rewardTokens, rewardDecodes } = search.counters();
    return {
      steps: steps - before.steps,
      policyTokens: policyTokens - before.policyTokens,
      policyDecodes: policyDecodes - before.policyDecodes,
      rewardTokens: rewardTokens - before.rewardTokens,
      rewardDecodes: rewardDecodes - before.rewardDecodes,
    };
  });
}

describe("a block of B tokens with N drafts", () => {
  it.for([
    [1, 1],
    [1, 16],
    [4, 1],
    [4, 16],
    [16, 8],
  ])(
    "%i drafts of %i tokens: the pending token once, then N tokens a token, and N B reward tokens in one decode",
    async ([drafts, tokens]) => {
      expect(await countBlock({ drafts, tokens })).toEqual({
        steps: tokens,
        policyTokens: 1 + drafts * (tokens - 1),
        policyDecodes: tokens,
        rewardTokens: drafts * tokens,
        rewardDecodes: 1,
      });
    },
  );

  it("shares its batches with those of other slots", async () => {
    expect(await countBlock({ drafts: 4, tokens: 8, slots: 3 })).toEqual({
      steps: 24,
      policyTokens: 3 * (1 + 4 * 7),
      policyDecodes: 8,
      rewardTokens: 3 * 32,
      rewardDecodes: 1,
    });
  });

  it("stops drafts that are dropped after half of it, and decodes nothing of the others twice", async () => {
    expect(await countBlock({ drafts: 4, tokens: 8, kept: 1 })).toEqual({
      steps: 8,
      policyTokens: 1 + 4 * 3 + 1 * 4,
      policyDecodes: 8,
      rewardTokens: 4 * 4 + 4,
      rewardDecodes: 2,
    });
  });

  it("reads every token for the mean from as many decodes as outputs take", async () => {
    expect(await countBlock({ drafts: 4, tokens: 8, mean: true })).toMatchObject({ policyTokens: 29, rewardTokens: 32 });
  });

  it("draws in waves where there are too few sequences or cells, and decodes at most the kept draft again", async () => {
    for (const shape of [
      { drafts: 20, tokens: 4 },
      { drafts: 4, tokens: 16, contextSize: 48 },
    ]) {
      const { drafts, tokens } = shape;
      const { steps = 0, policyTokens = 0, rewardTokens = 0 } = await countBlock(shape);
      expect(steps).toBe(tokens);
      expect([1 + drafts * (tokens - 1), 1 + (drafts + 1) * (tokens - 1)]).toContain(policyTokens);
      expect([drafts * tokens, (drafts + 1) * tokens]).toContain(rewardTokens);
    }
  });
});
