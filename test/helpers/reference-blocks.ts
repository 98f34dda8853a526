/**
 * Search by blocks, slowly: every draft's next token is drawn after the policy has read the whole text again, and the reward model reads the
 * whole draft again. The draws are the documented ones: the same seeds, the same generator (Matsumoto & Nishimura's MT19937-64), the same order.
 */
import { promptOf } from "./brute-force.js";
import type { RandomModel } from "./random-model.js";
import { type RewardReading, valuesAtEnd } from "./reference-args.js";
import { nextLogProbs } from "./reference-llama.js";
import type { StoredPair } from "./stored-models.js";

export interface BlockSetting {
  policy: { model: RandomModel; prompt: readonly number[] };
  rewards: readonly RewardReading[];
  topK: number;
  topP: number;
  policyTemperature: number;
  /** Added to logits. */
  biases?: ReadonlyMap<number, number>;
  excluded?: ReadonlySet<number>;
  seed: number;
  drafts: number;
  /** Tokens of a block. */
  tokens: number;
  keep?: number;
  mean?: boolean;
  /** One a reward model; default none. */
  readAtEnd?: readonly boolean[];
  ending?: "reward" | "policy";
}

/** Blocks of a stored pair as generate() decodes them by default, but shorter ones. */
export function blockSetting({ policy, reward }: StoredPair, prompt: string, given: Partial<BlockSetting> = {}): BlockSetting {
  return {
    policy: { model: policy.model, prompt: promptOf(policy.model, prompt) },
    rewards: [{ model: reward.model, prompt: promptOf(reward.model, prompt) }],
    topK: 40,
    topP: 0.95,
    policyTemperature: 0.8,
    seed: 11,
    drafts: 4,
    tokens: 5,
    ...given,
  };
}

export interface ReferenceDraft {
  number: number;
  tokens: number[];
  logProbs: number[];
  policyLogProbs: number[];
  end: boolean;
  objectives: number[];
  reward: number;
}

export interface ReferenceBlock {
  /** Those rated at half a block, where some are dropped. */
  half: ReferenceDraft[] | undefined;
  /** Least reward of those that go on less the highest of those that are dropped: who they are. */
  halfMargin: number;
  drafts: ReferenceDraft[];
  /** Place of the best among the drafts. */
  best: number;
  /** Its reward less that of the next one with other tokens. */
  margin: number;
}

const MASK = (1n << 64n) - 1n;

/** The sequence of std::mt19937_64, each number's highest 53 bits as a fraction. */
export class MersenneTwister64 {
  readonly #state: bigint[] = [];
  #next = 312;

  constructor(seed: bigint) {
    this.#state.push(seed & MASK);
    for (let i = 1n; i < 312n; i++) {
      const before = this.#state[Number(i) - 1];
      this.#state.push((6364136223846793005n * (before ^ (before >> 62n)) + i) & MASK);
    }
  }

  fraction(): number {
    if (this.#next === 312) this.#turn();
    let x = this.#state[this.#next++];
    x ^= (x >> 29n) & 0x5555555555555555n;
    x ^= (x << 17n) & 0x71d67fffeda60000n;
    x ^= (x << 37n) & 0xfff7eee000000000n;
    x = (x ^ (x >> 43n)) & MASK;
    return Number(x >> 11n) * 2 ** -53;
  }

  #turn(): void {
    const state = this.#state;
    for (let i = 0; i < 312; i++) {
      const x = (state[i] & 0xffffffff80000000n) | (state[(i + 1) % 312] & 0x7fffffffn);
      state[i] = state[(i + 156) % 312] ^ (x >> 1n) ^ (x & 1n ? 0xb5026f5aa96619e9n : 0n);
    }
    this.#next = 0;
  }
}

/** splitmix64 of seed + 2^32 draft + 2^48 block. */
export function draftSeed(seed: number, block: number, draft: number): bigint {
  let mixed = (BigInt(seed) + (BigInt(draft) << 32n) + (BigInt(block) << 48n) + 0x9e3779b97f4a7c15n) & MASK;
  mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return mixed ^ (mixed >> 31n);
}

/** The block that follows a response so far. */
export function referenceBlock(setting: BlockSetting, response: readonly number[], block: number): ReferenceBlock {
  const { drafts: count, tokens, keep = count, seed } = setting;
  const drawn = Array.from({ length: count }, (_, number) => drawDraft(setting, response, number, draftSeed(seed, block, number)));
  let live = drawn;
  let half: ReferenceDraft[] | undefined;
  let halfMargin = Number.POSITIVE_INFINITY;
  if (keep < count && tokens > 1) {
    half = drawn.map((draft) => rated(setting, response, cut(setting, draft, Math.floor(tokens / 2))));
    const { numbers, margin } = survivors(setting, half, keep);
    live = numbers.map((number) => drawn[number]);
    halfMargin = margin;
  }
  const drafts = live.map((draft) => rated(setting, response, draft));
  const rivals = drafts.filter(({ end }) => setting.ending !== "policy" || end === drafts[0].end);
  const [first, ...others] = [...rivals].sort((a, b) => b.reward - a.reward);
  const second = others.find(({ tokens }) => tokens.join() !== first.tokens.join());
  const margin = second ? first.reward - second.reward : Number.POSITIVE_INFINITY;
  return { half, halfMargin, drafts, best: drafts.indexOf(first), margin };
}

