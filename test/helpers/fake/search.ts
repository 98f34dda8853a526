/** A search in memory: a policy that recites a script, and rewards by a formula. */
import type {
  BeginOptions,
  BeginResult,
  NativeDraft,
  NativeDraftBatch,
  NativeEndBatch,
  NativeKeepBatch,
  NativeSearch,
  NativeStep,
  NativeStepBatch,
  PrefillOptions,
  SearchOptions,
} from "../../../src/engine/binding.js";
import { commonPrefix } from "../../../src/model/common-prefix.js";
import { bytesOf, EOS, N_VOCAB } from "./model.js";
import { type Fake, nativeError, throwIfCancelled } from "./state.js";

interface FakeSlot {
  begun: BeginOptions;
  promptLength: number;
  tokens: number[];
  /** Those that are decoded. */
  held: number;
  script: number[];
  reward: number[][];
}

interface Proposal {
  tokens: number[];
  logProbs: number[];
  objectives: number[];
  rewards: number[];
}

export class FakeSearch implements NativeSearch {
  readonly #slots: (FakeSlot | undefined)[];
  readonly #proposals = new Map<number, Proposal>();
  readonly #drafts = new Map<number, NativeDraft[]>();
  /** Those that are not decoded yet. */
  readonly #prompts = new Map<number, BeginResult>();
  #steps = 0;

  constructor(
    readonly fake: Fake,
    readonly options: SearchOptions,
  ) {
    this.#slots = Array.from({ length: options.slots }, () => undefined);
  }

