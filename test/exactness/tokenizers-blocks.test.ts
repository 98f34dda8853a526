/** Blocks that reward models with another tokenizer than the policy's rate: as the whole text, cut anew. */
import { describe, expect, it } from "vitest";
import { MARGIN, promptOf } from "../helpers/brute-force.js";
import type { ByteVocabulary } from "../helpers/byte-vocabulary.js";
import { modelFolder, type StoredModel } from "../helpers/model-folder.js";
import { type BlockSetting, blockSetting, referenceBlock } from "../helpers/reference-blocks.js";
import { rewardsAtEnd } from "../helpers/reference-llama.js";
import { cutWhole, wholeText } from "../helpers/reference-retokenised.js";
import { across, BPE, POLICY, PROMPT, SPM } from "../helpers/two-tokenizers.js";

const ERROR = 1e-4;

const folder = modelFolder();
let seed = 800;
const write = (vocabulary: ByteVocabulary, labels?: readonly string[]): StoredModel =>
  folder.write({ seed: ++seed, vocabulary, layers: 1, ...(labels && { labels }) });

describe("blocks", () => {
  const policy = write(POLICY);
  const READINGS: [what: string, given: Partial<BlockSetting>][] = [
    ["at their ends", {}],
    ["with some dropped at half", { keep: 2, tokens: 6 }],
    ["by the mean", { mean: true }],
    ["where the reward decides the ending", { ending: "reward", readAtEnd: [true, true] }],
  ];

  it.for(READINGS)("are rated as the whole text, cut anew: %s", async ([, given]) => {
    const rewards = [write(BPE, ["one"]), write(SPM, ["two"])];
    let decided = 0;
    for (const seed of [11, 12, 13, 14]) {
      const block = blockSetting({ policy, reward: rewards[0] }, PROMPT, { rewards: [], topK: 20, ending: "policy", seed, ...given });
      decided += await expectBlocks(policy, rewards, block);
    }
    expect(decided).toBeGreaterThan(6);
  });
});

/** Returns how many blocks brute force can decide. */
async function expectBlocks(policy: StoredModel, rewards: readonly StoredModel[], block: BlockSetting): Promise<number> {
  const { drafts, tokens, keep = drafts, seed, mean = false, ending = "policy" } = block;
  const { steps } = await across(policy, rewards, {
    ...{ method: "blocks", drafts, keepDrafts: keep, block: tokens, seed, blockReward: mean ? "mean" : "end", ending },
    ...{ topK: block.topK, topP: block.topP, temperature: block.policyTemperature, maxTokens: 5 * tokens, candidates: false },
    rewardAt: block.readAtEnd ? "end" : "last",
  });
  let decided = 0;
  for (let at = 0, number = 0; at < steps.length; number++) {
    const before = steps.slice(0, at).map(({ token }) => token);
    const last = steps.findIndex(({ score }, index) => index >= at && score !== null);
    const reference = chosenDraft(block, before, number, (draft) => wholeReward(policy, rewards, block, before, draft));
    if (reference.margin > MARGIN) {
      const found = steps.slice(at, last + 1).map(({ token }) => token);
      expect(found, `block ${number} behind ${JSON.stringify(policy.model.vocabulary.decode(before))}`).toEqual(reference.tokens);
      expect(Math.abs((steps[last].score ?? Number.NaN) - reference.reward)).toBeLessThan(ERROR);
      decided++;
    }
    at = last + 1;
  }
  return decided;
}

/** What a draft is worth to reward models that read the whole text with it, each token at the last of theirs that ends no later. */
function wholeReward(
  policy: StoredModel,
  rewards: readonly StoredModel[],
  block: BlockSetting,
  before: readonly number[],
  draft: readonly number[],
): number {
  const written = policy.model.vocabulary;
  const ended = draft.at(-1) === written.eos;
  const all = [...before, ...draft];
  return rewards.reduce((sum, { model }, index) => {
    const own = cutWhole(written, model.vocabulary, all);
    const counted = draft.length - (ended && !block.readAtEnd?.[index] ? 1 : 0);
    // An end alone: what the response was worth before it.
    const ends = counted === 0 ? [before.length] : Array.from({ length: counted }, (_, token) => before.length + token + 1);
    const read = (block.mean ? ends : ends.slice(-1)).map((end) => {
      const bytes = Buffer.byteLength(wholeText(written, all.slice(0, end)));
      const text = ended ? own.slice(0, -1) : own;
      const tokens = end === all.length ? own.length : readBy(model.vocabulary, text, bytes);
      return rewardsAtEnd(model, [...promptOf(model, PROMPT), ...own.slice(0, tokens)])[0];
    });
    return sum + read.reduce((total, value) => total + value, 0) / read.length;
  }, 0);
}

/** How many of the tokens write no more than so many bytes. */
function readBy(vocabulary: ByteVocabulary, tokens: readonly number[], bytes: number): number {
  let written = 0;
  const beyond = tokens.findIndex((token) => {
    written += vocabulary.bytesOf(token).length;
    return written > bytes;
  });
  return beyond < 0 ? tokens.length : beyond;
}

/** Of the drafts that the policy draws, that which the reward chooses. */
function chosenDraft(block: BlockSetting, before: readonly number[], number: number, rate: (draft: readonly number[]) => number) {
  const { keep = block.drafts, tokens, drafts: count, ending } = block;
  const { drafts } = referenceBlock({ ...block, keep: count, rewards: [] }, before, number);
  let live = drafts;
  let margin = Number.POSITIVE_INFINITY;
  if (keep < count) {
    const half = drafts.map((draft) => ({ draft, reward: rate(draft.tokens.slice(0, Math.floor(tokens / 2))) }));
    const others = half.slice(1).sort((a, b) => b.reward - a.reward);
    margin = (others[keep - 2]?.reward ?? Number.NaN) - (others[keep - 1]?.reward ?? Number.NaN);
    live = [drafts[0], ...others.slice(0, keep - 1).map(({ draft }) => draft)].sort((a, b) => a.number - b.number);
  }
  const rated = live.map((draft) => ({ ...draft, reward: rate(draft.tokens) }));
  const rivals = rated.filter(({ end }) => ending !== "policy" || end === rated[0].end).sort((a, b) => b.reward - a.reward);
  const [first] = rivals;
  const second = rivals.find((draft) => draft.tokens.join() !== first.tokens.join());
  return {
    tokens: first.tokens,
    reward: first.reward,
    margin: Math.min(margin, first.reward - (second?.reward ?? Number.NEGATIVE_INFINITY)),
  };
}