function survivors({ ending }: BlockSetting, half: readonly ReferenceDraft[], keep: number): { numbers: number[]; margin: number } {
  const stays = ending === "policy" ? [half[0]] : [];
  const byReward = half.filter((draft) => !stays.includes(draft)).sort((a, b) => b.reward - a.reward);
  const cut = keep - stays.length;
  const numbers = [...stays, ...byReward.slice(0, cut)].map(({ number }) => number).sort((a, b) => a - b);
  return { numbers, margin: cut > 0 ? byReward[cut - 1].reward - byReward[cut].reward : Number.POSITIVE_INFINITY };
}

type Unrated = Omit<ReferenceDraft, "objectives" | "reward">;

function cut({ policy }: BlockSetting, draft: Unrated, length: number): Unrated {
  const tokens = draft.tokens.slice(0, length);
  return { ...draft, tokens, end: tokens.at(-1) === policy.model.vocabulary.eos };
}

function drawDraft(setting: BlockSetting, response: readonly number[], number: number, seed: bigint): Unrated {
  const { policy, tokens: length } = setting;
  const random = new MersenneTwister64(seed);
  const draft: Unrated = { number, tokens: [], logProbs: [], policyLogProbs: [], end: false };
  while (draft.tokens.length < length && !draft.end) {
    const own = nextLogProbs(policy.model, [...policy.prompt, ...response, ...draft.tokens]);
    const left = sampled(setting, own);
    const token = draw(left, random.fraction());
    draft.tokens.push(token);
    draft.logProbs.push(left.get(token) ?? Number.NaN);
    draft.policyLogProbs.push(own[token]);
    draft.end = token === policy.model.vocabulary.eos;
  }
  return draft;
}

/** Log-probabilities of what bias, top-k, top-p and temperature leave, in llama.cpp's order. */
function sampled({ topK, topP, policyTemperature, biases, excluded }: BlockSetting, own: Float64Array): Map<number, number> {
  const biased = Array.from(own, (logProb, token) => ({ token, logit: logProb + (biases?.get(token) ?? 0) }));
  const ranked = biased.filter(({ token }) => !excluded?.has(token)).sort((a, b) => b.logit - a.logit);
  const top = normalised(ranked.slice(0, topK === 0 ? undefined : topK));
  let mass = 0;
  const nucleus = top.filter(({ logit }) => {
    const before = mass;
    mass += Math.exp(logit);
    return before < topP;
  });
  const tempered = normalised(nucleus.map(({ token, logit }) => ({ token, logit: logit / policyTemperature })));
  return new Map(tempered.map(({ token, logit }) => [token, logit]));
}

function normalised(entries: readonly { token: number; logit: number }[]): { token: number; logit: number }[] {
  const norm = Math.log(entries.reduce((sum, { logit }) => sum + Math.exp(logit), 0));
  return entries.map(({ token, logit }) => ({ token, logit: logit - norm }));
}

/** The first token, by ascending id, at which the sum of probabilities exceeds the fraction. */
function draw(logProbs: ReadonlyMap<number, number>, fraction: number): number {
  const tokens = [...logProbs.keys()].sort((a, b) => a - b);
  let sum = 0;
  for (const token of tokens) {
    sum += Math.exp(logProbs.get(token) ?? 0);
    if (sum > fraction) return token;
  }
  return tokens[tokens.length - 1];
}

function summed(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function rated(setting: BlockSetting, response: readonly number[], draft: Unrated): ReferenceDraft {
  const objectives = setting.rewards.flatMap((reading, index) => {
    const content = draft.tokens.length - (draft.end && !setting.readAtEnd?.[index] ? 1 : 0);
    const at = (length: number) => valuesAtEnd(reading, [...response, ...draft.tokens.slice(0, length)]);
    if (reading.kind)
      return [summed(Array.from({ length: content }, (_, token) => at(token + 1)[0])) / (setting.mean ? Math.max(1, content) : 1)];
    // Only an end: what the response was worth before, or if it had not begun, what the end is worth.
    if (content === 0) return at(response.length > 0 ? 0 : 1);
    if (!setting.mean) return at(content);
    const rows = Array.from({ length: content }, (_, token) => at(token + 1));
    return rows[0].map((_, label) => rows.reduce((sum, row) => sum + row[label], 0) / content);
  });
  const weights = setting.rewards.flatMap(({ model, weights }) => weights ?? (model.head ? Array.from(model.head.bias, () => 1) : []));
  return { ...draft, objectives, reward: objectives.reduce((sum, value, index) => sum + value * weights[index], 0) };
}
