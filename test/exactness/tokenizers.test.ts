/** Reward models with another tokenizer than the policy's, against brute force that cuts each of the policy's tokens apart. */
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type GenerateOptions, type LoadOptions, load, loadReward, type Step } from "../../src/index.js";
import { Utf8Stream } from "../../src/model/text-decoder.js";
import { architectureModel } from "../helpers/architectures.js";
import { decode, MARGIN, promptOf } from "../helpers/brute-force.js";
import { ALL_BYTES, type ByteVocabulary } from "../helpers/byte-vocabulary.js";
import { writeGguf } from "../helpers/gguf-writer.js";
import { MergedVocabulary } from "../helpers/merged-vocabulary.js";
import { modelFolder, type StoredModel } from "../helpers/model-folder.js";
import { PieceVocabulary } from "../helpers/piece-vocabulary.js";
import type { Setting } from "../helpers/reference-args.js";
import { type BlockSetting, blockSetting, referenceBlock } from "../helpers/reference-blocks.js";
import { rewardsAtEnd } from "../helpers/reference-llama.js";
import { apartStep, cutApart, cutWhole } from "../helpers/reference-retokenised.js";

/** Letters, and the parts of "日" and "😀": what a random policy makes of these is often no character. */
const WRITTEN = Buffer.from("abehnot .日😀");
const MERGES: [string | number[], string | number[]][] = [
  ["t", "h"],
  ["th", "e"],
  [" ", "a"],
  ["o", "n"],
  ["e", " "],
  [[0xe6], [0x97]],
  [[0x9f], [0x98]],
];
const READ: [string | number[], string | number[]][] = [
  ["h", "e"],
  ["t", "he"],
  [" ", "t"],
  [" t", "he"],
  ["b", "o"],
  [[0xe6], [0x97]],
  [[0xe6, 0x97], [0xa5]],
  [[0xef], [0xbf]],
];
const POLICY = new MergedVocabulary(new Set(WRITTEN), MERGES);
const BPE = new MergedVocabulary(Array(256).keys(), READ);
const SPM = new PieceVocabulary([..."▁abehnot.", ...["▁t", "he", "▁the", "bo", "▁a", "on", "▁bo", "日"]]);

const PROMPT = "a hot bone.";
const ERROR = 1e-4;

const folder = modelFolder();
let seed = 700;
const write = (vocabulary: ByteVocabulary, labels?: readonly string[]): StoredModel =>
  folder.write({ seed: ++seed, vocabulary, layers: 1, ...(labels && { labels }) });

const PAIRS: [what: string, reward: ByteVocabulary, policy: ByteVocabulary][] = [
  ["a byte-level BPE with other merges", BPE, POLICY],
  ["one that has every byte apart", ALL_BYTES, POLICY],
  ["SentencePiece, which puts a space before texts", SPM, POLICY],
  ["a byte-level BPE beside a policy of SentencePiece", BPE, SPM],
];

function setting(policy: StoredModel, rewards: readonly StoredModel[], topK: number): Setting {
  const read = ({ model }: StoredModel) => ({ model, prompt: promptOf(model, PROMPT) });
  return { policy: read(policy), rewards: rewards.map(read), topK, weight: 0.5, combine: "interpolate" };
}

interface Seen {
  decided: number;
  waits: number;
}

/** Every candidate of every step, and the choice. */
function expectApart(wanted: Setting, steps: readonly Step[]): Seen {
  const seen: Seen = { decided: 0, waits: 0 };
  const response: number[] = [];
  for (const step of steps) {
    const expected = apartStep(wanted, response);
    for (const { token, reward, score, waits = false } of step.candidates ?? []) {
      const reference = expected.find((each) => each.token === token);
      if (reference === undefined) continue; // on the border of the top-k
      const where = `${JSON.stringify(wanted.policy.model.vocabulary.decode([...response, token]))}`;
      expect(Math.abs((reward ?? Number.NaN) - reference.reward), `reward of ${where}`).toBeLessThan(ERROR);
      expect(Math.abs((score ?? Number.NaN) - reference.score), `score of ${where}`).toBeLessThan(ERROR);
      expect(waits, where).toBe(reference.waits);
      if (waits) seen.waits++;
    }
    const [best, second] = [...expected].sort((a, b) => b.score - a.score);
    if (best.score - (second?.score ?? Number.NEGATIVE_INFINITY) > MARGIN) {
      expect(step.token).toBe(best.token);
      seen.decided++;
    }
    response.push(step.token);
  }
  return seen;
}