  async begin(slot: number, options: BeginOptions): Promise<BeginResult> {
    await this.fake.call(`begin ${slot}`);
    throwIfCancelled(options.cancel);
    this.fake.begun.push(options);
    const tokens = [...options.policyTokens];
    const before = this.#slots[slot];
    const cached = Math.min(commonPrefix(before?.tokens ?? [], tokens), before?.held ?? 0, Math.max(0, tokens.length - 1));
    const text = new TextDecoder().decode(Uint8Array.from(tokens.filter((token) => token < 256)));
    const script = [...bytesOf(this.fake.script(text)), EOS];
    this.#slots[slot] = {
      begun: options,
      promptLength: tokens.length,
      tokens,
      held: cached,
      script,
      reward: (options.rewardTokens ?? []).map((each) => [...each]),
    };
    const begun = { policyCached: cached, policyDecoded: 0, rewardCached: [], rewardDecoded: [], policyMs: 1, rewardMs: 1, done: false };
    return this.#decodePrompt(slot, begun, options.limit);
  }

  async prefill(slot: number, { limit, cancel }: PrefillOptions): Promise<BeginResult> {
    await this.fake.call(`prefill ${slot}`);
    throwIfCancelled(cancel);
    const prompt = this.#prompts.get(slot);
    if (!prompt) throw nativeError("BUSY", `slot ${slot} has no prompt`);
    return this.#decodePrompt(slot, prompt, limit);
  }

  #decodePrompt(index: number, before: BeginResult, limit = Number.POSITIVE_INFINITY): BeginResult {
    const slot = this.#slot(index);
    const wanted = Math.max(0, slot.promptLength - 1);
    const found = Math.min(wanted, Math.max(slot.held, this.#heldOf(slot)));
    const decoded = Math.min(limit, wanted - found);
    this.fake.decoded.push([index, decoded]);
    const policyCached = before.policyCached + found - slot.held;
    slot.held = found + decoded;
    const begun = { ...before, policyCached, policyDecoded: before.policyDecoded + decoded, done: slot.held === wanted };
    if (begun.done) this.#prompts.delete(index);
    else this.#prompts.set(index, begun);
    return begun;
  }

  /** The most that any slot holds of this one's prompt. */
  #heldOf({ tokens }: FakeSlot): number {
    if (!this.fake.shares) return 0;
    return Math.max(...this.#slots.map((other) => Math.min(other?.held ?? 0, commonPrefix(other?.tokens ?? [], tokens))));
  }

  async step(slots: Int32Array): Promise<NativeStepBatch> {
    await this.fake.call(`step ${slots.join(",")}`);
    return this.#batch(slots, (slot) => {
      const proposal = this.#propose(this.#slot(slot));
      return this.#choose(slot, proposal, proposal.rewards);
    });
  }

  async propose(slots: Int32Array): Promise<NativeStepBatch> {
    await this.fake.call(`propose ${slots.join(",")}`);
    return this.#batch(slots, (slot) => {
      const proposal = this.#propose(this.#slot(slot));
      this.#proposals.set(slot, proposal);
      return stepOf(slot, -1, -1, proposal, proposal.rewards, []);
    });
  }

  async commit(slots: Int32Array, rewards: Float64Array[]): Promise<NativeStepBatch> {
    await this.fake.call(`commit ${slots.join(",")}`);
    const given = new Map([...slots].map((slot, index) => [slot, rewards[index]]));
    return this.#batch(slots, (slot) => {
      const proposal = this.#proposals.get(slot);
      const values = given.get(slot);
      if (!proposal || values?.length !== proposal.tokens.length) throw nativeError("DECODE_FAILED", "commit without a proposal");
      return this.#choose(slot, proposal, [...values]);
    });
  }

  /** All tokens of a block at once: draft j says what the script wants, its last token j further on. */
  async draft(slots: Int32Array, tokens: Int32Array): Promise<NativeDraftBatch> {
    await this.fake.call(`draft ${slots.join(",")}`);
    const drafted = [...slots].map((slot, index) => {
      const drafts = this.#draft(this.#slot(slot), tokens[index] ?? 1);
      this.#drafts.set(slot, drafts);
      return { slot, drafts };
    });
    return { slots: drafted, failed: [], policyMs: 4, rewardMs: 8 };
  }

  async keep(slots: Int32Array, rewards: Float64Array[]): Promise<NativeKeepBatch> {
    await this.fake.call(`keep ${slots.join(",")}`);
    const kept = [...slots].map((slot, index) => {
      const drafts = this.#drafts.get(slot);
      const given = rewards[index] ?? [];
      if (!drafts || (given.length > 0 && given.length !== drafts.length)) throw nativeError("DECODE_FAILED", "keep without drafts");
      return { slot, steps: this.#keep(slot, drafts, given.length > 0 ? [...given] : drafts.map(({ reward }) => reward ?? 0)) };
    });
    return { slots: kept, failed: [], policyMs: 1, rewardMs: 2 };
  }

  async clear(slot: number): Promise<void> {
    this.#slots[slot] = undefined;
  }

  counters(): ReturnType<NativeSearch["counters"]> {
    return {
      steps: this.#steps,
      policyTokens: 0,
      policyPrefillTokens: 0,
      policySharedTokens: 0,
      rewardTokens: 0,
      rewardPrefillTokens: 0,
      rewardSharedTokens: 0,
      policyDecodes: 0,
      rewardDecodes: 0,
      rewardProjections: 0,
      decodeMs: 0,
    };
  }

  async sharesTrunk(): Promise<boolean> {
    return false;
  }

  async cacheBytes(): Promise<{ policy: number; rewards: number[] }> {
    return { policy: 0, rewards: [] };
  }

  async dispose(): Promise<void> {
    await this.fake.call("search.dispose");
  }

  #draft(slot: FakeSlot, length: number): NativeDraft[] {
    const at = slot.tokens.length - slot.promptLength;
    const wanted = slot.script.slice(at, at + length);
    const weights = this.options.rewards.flatMap((source) => [...source.weights]);
    return Array.from({ length: slot.begun.blocks?.drafts ?? 1 }, (_, draft) => {
      const tokens = wanted.map((token, index) => (index === wanted.length - 1 ? (token + draft) % N_VOCAB : token));
      const objectives = this.options.rewards.flatMap((source, model) =>
        Array.from(source.weights, (_, label) => this.fake.reward([...(slot.reward[model] ?? []), ...tokens], label)),
      );
      const logProbs = Float64Array.from(tokens, () => -0.1 - draft);
      return {
        tokens: Int32Array.from(tokens),
        logProbs,
        policyLogProbs: logProbs,
        bytes: Uint8Array.from(tokens.filter((token) => token < 256)),
        end: tokens.includes(EOS),
        objectives: Float64Array.from(objectives),
        reward: objectives.length === 0 ? null : objectives.reduce((sum, value, label) => sum + value * (weights[label] ?? 0), 0),
      };
    });
  }

  async rateEnd(slots: Int32Array): Promise<NativeEndBatch> {
    await this.fake.call(`rateEnd ${slots.join(",")}`);
    return { slots: [...slots].map((slot) => ({ slot, last: null, before: null })), failed: [], rewardMs: 8 };
  }

  #keep(index: number, drafts: readonly NativeDraft[], rewards: readonly number[]): NativeStep[] {
    const slot = this.#slot(index);
    const rank = rewards.indexOf(Math.max(...rewards));
    const draft = drafts[rank];
    if (!draft) throw nativeError("DECODE_FAILED", "there is no draft");
    slot.tokens.push(...draft.tokens);
    slot.held = slot.tokens.length;
    for (const tokens of slot.reward) tokens.push(...draft.tokens);
    return [...draft.tokens].map((token, place) => {
      const last = place === draft.tokens.length - 1;
      return {
        slot: index,
        token,
        rank,
        eog: token === EOS,
        bytes: Uint8Array.from(token < 256 ? [token] : []),
        logProb: draft.logProbs[place] ?? Number.NaN,
        policyLogProb: draft.policyLogProbs[place] ?? Number.NaN,
        reward: last ? draft.reward : null,
        objectives: last ? draft.objectives : draft.objectives.map(() => Number.NaN),
        score: last ? (rewards[rank] ?? Number.NaN) : Number.NaN,
        ...{ rated: 0, audited: false, violated: false, predicted: false, waits: false, full: false, window: 1, ahead: 0 },
      };
    });
  }

  #slot(index: number): FakeSlot {
    const slot = this.#slots[index];
    if (!slot) throw nativeError("DECODE_FAILED", `slot ${index} was not begun`);
    return slot;
  }

  #batch(slots: Int32Array, one: (slot: number) => NativeStep): NativeStepBatch {
    this.#steps++;
    return { steps: [...slots].map(one), failed: [], policyMs: 4, rewardMs: 8, totalMs: 13 };
  }

  /** The script's next token first, then its neighbours, each less likely. */
  #propose(slot: FakeSlot): Proposal {
    const wanted = slot.script[slot.tokens.length - slot.promptLength] ?? EOS;
    const k = slot.begun.method === "sample" ? 1 : slot.begun.topK;
    const tokens = Array.from({ length: k }, (_, index) => (wanted + index) % N_VOCAB);
    const objectives = tokens.flatMap((token) => this.#objectives(slot, token));
    const labels = objectives.length / k;
    const weights = this.options.rewards.flatMap((source) => [...source.weights]);
    const rewards = (labels === 0 ? [] : tokens).map((_, index) =>
      weights.reduce((sum, weight, label) => sum + weight * (objectives[index * labels + label] ?? 0), 0),
    );
    return { tokens, logProbs: tokens.map((_, index) => -0.1 - index), objectives, rewards };
  }

  #objectives(slot: FakeSlot, token: number): number[] {
    if (slot.begun.rewardTokens === null) return [];
    return this.options.rewards.flatMap((source, model) =>
      Array.from(source.weights, (_, label) => this.fake.reward([...(slot.reward[model] ?? []), token], label)),
    );
  }

  #choose(index: number, proposal: Proposal, rewards: number[]): NativeStep {
    const slot = this.#slot(index);
    const { weight, combine } = slot.begun;
    const scores = proposal.logProbs.map((logProb, i) => (combine === "additive" ? 1 : 1 - weight) * logProb + weight * (rewards[i] ?? 0));
    const rank = rewards.length === 0 ? 0 : scores.indexOf(Math.max(...scores));
    const token = proposal.tokens[rank] ?? EOS;
    slot.tokens.push(token);
    slot.held = slot.tokens.length;
    for (const tokens of slot.reward) tokens.push(token);
    const step = stepOf(index, token, rank, proposal, rewards, scores);
    return slot.begun.candidates ? step : { ...step, candidates: undefined as never };
  }
}

function stepOf(slot: number, token: number, rank: number, proposal: Proposal, rewards: number[], scores: number[]): NativeStep {
  const { tokens, logProbs, objectives } = proposal;
  const labels = objectives.length / tokens.length;
  return {
    slot,
    token,
    rank,
    eog: token === EOS,
    bytes: Uint8Array.from(token >= 0 && token < 256 ? [token] : []),
    logProb: logProbs[rank] ?? Number.NaN,
    policyLogProb: logProbs[rank] ?? Number.NaN,
    reward: rewards[rank] ?? null,
    objectives: Float64Array.from(objectives.slice(rank * labels, (rank + 1) * labels)),
    score: scores[rank] ?? Number.NaN,
    ...{ rated: rewards.length, audited: false, violated: false, predicted: false, waits: false, full: false, window: 1, ahead: 0 },
    candidates: {
      tokens: Int32Array.from(tokens),
      logProbs: Float64Array.from(logProbs),
      rewards: Float64Array.from(rewards),
      objectives: Float64Array.from(objectives),
      scores: Float64Array.from(scores),
    },
  };
}
