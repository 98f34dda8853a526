/** Blocks against a reference that recomputes everything, with the same draws. */
import { describe, expect, it } from "vitest";
import type { BeginOptions, NativeDraft, NativeSearch, NativeStep } from "../../src/engine/binding.js";
import { NO_SAMPLERS } from "../../src/engine/no-samplers.js";
import { MARGIN } from "../helpers/brute-force.js";
import { modelFolder } from "../helpers/model-folder.js";
import { beginOptions, withNativeSearch } from "../helpers/native.js";
import { type BlockSetting, blockSetting, MersenneTwister64, type ReferenceDraft, referenceBlock } from "../helpers/reference-blocks.js";
import { largestDifference } from "../helpers/rounding.js";

const ERROR = 1e-4;
const pair = modelFolder().writePair(61);
const PROMPT = "a tall ship.";
const { eos } = pair.policy.model.vocabulary;
/** Makes ends common. */
const ENDS = new Map([[eos, 3]]);

function beginOf(setting: BlockSetting, given: Partial<BeginOptions> = {}): BeginOptions {
  const biases = [...(setting.biases ?? [])];
  return beginOptions(setting.policy.prompt, {
    method: "blocks",
    topK: setting.topK,
    ending: setting.ending ?? "reward",
    seed: setting.seed,
    samplers: {
      ...NO_SAMPLERS,
      topP: setting.topP,
      policyTemperature: setting.policyTemperature,
      biasedTokens: Int32Array.from(biases, ([token]) => token),
      biases: Float64Array.from(biases, ([, bias]) => bias),
    },
    blocks: {
      drafts: setting.drafts,
      kept: setting.keep ?? setting.drafts,
      mean: setting.mean ?? false,
      readAtEnd: setting.readAtEnd ?? [false],
      stop: [],
    },
    ...given,
  });
}

/** Draft calls until each slot's drafts are rated. */
async function draftsOf(search: NativeSearch, slots: readonly number[], tokens: number): Promise<NativeDraft[][]> {
  const found = new Map<number, NativeDraft[]>();
  while (found.size < slots.length) {
    const waiting = slots.filter((slot) => !found.has(slot));
    const batch = await search.draft(
      Int32Array.from(waiting),
      Int32Array.from(waiting, () => tokens),
    );
    for (const { slot, drafts } of batch.slots) if (drafts.length > 0) found.set(slot, drafts);
  }
  return slots.map((slot) => found.get(slot) ?? []);
}

async function keep(search: NativeSearch, slots: readonly number[]): Promise<NativeStep[][]> {
  const { slots: kept } = await search.keep(
    Int32Array.from(slots),
    slots.map(() => new Float64Array(0)),
  );
  return kept.map(({ steps }) => steps);
}

function expectDrafts(found: readonly NativeDraft[], wanted: readonly ReferenceDraft[]): void {
  expect(found.map(({ tokens }) => [...tokens])).toEqual(wanted.map(({ tokens }) => tokens));
  expect(found.map(({ end }) => end)).toEqual(wanted.map(({ end }) => end));
  for (const [index, draft] of found.entries()) {
    const { logProbs, policyLogProbs, objectives, reward } = wanted[index];
    expect(largestDifference([...draft.logProbs], logProbs.slice(0, draft.tokens.length))).toBeLessThan(ERROR);
    expect(largestDifference([...draft.policyLogProbs], policyLogProbs.slice(0, draft.tokens.length))).toBeLessThan(ERROR);
    expect(largestDifference([...draft.objectives], objectives)).toBeLessThan(ERROR);
    expect(Math.abs((draft.reward ?? Number.NaN) - reward)).toBeLessThan(ERROR);
  }
}

/** How much of a comparison there was. */
interface Compared {
  blocks: number;
  /** Drafts that ended. */
  ended: number;
}

/**
 * Some blocks of several slots at once, each against the reference, until all have ended or the reference itself cannot decide: two
 * drafts may begin alike, and then rounding says which of them is dropped.
 */
async function compareBlocks(search: NativeSearch, settings: readonly BlockSetting[], blocks: number): Promise<Compared> {
  const responses: number[][] = settings.map(() => []);
  const compared = { blocks: 0, ended: 0 };
  for (const [slot, setting] of settings.entries()) await search.begin(slot, beginOf(setting));
  for (let block = 0; block < blocks; block++) {
    const slots = responses.flatMap((response, slot) => (response.at(-1) === eos ? [] : [slot]));
    if (slots.length === 0) break;
    const wanted = slots.map((slot) => referenceBlock(settings[slot], responses[slot], block));
    if (wanted[0].half) {
      const halves = await draftsOf(search, slots, settings[0].tokens);
      for (const [index, half] of halves.entries()) expectDrafts(half, wanted[index].half ?? []);
      expect(await keep(search, slots)).toEqual(slots.map(() => []));
      if (wanted.some(({ halfMargin }) => halfMargin < MARGIN)) break;
    }
    const found = await draftsOf(search, slots, settings[0].tokens);
    for (const [index, drafts] of found.entries()) expectDrafts(drafts, wanted[index].drafts);
    const kept = await keep(search, slots);
    for (const [index, slot] of slots.entries()) {
      const { drafts, best, margin } = wanted[index];
      expect(margin).toBeGreaterThan(MARGIN);
      const [first] = kept[index];
      expect(kept[index].map(({ token }) => token)).toEqual(drafts[best].tokens);
      expect(drafts[first.rank].tokens).toEqual(drafts[best].tokens);
      responses[slot].push(...drafts[best].tokens);
      compared.ended += drafts.filter(({ end }) => end).length;
      compared.blocks++;
    }
  }
  return compared;
}