async function run(policy: StoredModel, rewards: readonly StoredModel[], options: GenerateOptions, more: LoadOptions = {}) {
  const reward = rewards.map(({ path }) => path);
  const decoder = await load({ policy: policy.path, reward, tokenizers: "any", gpu: false, threads: 1, ...more });
  try {
    return await decode(decoder, PROMPT, { weight: 0.5, ...options });
  } finally {
    await decoder.dispose();
  }
}

describe.for(PAIRS)("%s", ([, vocabulary, written]) => {
  const policy = write(written);
  const reward = write(vocabulary, ["reward"]);

  it.for([1, 3, 10, 25])("rates every candidate as brute force does: k = %i", async (topK) => {
    const { steps } = await run(policy, [reward], { topK, maxTokens: 16 });
    const seen = expectApart(setting(policy, [reward], topK), steps);
    expect(seen.decided).toBeGreaterThan(0.8 * steps.length);
    if (topK > 3) expect(seen.waits).toBeGreaterThan(0);
  });
});

describe("beside others", () => {
  const policy = write(POLICY);
  const same = write(POLICY, ["same"]);
  const other = write(BPE, ["one", "two"]);
  const third = write(SPM, ["third"]);

  it("reads what others read in the policy's own tokens", async () => {
    const rewards = [other, same, third];
    const { steps } = await run(policy, rewards, { topK: 12, maxTokens: 20 });
    const seen = expectApart(setting(policy, rewards, 12), steps);
    expect(seen.decided).toBeGreaterThan(0.8 * steps.length);
    const [{ objectives }] = steps;
    expect(Object.keys(objectives)).toEqual(["one", "two", "same", "third"]);
  });

  it("gives the same in slots that share a context, and in waves", async () => {
    const prompts = ["a hot bone.", "the boat", "one bone to bathe"];
    const decoder = await load({
      policy: policy.path,
      reward: [other.path, third.path],
      tokenizers: "any",
      gpu: false,
      threads: 1,
      slots: 3,
    });
    const options: GenerateOptions = {
      template: "none",
      topK: 12,
      maxTokens: 12,
      weight: 0.5,
      ending: "reward",
      dryMultiplier: 0,
      candidates: true,
    };
    const together = await decoder.generateAll(prompts, options);
    for (const [index, prompt] of prompts.entries()) {
      const { steps } = await decode(decoder, prompt, options);
      expect(together[index].tokens).toEqual(steps.map(({ token }) => token));
      const read = ({ model }: StoredModel) => ({ model, prompt: promptOf(model, prompt) });
      const wanted: Setting = { policy: read(policy), rewards: [other, third].map(read), topK: 12, weight: 0.5, combine: "interpolate" };
      expectApart(wanted, steps);
    }
    await decoder.dispose();
  });
});

