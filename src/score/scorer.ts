/** Rewards of given responses, read by the reward models alone. */
import { abortedError, cancellable, throwIfAborted, unlessAborted } from "../engine/abort.js";
import { binding, type NativeScorer, type ScorerOptions, type ScoreSequence, type SequenceScore } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";
import { answerText, messageFault, withTexts } from "../messages.js";
import type { ChatFormat } from "../model/chat.js";
import type { AnswerFrame, Model } from "../model/model.js";
import type { ResolvedTemplate } from "../model/template-options.js";
import { decodeText, Utf8Stream } from "../model/text-decoder.js";
import { tooLong } from "../model/too-long.js";
import { callRewards } from "../reward/functions.js";
import { type ModelTerm, positionOf, type RewardSet } from "../reward/reward-set.js";
import { isWhole } from "../reward/whole.js";
import type { Prompt, ScoreInput, ScoreResult } from "../types.js";
import { boolean, given, invalid } from "../validate.js";
import type { ResolvedScore } from "./options.js";
import { endsBefore, piecesBehind, sameEnds, tokensForAll } from "./response-tokens.js";
import { atOnce, wholeCandidate } from "./whole-responses.js";

/** Responses that may share a batch. */
const SEQUENCES = 16;

export interface ScorerParts {
  /** Cuts responses into tokens: the policy, or the first reward model where there is none. */
  tokenizer: Model;
  rewards: RewardSet;
  context: Omit<ScorerOptions, "model" | "sequences">;
  /** The policy's chat template, for servers' rewards. */
  format?: ChatFormat | undefined;
  /** Fires when the owner is disposed of; its reason is the DISPOSED error. */
  closing: AbortSignal;
}

/** A response with one row of objective values a token. */
interface Rows {
  /** Null where the response is a whole text. */
  prompt: Prompt | null;
  response: string;
  /** What a whole text spells out is meant. */
  special: boolean;
  /** One a reward model. */
  frames: AnswerFrame[];
  /** Spaces that the tokens begin with and the response does not: the first reward model's. */
  lead: string;
  tokens: Int32Array;
  values: number[][];
  /** The whole response's, one an objective. */
  whole: number[];
}

interface RunOptions {
  signal: AbortSignal | undefined;
  hidden?: boolean;
}

export class Scorer {
  readonly #parts: ScorerParts;
  /** Made when first needed, one a reward model: their caches take memory. */
  readonly #scorers = new Map<Model, Promise<NativeScorer>>();

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
    for (const [index, source] of rewards.sources.entries()) await this.#addModel(source, index, rows, options);
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
    const made = await Promise.allSettled(this.#scorers.values());
    this.#scorers.clear();
    for (const scorer of made) if (scorer.status === "fulfilled") await native(() => scorer.value.dispose());
  }

  async #addModel(source: ModelTerm, place: number, rows: readonly Rows[], options: ResolvedScore): Promise<void> {
    const { model } = source;
    const atEnd = positionOf(model, options.rewardAt) === "end";
    const sequences = rows.map((row) => this.#sequence(source, row, frameOf(row, place), atEnd));
    const scores = await this.#run(model, sequences, options);
    const labels = model.info.head?.labels.length ?? 1;
    for (const [index, row] of rows.entries()) {
      const { rewards } = scores[index] ?? { rewards: new Float64Array(0) };
      for (const [token, values] of row.values.entries()) values.push(...rewards.subarray(token * labels, (token + 1) * labels));
      row.whole.push(...rewards.subarray(rewards.length - labels));
    }
  }

  /** `atEnd`: the whole is read at the token that ends the turn. */
  #sequence({ model, foreign }: ModelTerm, row: Rows, frame: AnswerFrame, atEnd: boolean): ScoreSequence {
    const { before, end } = frame;
    const { response, places } = foreign ? ownReading(model, this.#parts, row, frame) : sharedReading(this.#parts, row, frame);
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
    return { tokens, positions: Int32Array.from(after.length > 0 ? [...positions, length - 1] : positions) };
  }