it("draws from the published generator", () => {
  // The 10,000th number of a default-seeded std::mt19937_64 is 9981545732273789042 (C++11, 26.5.5).
  const random = new MersenneTwister64(5489n);
  for (let i = 1; i < 10_000; i++) random.fraction();
  expect(random.fraction()).toBe(Number(9981545732273789042n >> 11n) * 2 ** -53);
});

describe("drafts, rewards and the kept one equal the reference's", () => {
  it.for<[name: string, given: Partial<BlockSetting>, context?: number]>([
    ["as they are", {}],
    ["without cuts", { topK: 0, topP: 1, policyTemperature: 1 }],
    ["with one token a block", { tokens: 1, drafts: 3 }],
    ["rated by the mean", { mean: true }],
    ["with early dropping", { keep: 2 }],
    ["with early dropping by the mean", { keep: 2, mean: true, tokens: 4 }],
    ["with more drafts than sequences of the policy", { drafts: 20, tokens: 3 }],
    ["with early dropping in waves", { drafts: 20, tokens: 4, keep: 17 }],
    ["with more drafts than sequences of the reward model", { drafts: 45, tokens: 2 }],
    ["where the cells hold few drafts side by side", { tokens: 8, keep: 3 }, 40],
  ])("%s", async ([, given, contextSize]) => {
    let blocks = 0;
    for (const seed of [11, 12]) {
      const setting = blockSetting(pair, PROMPT, { seed, ...given });
      blocks += (await withNativeSearch(pair, { contextSize }, (search) => compareBlocks(search, [setting], 2))).blocks;
    }
    expect(blocks).toBeGreaterThan(1);
  });

  it.for<[name: string, given: Partial<BlockSetting>]>([
    ["ends compete by their rewards", {}],
    ["ends read at the end token", { readAtEnd: [true] }],
    ["the first draft decides", { ending: "policy" }],
    ["the first draft decides, and is not dropped", { ending: "policy", keep: 2 }],
    ["by the mean", { mean: true }],
    ["dropped early", { keep: 2 }],
  ])("where drafts end: %s", async ([, given]) => {
    let ended = 0;
    for (const seed of [1, 2, 3, 4]) {
      const setting = blockSetting(pair, PROMPT, { biases: ENDS, seed, ...given });
      ended += (await withNativeSearch(pair, {}, (search) => compareBlocks(search, [setting], 4))).ended;
    }
    expect(ended).toBeGreaterThan(0);
  });

  it("for several slots in one batch", async () => {
    const settings = ["a", "the sea", "salt and wind", PROMPT].map((prompt, index) =>
      blockSetting(pair, prompt, { seed: index, drafts: 2 + index, biases: index === 1 ? ENDS : undefined }),
    );
    await withNativeSearch(pair, { slots: settings.length }, (search) => compareBlocks(search, settings, 3));
  });

  it("never ends where it may not", async () => {
    const setting = blockSetting(pair, PROMPT, { biases: ENDS, excluded: new Set([eos]) });
    await withNativeSearch(pair, {}, async (search) => {
      await search.begin(0, beginOf(setting, { ending: "never" }));
      expectDrafts((await draftsOf(search, [0], setting.tokens))[0], referenceBlock(setting, [], 0).drafts);
    });
  });

  it("draws among drafts by softmax(reward / temperature)", async () => {
    const temperature = 0.7;
    const setting = blockSetting(pair, PROMPT);
    await withNativeSearch(pair, {}, async (search) => {
      const random = new MersenneTwister64(BigInt(setting.seed));
      const response: number[] = [];
      await search.begin(0, beginOf(setting, { select: "stochastic", temperature }));
      for (let block = 0; block < 5; block++) {
        const { drafts } = referenceBlock(setting, response, block);
        expectDrafts((await draftsOf(search, [0], setting.tokens))[0], drafts);
        const weights = drafts.map(({ reward }) => Math.exp(reward / temperature));
        const share = random.fraction() * weights.reduce((sum, weight) => sum + weight, 0);
        const drawn = weights.findIndex((_, index) => weights.slice(0, index + 1).reduce((sum, weight) => sum + weight, 0) > share);
        const [steps] = await keep(search, [0]);
        expect(steps.map(({ rank }) => rank)).toEqual(steps.map(() => drawn));
        response.push(...steps.map(({ token }) => token));
        if (response.at(-1) === eos) break;
      }
    });
  });
});
