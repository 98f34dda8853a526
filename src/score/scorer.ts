/** Rewards of given responses, read by the reward models alone. */
import { abortedError, cancellable, throwIfAborted, unlessAborted } from "../engine/abort.js";
import {
  binding,
  type NativeModel,
  type NativeRewardKind,
  type NativeScorer,
  type ScoreSequence,
  type SequenceScore,
} from "../engine/binding.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";
import { withTexts } from "../messages.js";
import type { Model } from "../model/model.js";
import { decodeText, Utf8Stream } from "../model/text-decoder.js";
import { tooLong } from "../model/too-long.js";
import { atOnce } from "../remote/at-once.js";
import { callRewards } from "../reward/functions.js";
import { nativeKind } from "../reward/kinds.js";
import { type ModelTerm, positionOf } from "../reward/reward-set.js";
import { isWhole } from "../reward/whole.js";
import type { ScoreInput, ScoreResult } from "../types.js";
import type { ResolvedScore } from "./options.js";
import { piecesBehind } from "./response-tokens.js";
import { frameOf, type Rows, readingOf, resultOf, rowsOf, type ScorerParts } from "./rows.js";
import { sum, sumsUpTo } from "./token-sums.js";
import { wholeCandidate } from "./whole-responses.js";

/** Responses that may share a batch. */
const SEQUENCES = 16;

/** A response as one model reads it. */
interface Reading {
  tokens: Int32Array;
  /** For each of the response's tokens the position by which as much of it is read; of those behind the response the last one. */
  positions: number[];
  end: number | undefined;
  /** Where the response begins. */
  start: number;
}

interface RunOptions {
  signal: AbortSignal | undefined;
  hidden?: boolean;
  kind?: NativeRewardKind;
}

export class Scorer {
  readonly #parts: ScorerParts;
  /** Made when first needed, one a model and kind: their caches take memory. */
  readonly #scorers = new Map<string, Map<NativeModel, Promise<NativeScorer>>>();

  constructor(parts: ScorerParts) {
    this.#parts = parts;
  }

  /** An array for an array, one result for one input. */
  async scoreOneOrMany(input: ScoreInput | readonly ScoreInput[], options: ResolvedScore): Promise<ScoreResult | ScoreResult[]> {
    if (Array.isArray(input)) return this.score(input, options);
    const [result] = await this.score([input as ScoreInput], options);
    if (result === undefined) throw new Error("one input must give one result");
    return result;
  }

