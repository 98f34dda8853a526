/**
 * A binding in memory: a byte-level vocabulary, a policy that recites a script, rewards by a formula. Deterministic, and
 * what the library did to it can be read back.
 */

import type {
  BeginOptions,
  BeginResult,
  Binding,
  GgufFile,
  GgufSet,
  LoadModelOptions,
  ModelInfo,
  NativeCancel,
  NativeDraft,
  NativeDraftBatch,
  NativeKeepBatch,
  NativeModel,
  NativeScorer,
  NativeSearch,
  NativeStep,
  NativeStepBatch,
  ScoreSequence,
  SearchOptions,
  SequenceScore,
} from "../../src/engine/binding.js";
import { commonPrefix } from "../../src/model/common-prefix.js";

export const BOS = 256;
export const EOS = 257;
const N_VOCAB = 258;

export interface FakeFile {
  labels?: string[] | null;
  chatTemplate?: string | null;
  nCtxTrain?: number;
  addBos?: boolean;
  /** A space before every text, as SentencePiece puts it. */
  spacePrefix?: boolean;
  /** Where the file says that its head reads a whole response. */
  position?: "last" | "end";
  /** Differs from the other files' vocabularies. */
  otherVocabulary?: boolean;
  /** Tokens that it does not know. */
  lacks?: number[];
}

/** The state of the fake: what it should do, and what was done. */
export class Fake {
  files: Record<string, FakeFile> = { policy: { labels: null }, reward: {} };
  gguf: GgufFile = { version: 3, files: ["model.gguf"], size: 0, entries: [], tensorTypes: [], tensorCount: 0, parameters: 0 };
  /** What the policy wants to say after a prompt (its text); then comes the end token. */
  script: (prompt: string) => string | Uint8Array = () => "abcdefghijklmnopqrstuvwxyz";
  /** The reward of each label for tokens that end in the candidate. */
  reward: (tokens: readonly number[], label: number) => number = (tokens, label) => ((tokens[tokens.length - 1] ?? 0) % 7) / 7 + label;
  /** Runs before each native call's answer; may wait or throw. */
  before: (call: string) => Promise<void> | void = () => {};
  /** Every call, in order: "begin 0", "step 0,1", "search.dispose", … */
  readonly calls: string[] = [];
  begun: BeginOptions[] = [];
  rewritten: { source: string; target: string; set: GgufSet[]; remove: string[] } | undefined;

  async call(name: string): Promise<void> {
    this.calls.push(name);
    await this.before(name);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Slots of each step, propose or commit, as they were batched. */
  batches(kind = "step"): string[] {
    return this.calls.filter((call) => call.startsWith(`${kind} `)).map((call) => call.slice(kind.length + 1));
  }
}

let current = new Fake();

/** Starts over; returns the new state. */
export function resetFake(): Fake {
  current = new Fake();
  return current;
}

/** An error as the addon throws it. */
export function nativeError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

class FakeCancel implements NativeCancel {
  cancelled = false;
  cancel(): void {
    this.cancelled = true;
  }
}

function throwIfCancelled(cancel: NativeCancel | undefined): void {
  if (cancel instanceof FakeCancel && cancel.cancelled) throw nativeError("ABORTED");
}

class FakeModel implements NativeModel {
  readonly info: ModelInfo;
  readonly file: FakeFile;

  constructor(
    readonly fake: Fake,
    path: string,
  ) {
    const file = fake.files[path];
    if (!file) throw nativeError("FILE_NOT_FOUND", `${path} does not exist`);
    const labels = file.labels === undefined ? ["reward"] : file.labels;
    this.file = file;
    this.info = {
      path,
      architecture: "fake",
      description: "fake",
      parameters: 1,
      size: 1,
      nEmbd: 4,
      nVocab: N_VOCAB,
      nLayer: 1,
      nCtxTrain: file.nCtxTrain ?? 512,
      recurrent: false,
      encoder: false,
      chatTemplate: file.chatTemplate ?? null,
      addBos: file.addBos ?? true,
      bos: BOS,
      eos: EOS,
      bosText: "<s>",
      eosText: "</s>",
      head: labels && { labels, shift: labels.map(() => 0), scale: labels.map(() => 1) },
    };
  }

  tokenize(text: string, addSpecial: boolean, parseSpecial: boolean): Int32Array {
    const spaced = this.file.spacePrefix && text !== "" ? ` ${text}` : text;
    const parts = parseSpecial ? spaced.split(/(<s>|<\/s>)/) : [spaced];
    const tokens = parts.flatMap((part) =>
      parseSpecial && part === "<s>" ? [BOS] : parseSpecial && part === "</s>" ? [EOS] : bytesOf(part),
    );
    return Int32Array.from(addSpecial && this.info.addBos ? [BOS, ...tokens] : tokens);
  }

  leastTokens(): number {
    return 0;
  }

  pieces(tokens: Int32Array, special: boolean): Uint8Array[] {
    const { bosText, eosText } = this.info;
    return Array.from(tokens, (token) => {
      if (token < 256) return Uint8Array.of(token);
      return Uint8Array.from(special ? bytesOf(token === BOS ? bosText : eosText) : []);
    });
  }

  isEog(token: number): boolean {
    return token === EOS;
  }

  lacking(tokens: Int32Array): Int32Array {
    return tokens.filter((token) => this.file.lacks?.includes(token));
  }

