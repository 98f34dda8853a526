/** A data file as its rewards, line by line. */

import type { PreferencePair } from "../data/pair-formats.js";
import { type DataSource, type NumberedRecord, readScorables, type ScorableFormat } from "../data/read.js";
import type { ScorableText } from "../data/text-formats.js";
import { promptAsText, responseAsText } from "../data/transcript.js";
import { ArgsearchError } from "../errors.js";
import type { BadLine } from "../files/json-lines.js";
import { isOf } from "../files/shard.js";
import { messagesOf } from "../messages.js";
import type { ChatMessage, Prompt, ScoreInput, ScoreOptions, ScoreResult, Shard, TokenReward } from "../types.js";
import { boolean, given } from "../validate.js";
import type { Scores } from "./scores.js";

/** A response or a text. */
export interface ScoredText {
  /** From 1, as editors count, and as in BadLine; of a JSON array the record's place. */
  line: number;
  /** All fields of the line, as JSON.parse() gives them. */
  fields: Readonly<Record<string, unknown>>;
  reward: number;
  /** With several objectives only: each one's value at the end. */
  objectives?: Record<string, number>;
  /** Absent with `tokens: false`. */
  tokens?: TokenReward[];
}

/** A pair, by the rewards at the ends of its responses. */
export interface ScoredPair extends Pick<ScoredText, "line" | "fields"> {
  chosenReward: number;
  rejectedReward: number;
  /** The chosen response has the higher reward. */
  correct: boolean;
}

/** One scored line of data. */
export type ScoredLine = ScoredText | ScoredPair;

export interface ScoreLinesOptions extends ScoreOptions {
  /** Default "auto": each line by its fields. */
  format?: ScorableFormat | "auto" | undefined;
  /** Every token's reward; default true. */
  tokens?: boolean | undefined;
  /** Called with each line that cannot be read or scored; the others go on. */
  onBadLine?: ((bad: BadLine) => void) | undefined;
  /** Lines to leave out; asked in order, with their numbers, from 1. */
  skip?: ((line: number) => Promise<boolean>) | undefined;
}

/** Lines scored in one call, whose batches they share. */
const GROUP = 32;

type Entry = NumberedRecord<PreferencePair | ScorableText>;

/** A scored line with the text of what it is of. */
export interface Scored {
  scored: ScoredLine;
  json: string;
}

/**
 * Scores JSON lines of pairs, responses, conversations or texts, in their order; `line` says which one a result belongs to, `fields` what
 * else stands there. Neighbours share batches and decode a prefix that they have in common once. Where a conversation cannot go through a
 * chat template (template "none", or a model without one) it is read as a "Human: … Assistant: …" transcript.
 *
 * @throws ArgsearchError as readScorables(); OPTION_INVALID, ABORTED, DISPOSED
 */
export async function* scoreLines(model: Scores, source: DataSource, options: ScoreLinesOptions = {}): AsyncGenerator<ScoredLine> {
  for await (const { scored } of scoreRecords(model, source, options)) yield scored;
}

/** The same with the lines' texts; of a shard its groups alone. */
export async function* scoreRecords(
  model: Scores,
  source: DataSource,
  options: ScoreLinesOptions & { shard?: Shard | undefined } = {},
): AsyncGenerator<Scored> {
  const { format, skip = async () => false, date = new Date(), shard } = options;
  given(options.tokens, true, (value) => boolean("tokens", value));
  let group: Entry[] = [];
  let read = 0;
  const isOurs = (): boolean => isOf(shard, Math.floor(read / GROUP));
  const onBadLine: ScoreLinesOptions["onBadLine"] = (bad) => isOurs() && options.onBadLine?.(bad);
  for await (const entry of readScorables(source, { format, onBadLine })) {
    const ours = isOurs();
    read += 1;
    if (!ours || (await skip(entry.line))) continue;
    group.push(entry);
    if (group.length < GROUP) continue;
    yield* await scoreGroup(model, group, { ...options, date });
    group = [];
  }
  if (group.length > 0) yield* await scoreGroup(model, group, { ...options, date });
}

/** Scores lines together; if that fails, one by one, so that a bad line costs only itself. */
async function scoreGroup(model: Scores, group: readonly Entry[], options: ScoreLinesOptions): Promise<Scored[]> {
  const { template, templateVariables, date, rewardAt, signal, onBadLine, tokens = true } = options;
  const inputs = group.map(({ value }) => inputsOf(value, asTranscripts(model, template)));
  try {
    const results = (await model.score(inputs.flat(), { template, templateVariables, date, rewardAt, signal })).values();
    return group.map((entry, index) => ({
      scored: scoredLine(entry, take(results, inputs[index].length), model, tokens),
      json: entry.json,
    }));
  } catch (error) {
    if (!ofTheLine(error)) throw error;
    if (group.length > 1) {
      const lines: Scored[] = [];
      for (const entry of group) lines.push(...(await scoreGroup(model, [entry], options)));
      return lines;
    }
    onBadLine?.({ number: group[0].line, place: group[0].place, error });
    return [];
  }
}

/** What is wrong with one line; anything else would be wrong with all of them. */
function ofTheLine(error: unknown): error is ArgsearchError {
  const codes = ["INPUT_INVALID", "PROMPT_EMPTY", "PROMPT_TOO_LONG", "TEMPLATE_INVALID", "REWARD_FUNCTION_FAILED"];
  return error instanceof ArgsearchError && codes.includes(error.code);
}

function asTranscripts({ info }: Scores, template: ScoreOptions["template"]): boolean {
  return template === "none" || info.rewards.some(({ chatTemplate }) => chatTemplate === null);
}

function inputsOf(value: PreferencePair | ScorableText, transcripts: boolean): ScoreInput[] {
  if ("text" in value) return [value];
  const responses = "response" in value ? [value.response] : [value.chosen, value.rejected];
  return responses.map((response) => responseInput(value.prompt, response, transcripts));
}

function responseInput(prompt: Prompt, response: string | ChatMessage, transcripts: boolean): ScoreInput {
  if (typeof messagesOf(prompt) === "string" || !transcripts) return { prompt, response };
  return { prompt: promptAsText(prompt), response: responseAsText(prompt, response) };
}

function take<T>(items: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => items.next().value);
}

function scoredLine({ line, fields }: Entry, [first, second]: readonly ScoreResult[], { info }: Scores, withTokens: boolean): ScoredLine {
  if (second) {
    const [chosenReward, rejectedReward] = [first.reward, second.reward];
    return { line, fields, chosenReward, rejectedReward, correct: chosenReward > rejectedReward };
  }
  const { reward, objectives, tokens } = first;
  return { line, fields, reward, ...(info.objectives.length > 1 && { objectives }), ...(withTokens && { tokens }) };
}
