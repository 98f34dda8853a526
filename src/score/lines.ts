/** A data file as its rewards, line by line. */

import type { PreferencePair } from "../data/pair-formats.js";
import { type DataSource, type Numbered, readScorables, type ScorableFormat } from "../data/read.js";
import type { ScorableText } from "../data/text-formats.js";
import { promptAsText, responseAsText } from "../data/transcript.js";
import { ArgsearchError } from "../errors.js";
import type { BadLine } from "../files/json-lines.js";
import { messagesOf } from "../messages.js";
import type { ChatMessage, Prompt, ScoreInput, ScoreOptions, ScoreResult, TokenReward } from "../types.js";
import type { Scores } from "./scores.js";

/**
 * A response or a text. `index`: the line's place in the file, in a JSON array the record's, from 0; a BadLine has its number, from 1, as
 * editors count.
 */
export interface ScoredText {
  index: number;
  reward: number;
  /** With several objectives only: each one's value at the end. */
  objectives?: Record<string, number>;
  tokens: TokenReward[];
}

/** A pair, by the rewards at the ends of its responses. `index` as in ScoredText. */
export interface ScoredPair {
  index: number;
  chosen: number;
  rejected: number;
  /** The chosen response has the higher reward. */
  correct: boolean;
}

/** One scored line of data. */
export type ScoredLine = ScoredText | ScoredPair;

export interface ScoreLinesOptions extends ScoreOptions {
  /** Default "auto": each line by its fields. */
  format?: ScorableFormat | "auto" | undefined;
  /** Called with each line that cannot be read or scored; the others go on. */
  onBadLine?: ((bad: BadLine) => void) | undefined;
  /** Lines to leave out; asked in order, with indices. */
  skip?: ((index: number) => Promise<boolean>) | undefined;
}

/** Lines scored in one call, whose batches they share. */
const GROUP = 32;

type Entry = Numbered<PreferencePair | ScorableText>;

/**
 * Scores JSON lines of pairs, responses, conversations or texts, in their order. `index` says which line a result belongs
 * to, from 0; onBadLine is told a line's number, from 1. Neighbours share batches and decode a prefix that they have in
 * common once. Where a conversation cannot go through a chat template (template "none", or a model without one) it is read
 * as a "Human: … Assistant: …" transcript.
 *
 * @throws ArgsearchError as readScorables(); OPTION_INVALID, ABORTED, DISPOSED
 */
export async function* scoreLines(model: Scores, source: DataSource, options: ScoreLinesOptions = {}): AsyncGenerator<ScoredLine> {
  const { format, onBadLine, skip = async () => false, date = new Date() } = options;
  let group: Entry[] = [];
  for await (const entry of readScorables(source, { format, onBadLine })) {
    if (await skip(entry.line - 1)) continue;
    group.push(entry);
    if (group.length < GROUP) continue;
    yield* await scoreGroup(model, group, { ...options, date });
    group = [];
  }
  if (group.length > 0) yield* await scoreGroup(model, group, { ...options, date });
}

/** Scores lines together; if that fails, one by one, so that a bad line costs only itself. */
async function scoreGroup(model: Scores, group: readonly Entry[], options: ScoreLinesOptions): Promise<ScoredLine[]> {
  const { template, templateVariables, date, rewardAt, signal, onBadLine } = options;
  const inputs = group.map(({ value }) => inputsOf(value, asTranscripts(model, template)));
  try {
    const results = (await model.score(inputs.flat(), { template, templateVariables, date, rewardAt, signal })).values();
    return group.map(({ line }, index) => scoredLine(line - 1, take(results, inputs[index].length), model));
  } catch (error) {
    if (!ofTheLine(error)) throw error;
    if (group.length > 1) {
      const lines: ScoredLine[] = [];
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

function scoredLine(index: number, [first, second]: readonly ScoreResult[], { info }: Scores): ScoredLine {
  if (second) return { index, chosen: first.reward, rejected: second.reward, correct: first.reward > second.reward };
  const { reward, objectives, tokens } = first;
  return { index, reward, ...(info.objectives.length > 1 && { objectives }), tokens };
}