  dispose(): void {
    this.fake.calls.push(`model.dispose ${this.info.path}`);
  }
}

function bytesOf(text: string | Uint8Array): number[] {
  return [...(typeof text === "string" ? new TextEncoder().encode(text) : text)];
}

interface FakeSlot {
  begun: BeginOptions;
  promptLength: number;
  tokens: number[];
  script: number[];
  reward: number[][];
}

interface Proposal {
  tokens: number[];
  logProbs: number[];
  objectives: number[];
  rewards: number[];
}

class FakeSearch implements NativeSearch {
  readonly #slots: (FakeSlot | undefined)[];
  readonly #proposals = new Map<number, Proposal>();
  readonly #drafts = new Map<number, NativeDraft[]>();
  #steps = 0;

  constructor(
    readonly fake: Fake,
    readonly options: SearchOptions,
  ) {
    this.#slots = Array.from({ length: options.slots }, () => undefined);
  }

  async begin(slot: number, begun: BeginOptions): Promise<BeginResult> {
    await this.fake.call(`begin ${slot}`);
    throwIfCancelled(begun.cancel);
    this.fake.begun.push(begun);
    const tokens = [...begun.policyTokens];
    const cached = commonPrefix(this.#slots[slot]?.tokens ?? [], tokens);
    const text = new TextDecoder().decode(Uint8Array.from(tokens.filter((token) => token < 256)));
    const script = [...bytesOf(this.fake.script(text)), EOS];
    this.#slots[slot] = { begun, promptLength: tokens.length, tokens, script, reward: begun.rewardTokens.map((each) => [...each]) };
    const policyDecoded = Math.max(0, tokens.length - 1 - cached);
    return { policyCached: cached, policyDecoded, rewardCached: [], rewardDecoded: [], policyMs: 1, rewardMs: 1 };
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
      rewardTokens: 0,
      rewardPrefillTokens: 0,
      policyDecodes: 0,
      rewardDecodes: 0,
      rewardProjections: 0,
      decodeMs: 0,
    };
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

  #keep(index: number, drafts: readonly NativeDraft[], rewards: readonly number[]): NativeStep[] {
    const slot = this.#slot(index);
    const rank = rewards.indexOf(Math.max(...rewards));
    const draft = drafts[rank];
    if (!draft) throw nativeError("DECODE_FAILED", "there is no draft");
    slot.tokens.push(...draft.tokens);
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
    candidates: {
      tokens: Int32Array.from(tokens),
      logProbs: Float64Array.from(logProbs),
      rewards: Float64Array.from(rewards),
      objectives: Float64Array.from(objectives),
      scores: Float64Array.from(scores),
    },
  };
}

class FakeScorer implements NativeScorer {
  constructor(
    readonly fake: Fake,
    readonly model: FakeModel,
  ) {}

  async score(sequences: ScoreSequence[], _hidden: boolean, cancel?: NativeCancel): Promise<SequenceScore[]> {
    await this.fake.call(`score ${sequences.length}`);
    throwIfCancelled(cancel);
    const labels = this.model.info.head?.labels ?? [];
    return sequences.map(({ tokens, positions }) => ({
      rewards: Float64Array.from(
        [...positions].flatMap((position) => labels.map((_, label) => this.fake.reward([...tokens.subarray(0, position + 1)], label))),
      ),
    }));
  }

  counters(): { tokens: number; decodes: number } {
    return { tokens: 0, decodes: 0 };
  }

  async dispose(): Promise<void> {
    await this.fake.call("scorer.dispose");
  }
}

/** Stands in for binding() of src/engine/binding.ts. */
export function binding(): Binding {
  const fake = current;
  return {
    limits: { slots: 128, drafts: 256 },
    openEngine: (dir) => ({ dir, version: "fake" }),
    currentEngine: () => null,
    devices: () => [{ name: "CPU", description: "fake", backend: "CPU", type: "cpu", memoryFree: 0, memoryTotal: 0 }],
    setLogCallback: () => {},
    createCancel: () => new FakeCancel(),
    createEmbedder: () => Promise.reject(nativeError("MODEL_UNSUPPORTED", "the fake embeds nothing")),
    async loadModel({ path, cancel }: LoadModelOptions, onProgress) {
      await fake.call(`load ${path}`);
      throwIfCancelled(cancel);
      onProgress?.(0.5);
      onProgress?.(1);
      return new FakeModel(fake, path);
    },
    vocabularyDifference(a, b) {
      const differ = (a as FakeModel).file.otherVocabulary !== (b as FakeModel).file.otherVocabulary;
      return differ ? "token 7 is a here and b there" : null;
    },
    async createSearch(options) {
      await fake.call("createSearch");
      return new FakeSearch(fake, options);
    },
    async createScorer({ model }) {
      await fake.call("createScorer");
      return new FakeScorer(fake, model as FakeModel);
    },
    async readGguf(path) {
      const position = fake.files[path]?.position;
      const entry = { key: "argsearch.reward.position", type: "str", value: position ?? null, count: 1 };
      return position === undefined ? fake.gguf : { ...fake.gguf, entries: [...fake.gguf.entries, entry] };
    },
    async rewriteGguf(source, target, set, remove) {
      fake.rewritten = { source, target, set, remove };
      await fake.call(`rewrite ${target}`);
    },
    quantizeGguf: () => Promise.resolve(),
    shutdown: () => {},
  };
}
