/** Pairs as a trunk reads them: tokens in, hidden states out. */

import type { PreferencePair } from "../data/pair-formats.js";
import { promptAsText, responseAsText } from "../data/transcript.js";
import { cancellable } from "../engine/abort.js";
import type { NativeScorer } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";
import { answerText, messagesOf } from "../messages.js";
import type { Model } from "../model/model.js";
import type { ResolvedTemplate } from "../model/template-options.js";
import type { ChatMessage, Prompt } from "../types.js";
import { type Reading, readingsOf, type Side } from "./prefixes.js";

/** What a pair's hidden states are; rows as in FeatureRecord. */
export interface PairFeatures {
  places: number[];
  values: Float32Array;
  /** To fit the context, the prompt lost tokens on its left, or a response its end. */
  cut: boolean;
}

export interface ReaderParts {
  model: Model;
  scorer: NativeScorer;
  /** Tokens of prompt and response that fit. */
  contextSize: number;
  template: ResolvedTemplate;
  signal: AbortSignal | undefined;
}

export class PairReader {
  readonly #parts: ReaderParts;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /**
   * Reads both responses after the prompt that they share, which is decoded once. Pairs never share a batch with others:
   * a hidden state depends on its batch in the last digits, and an interrupted run must end as an unbroken one does.
   *
   * @throws ArgsearchError INPUT_INVALID, PROMPT_TOO_LONG, PROMPT_EMPTY, TEMPLATE_INVALID for a pair that cannot be read;
   * MODEL_INVALID for hidden states that are not finite; ABORTED, DECODE_FAILED
   */
  async read(pair: PreferencePair): Promise<PairFeatures> {
    const { model, scorer, contextSize, signal } = this.#parts;
    const sides = { chosen: this.#side(pair.prompt, pair.chosen), rejected: this.#side(pair.prompt, pair.rejected) };
    const kept = sides.chosen.before[0] === model.info.bos ? 1 : 0;
    const all = readingsOf(sides.chosen, sides.rejected);
    const readings = all.filter((reading) => lengthOf(reading) < contextSize - kept);
    const last = readings.at(-1);
    if (last === undefined) throw tooLong(contextSize);
    const cut = (["chosen", "rejected"] as const).map((side) => {
      const { before, response, turnEnd } = sides[side];
      const start = cutFromLeft(before, contextSize - lengthOf(last), kept);
      const positions = Int32Array.from(readings, (reading) => start.length + reading[side] - 1);
      const read = joined(response, turnEnd).subarray(0, last[side]);
      return { sequence: { tokens: joined(start, read), positions }, shorter: start.length < before.length };
    });
    const sequences = cut.map(({ sequence }) => sequence);
    const [good, bad] = await cancellable([signal], (cancel) => native(() => scorer.score(sequences, true, cancel)));
    return {
      places: readings.map(({ place }) => place),
      values: interleave(finite(good?.hidden, model), finite(bad?.hidden, model), readings, model.info.nEmbd),
      cut: cut.some(({ shorter }) => shorter) || readings.length < all.length,
    };
  }

  /** How many tokens a response is. */
  tokensOf(response: string): number {
    return this.#parts.model.responseTokens(response).length;
  }

  /** A response, and what stands around it in the conversation that it finishes. */
  #side(prompt: Prompt, answer: string | ChatMessage): Side & { before: Int32Array } {
    const { model, template } = this.#parts;
    const raw = template.mode === "none" || model.info.chatTemplate === null;
    const asText = raw && typeof messagesOf(prompt) !== "string";
    const { before, lead, end } = model.answerFrame(asText ? promptAsText(prompt) : prompt, answer, template);
    const response = model.responseTokens(lead + (asText ? responseAsText(prompt, answer) : answerText(answer)));
    if (response.length === 0) throw new ArgsearchError("INPUT_INVALID", "a response has no tokens");
    return { before, response, turnEnd: end() };
  }
}

function lengthOf({ chosen, rejected }: Reading): number {
  return Math.max(chosen, rejected);
}

function tooLong(contextSize: number): ArgsearchError {
  const what = `the responses leave no place to read them in a context of ${contextSize} tokens`;
  return new ArgsearchError("PROMPT_TOO_LONG", `${what}: a larger contextSize, or shorter ones`, { option: "contextSize" });
}

/** The first `kept` tokens of a prompt, which begin every text, and as much of its end as there is room for. */
function cutFromLeft(prompt: Int32Array, room: number, kept: number): Int32Array {
  if (prompt.length <= room) return prompt;
  return joined(prompt.subarray(0, kept), prompt.subarray(prompt.length - (room - kept)));
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const tokens = new Int32Array(a.length + b.length);
  tokens.set(a);
  tokens.set(b, a.length);
  return tokens;
}

function interleave(good: Float32Array, bad: Float32Array, readings: readonly Reading[], length: number): Float32Array {
  const values = new Float32Array(2 * readings.length * length);
  for (let row = 0; row < readings.length; row++) {
    values.set(good.subarray(row * length, (row + 1) * length), 2 * row * length);
    values.set(bad.subarray(row * length, (row + 1) * length), (2 * row + 1) * length);
  }
  return values;
}

/** A model whose weights hold NaN or overflow would spoil the whole fit. */
function finite(hidden: Float32Array | undefined, { info }: Model): Float32Array {
  if (hidden?.every(Number.isFinite)) return hidden;
  throw new ArgsearchError("MODEL_INVALID", `${info.path} gives hidden states that are not finite: its weights are damaged`);
}