describe("gates", () => {
  const policy = write(POLICY);
  const rewards = [write(BPE, ["one"]), write(SPM, ["two"])];

  it.for<GenerateOptions["gate"]>([{ entropy: 1.2 }, { topProbability: 0.5 }])("leave out steps, not what they wrote: %o", async (gate) => {
    const options: GenerateOptions = { topK: 8, maxTokens: 28, gate };
    const { steps, result } = await run(policy, rewards, options);
    expect(result.gate.gated).toBeGreaterThan(3);
    expect(result.gate.guided).toBeGreaterThan(3);
    const wanted = setting(policy, rewards, 8);
    const response: number[] = [];
    for (const [index, { token, reward, candidates = [] }] of steps.entries()) {
      const expected = apartStep(wanted, response);
      const rated = candidates.filter((candidate) => candidate.reward !== null);
      for (const candidate of rated) {
        const reference = expected.find((each) => each.token === candidate.token);
        if (reference) expect(Math.abs((candidate.reward ?? 0) - reference.reward), `step ${index}`).toBeLessThan(ERROR);
      }
      // The last tokens are read late where a gate had left them out.
      if (index === steps.length - 1) {
        const reference = expected.find((each) => each.token === token);
        expect(Math.abs((reward ?? Number.NaN) - (reference?.reward ?? Number.NaN))).toBeLessThan(ERROR);
      }
      response.push(token);
    }
  });
});

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
  const { steps } = await run(policy, rewards, {
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

function wholeText(vocabulary: ByteVocabulary, tokens: readonly number[]): string {
  return new Utf8Stream().push(Uint8Array.from(tokens.flatMap((token) => vocabulary.bytesOf(token))));
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

describe("reward models that keep a state", () => {
  const policy = write(POLICY);
  const path = join(dirname(policy.path), "recurrent.gguf");
  writeGguf(path, architectureModel("state spaces and attention", 7, ALL_BYTES));

  // Of bytes apart, what is cut apart is what is cut at once: score() reads the same, by other means.
  it.for<GenerateOptions>([
    { topK: 8 },
    { topK: 8, gate: { entropy: 1.5 } },
    { method: "blocks", block: 5, topK: 20 },
    { method: "blocks", block: 6, topK: 20, keepDrafts: 2 },
  ])("are read as score() reads them: %o", async (options) => {
    const decoder = await load({ policy: policy.path, reward: path, tokenizers: "any", gpu: false, threads: 1 });
    const { steps } = await decode(decoder, PROMPT, { maxTokens: 18, ending: "never", weight: 0.5, seed: 5, ...options });
    const judge = await loadReward({ reward: path, gpu: false, threads: 1 });
    let compared = 0;
    for (const [index, { reward, waits }] of steps.entries()) {
      const response = wholeText(
        POLICY,
        steps.slice(0, index + 1).map(({ token }) => token),
      );
      if (reward === null || waits || response === "") continue;
      const scored = await judge.score({ prompt: PROMPT, response }, { template: "none" });
      expect(Math.abs(scored.reward - reward), `step ${index}`).toBeLessThan(1e-3);
      compared++;
    }
    await Promise.all([decoder.dispose(), judge.dispose()]);
    expect(compared).toBeGreaterThan(1);
  });
});

describe("contexts", () => {
  const policy = write(POLICY);
  const reward = write(ALL_BYTES, ["reward"]);

  it("that a reward model fills first end the response", async () => {
    for (const options of [{ topK: 1 }, { topK: 25 }, { topK: 25, gate: { entropy: 1.5 } }, { method: "blocks", block: 4 }] as const) {
      const { steps, result } = await run(policy, [reward], { maxTokens: 200, ending: "never", ...options }, { contextSize: 40 });
      expect(result.finishReason, JSON.stringify(options)).toBe("context");
      const written = Buffer.byteLength(result.text);
      expect(written).toBeGreaterThan(20);
      expect(promptOf(reward.model, PROMPT).length + written).toBeLessThan(40 + 12);
      expect(steps.length).toBeGreaterThan(5);
    }
  });

  it("are reused by what goes on, token for token", async () => {
    const options: GenerateOptions = { template: "none", topK: 12, maxTokens: 12, weight: 0.5, ending: "never", dryMultiplier: 0 };
    const decoder = await load({ policy: policy.path, reward: reward.path, tokenizers: "any", gpu: false, threads: 1 });
    const first = await decoder.generate(PROMPT, options);
    const before = decoder.counters();
    const next = `${PROMPT}${first.text} the`;
    const again = await decoder.generate(next, options);
    const { rewardPrefillTokens } = decoder.counters();
    const own = promptOf(reward.model, next).length;
    // The response's tokens are there, each apart: bytes are the same either way.
    expect(rewardPrefillTokens - before.rewardPrefillTokens).toBeLessThan(own - promptOf(reward.model, PROMPT).length);
    await decoder.dispose();
    const fresh = await load({ policy: policy.path, reward: reward.path, tokenizers: "any", gpu: false, threads: 1 });
    expect((await fresh.generate(next, options)).tokens).toEqual(again.tokens);
    await fresh.dispose();
  });

  it("decode each candidate's own tokens, once", async () => {
    const decoder = await load({ policy: policy.path, reward: reward.path, tokenizers: "any", gpu: false, threads: 1 });
    const { steps } = await decode(decoder, PROMPT, { topK: 12, maxTokens: 16, weight: 0.5, ending: "never" });
    const { rewardTokens, rewardDecodes, policyTokens } = decoder.counters();
    await decoder.dispose();
    const response: number[] = [];
    let tokens = 0;
    for (const { token, candidates = [] } of steps) {
      for (const each of candidates) tokens += cutApart(POLICY, ALL_BYTES, [...response, each.token]).at(-1)?.length ?? 0;
      response.push(token);
    }
    expect(rewardTokens).toBe(tokens);
    expect(policyTokens).toBe(steps.length);
    // And two for the prompt, whose end is read.
    expect(rewardDecodes).toBeLessThanOrEqual(steps.length + 2);
  });
});