  async #run(model: Model, sequences: ScoreSequence[], { signal, hidden = false }: RunOptions): Promise<SequenceScore[]> {
    const { closing } = this.#parts;
    try {
      closing.throwIfAborted();
      const scorer = await this.#scorer(model);
      return await cancellable([signal, closing], (cancel) => native(() => scorer.score(sequences, hidden, cancel)));
    } catch (error) {
      if (closing.aborted) throw closing.reason;
      if (signal?.aborted) throw abortedError(signal);
      throw error;
    }
  }

  #scorer(model: Model): Promise<NativeScorer> {
    const made = this.#scorers.get(model);
    if (made) return made;
    const scorer = native(() => binding().createScorer({ ...this.#parts.context, model: model.native, sequences: SEQUENCES }));
    this.#scorers.set(model, scorer);
    scorer.catch(() => this.#scorers.delete(model));
    return scorer;
  }
}

function frameOf({ frames }: Rows, place: number): AnswerFrame {
  const frame = frames[place];
  if (frame === undefined) throw new Error("a reward model has no frame");
  return frame;
}

/** What stands around a whole text, which may spell out how it begins. */
function rawFrame(model: Model, text: string, special: boolean): AnswerFrame {
  return { before: model.beginning(text, special), lead: "", end: () => model.end() };
}

/** The first cuts responses into tokens, and all must know them; others read the text. */
function modelsOf({ tokenizer, rewards }: ScorerParts): Model[] {
  return [tokenizer, ...rewards.sources.filter(({ foreign }) => !foreign).map(({ model }) => model)];
}

/** A response as a reward model reads it, and for each of the row's tokens where in it the reward is read. */
interface Reading {
  response: Int32Array;
  /** -1: before it. */
  places: number[];
}

/** In the tokens of all. */
function sharedReading(parts: ScorerParts, row: Rows, { lead }: AnswerFrame): Reading {
  if (lead === row.lead) return { response: row.tokens, places: Array.from(row.tokens.keys()) };
  const response = responseBehind(lead, parts, row.response);
  return { response, places: sameEnds(parts.tokenizer, [row.tokens, row.lead], [response, lead]) };
}

/** In its own. */
function ownReading(model: Model, { tokenizer }: ScorerParts, row: Rows, { lead }: AnswerFrame): Reading {
  const response = row.prompt === null ? model.textTokens(row.response, row.special) : model.responseTokens(lead + row.response);
  return { response, places: endsBefore(tokenizer, [row.tokens, row.lead], model, [response, lead]) };
}

function responseBehind(lead: string, parts: ScorerParts, response: string): Int32Array {
  return tokensForAll(modelsOf(parts), (model) => model.responseTokens(lead + response));
}

function rowsOf(parts: ScorerParts, input: ScoreInput, index: number, template: ResolvedTemplate): Rows {
  if (typeof input !== "object" || input === null) {
    throw new ArgsearchError("INPUT_INVALID", `input ${index} must be { prompt, response } or { text }`);
  }
  // A null of our own means a whole text.
  if (!("text" in input) && input.prompt === null) throw invalid("prompt", "a text or an array of messages", input.prompt);
  const [prompt, answer, what] = "text" in input ? [null, input.text, "text"] : [input.prompt, input.response, "response"];
  const response = typeof answer === "object" && messageFault(answer) === null ? answerText(answer) : answer;
  if (typeof response !== "string" || response === "") {
    throw new ArgsearchError("INPUT_INVALID", `${what} ${index} must be a non-empty text: there is no token to score`);
  }
  const { sources } = parts.rewards;
  const special = "text" in input && given(input.special, false, (value) => boolean("special", value));
  const frames = sources.map(({ model }) =>
    prompt === null ? rawFrame(model, response, special) : model.answerFrame(prompt, answer, template),
  );
  const lead = frames[0]?.lead ?? "";
  const tokens =
    prompt === null ? tokensForAll(modelsOf(parts), (model) => model.textTokens(response, special)) : responseBehind(lead, parts, response);
  return { prompt, response, special, frames, lead, tokens, values: Array.from(tokens, () => []), whole: [] };
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

function resultOf(tokenizer: Model, rewards: RewardSet, { tokens, values, whole }: Rows, wholeOnly: boolean): ScoreResult {
  if (wholeOnly) return { reward: rewards.sum(whole), objectives: rewards.named(whole), tokens: [] };
  const texts = tokenizer.texts(tokens);
  const several = rewards.objectives.length > 1;
  const scored = texts.map((text, index) => ({
    id: tokens[index] ?? -1,
    text,
    reward: rewards.sum(values[index] ?? []),
    ...(several && { objectives: rewards.named(values[index] ?? []) }),
  }));
  return {
    reward: tokens.length === 0 ? Number.NaN : rewards.sum(whole),
    objectives: rewards.named(whole),
    tokens: scored,
  };
}