  async score(inputs: readonly ScoreInput[], options: ResolvedScore): Promise<ScoreResult[]> {
    throwIfAborted(options.signal);
    const { rewards, tokenizer } = this.#parts;
    if (rewards.empty) throw new ArgsearchError("OPTION_INVALID", "score() needs a reward: load() one", { option: "reward" });
    const rows = inputs.map((input, index) => rowsOf(this.#parts, input, index, options.template));
    for (const source of rewards.sources) {
      if (source.kind === "head") await this.#addHead(source, rows, options);
      else await this.#addTokens(source, rows, options);
    }
    const whole = rewards.functions.some(({ reward }) => isWhole(reward));
    if (whole) await atOnce(rows, (row) => addWholes(this.#parts, row, options));
    else for (const row of rows) await addFunctions(this.#parts, row, options.signal);
    return rows.map((row) => resultOf(tokenizer, rewards, row, whole));
  }

  /** Final-norm hidden states of a reward model, with the rewards there: as the sequences ask. */
  states(model: Model, sequences: ScoreSequence[], signal: AbortSignal | undefined): Promise<SequenceScore[]> {
    return this.#run(model, sequences, { signal, hidden: true });
  }

  /** Frees the scorers; those that are being made, once they are. */
  async dispose(): Promise<void> {
    const made = await Promise.allSettled([...this.#scorers.values()].flatMap((ofKind) => [...ofKind.values()]));
    this.#scorers.clear();
    for (const scorer of made) if (scorer.status === "fulfilled") await native(() => scorer.value.dispose());
  }

  async #addHead({ model, foreign }: ModelTerm, rows: readonly Rows[], options: ResolvedScore): Promise<void> {
    const atEnd = positionOf(model, options.rewardAt) === "end";
    const sequences = rows.map((row) => {
      const { tokens, positions, end } = this.#reading(model, row, { atEnd, foreign });
      return { tokens, positions: Int32Array.from(end === undefined ? positions : [...positions, end]) };
    });
    const scores = await this.#run(model, sequences, options);
    const labels = model.info.head?.labels.length ?? 1;
    for (const [index, row] of rows.entries()) {
      const { rewards } = scores[index] ?? { rewards: new Float64Array(0) };
      for (const [token, values] of row.values.entries()) values.push(...rewards.subarray(token * labels, (token + 1) * labels));
      row.whole.push(...rewards.subarray(rewards.length - labels));
    }
  }

  async #addTokens({ model, kind, base }: ModelTerm, rows: readonly Rows[], options: ResolvedScore): Promise<void> {
    const asked = { atEnd: positionOf(model, options.rewardAt) === "end", kind: nativeKind(kind), signal: options.signal };
    const own = await this.#tokenValues(model, rows, asked);
    const others = base && (await this.#tokenValues(base, rows, asked));
    for (const [index, row] of rows.entries()) {
      const values = (own[index] ?? []).map((value, token) => value - (others?.[index]?.[token] ?? 0));
      for (const [token, all] of row.values.entries()) all.push(values[token] ?? Number.NaN);
      row.whole.push(sum(values));
    }
  }

  /** Of each row the value of each token, and with `atEnd` that of what ends the turn behind them. */
  async #tokenValues(model: Model, rows: readonly Rows[], { atEnd, ...run }: RunOptions & { atEnd: boolean }): Promise<number[][]> {
    const readings = rows.map((row) => this.#reading(model, row, { atEnd }));
    const sequences = readings.map(({ tokens, start }) => {
      return { tokens, positions: Int32Array.from({ length: tokens.length - start }, (_, place) => start + place) };
    });
    const scores = await this.#run(model, sequences, run);
    return readings.map(({ positions, start, end }, index) => {
      const places = [...positions, ...(end === undefined ? [] : [end])].map((position) => position - start);
      return sumsUpTo(places, scores[index]?.rewards ?? []);
    });
  }

  /** `atEnd`: the whole is read at the token that ends the turn. */
  #reading(model: Model, row: Rows, { atEnd, foreign = false }: { atEnd: boolean; foreign?: boolean }): Reading {
    const { before, end } = frameOf(row, model);
    const { response, places } = readingOf(this.#parts, row, model, foreign);
    const after = atEnd ? end() : new Int32Array(0);
    const { contextSize } = this.#parts.context;
    const length = before.length + response.length + after.length;
    if (length > contextSize) {
      const message = `prompt and response have ${length} tokens for ${model.info.path}, the context holds ${contextSize}`;
      const { tokenizer, rewards } = this.#parts;
      const models = [tokenizer, ...rewards.sources.map((source) => source.model)].map(({ info }) => info);
      throw tooLong(message, { tokens: length, limit: contextSize, model: model.info.path }, models, "them");
    }
    const tokens = new Int32Array(length);
    tokens.set(before);
    tokens.set(response, before.length);
    tokens.set(after, before.length + response.length);
    const positions = places.map((place) => Math.max(0, before.length + place));
    return { tokens, positions, end: after.length > 0 ? length - 1 : undefined, start: before.length };
  }

  async #run(model: Model, sequences: ScoreSequence[], { signal, hidden = false, kind = "head" }: RunOptions): Promise<SequenceScore[]> {
    const { closing } = this.#parts;
    try {
      closing.throwIfAborted();
      const scorer = await this.#scorer(model.native, kind);
      return await cancellable([signal, closing], (cancel) => native(() => scorer.score(sequences, hidden, cancel)));
    } catch (error) {
      if (closing.aborted) throw closing.reason;
      if (signal?.aborted) throw abortedError(signal);
      throw error;
    }
  }

  #scorer(model: NativeModel, kind: NativeRewardKind): Promise<NativeScorer> {
    const ofKind = this.#scorers.get(kind) ?? new Map<NativeModel, Promise<NativeScorer>>();
    this.#scorers.set(kind, ofKind);
    const made = ofKind.get(model);
    if (made) return made;
    const scorer = native(() => binding().createScorer({ ...this.#parts.context, model, kind, sequences: SEQUENCES }));
    ofKind.set(model, scorer);
    scorer.catch(() => ofKind.delete(model));
    return scorer;
  }
}

/** Asks the functions about each token as if it were the only candidate; no policy runs, so its log-probability is NaN. */
async function addFunctions(parts: ScorerParts, row: Rows, signal: AbortSignal | undefined): Promise<void> {
  const { tokenizer, rewards } = parts;
  if (rewards.functions.length === 0) return;
  const utf8 = new Utf8Stream();
  const prompt = withTexts(row.prompt ?? "");
  let before = "";
  for (const [index, bytes] of piecesBehind(row.lead, tokenizer.pieces(row.tokens)).entries()) {
    const response = before + utf8.push(bytes);
    const candidate = { token: row.tokens[index] ?? -1, text: decodeText(bytes), logProb: Number.NaN, response, end: false };
    const context = { prompt, response: before, signal };
    const found = await unlessEnded(callRewards(rewards.functions, [candidate], context), parts, signal);
    row.values[index]?.push(...found.flat());
    before = response;
  }
  row.whole.push(...(row.values.at(-1) ?? []).slice(rewards.natives));
}

/** Where a server is among those that are asked, each is asked about the whole response alone. */
async function addWholes(parts: ScorerParts, row: Rows, { signal, template, rewardAt }: ResolvedScore): Promise<void> {
  const { rewards, closing } = parts;
  const token = row.tokens.at(-1) ?? -1;
  const candidate = wholeCandidate(row.response, token);
  const context = { prompt: withTexts(row.prompt ?? ""), response: "", signal };
  const calls = callRewards(rewards.functions, [candidate], context, { format: parts.format, template, rewardAt, closing });
  row.whole.push(...(await unlessEnded(calls, parts, signal)).flat());
}

/** What the functions say; a signal that fires before they do is the error, whatever comes of them then. */
async function unlessEnded<T>(calls: Promise<T>, { closing }: ScorerParts, signal: AbortSignal | undefined): Promise<T> {
  const requireRunning = (): void => {
    closing.throwIfAborted();
    throwIfAborted(signal);
  };
  const found = await unlessAborted(calls, [signal, closing]).catch((error: unknown) => {
    requireRunning();
    throw error;
  });
  requireRunning(); // undefined comes of a signal alone
  return found as T;
}
