/** Responses on their way to being scored: their tokens, what stands around them, and what each objective says. */
import type { ScorerOptions } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";
import { answerText, messageFault } from "../messages.js";
import type { ChatFormat } from "../model/chat.js";
import type { AnswerFrame, Model } from "../model/model.js";
import type { ResolvedTemplate } from "../model/template-options.js";
import type { RewardSet } from "../reward/reward-set.js";
import type { Prompt, ScoreInput, ScoreResult } from "../types.js";
import { boolean, given, invalid } from "../validate.js";
import { endsBefore, sameEnds, tokensForAll } from "./response-tokens.js";

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
export interface Rows {
  /** Null where the response is a whole text. */
  prompt: Prompt | null;
  response: string;
  /** What a whole text spells out is meant. */
  special: boolean;
  /** One a model that rates it. */
  frames: ReadonlyMap<Model, AnswerFrame>;
  /** Spaces that the tokens begin with and the response does not: the first reward model's. */
  lead: string;
  tokens: Int32Array;
  values: number[][];
  /** The whole response's, one an objective. */
  whole: number[];
}

export function frameOf({ frames }: Rows, model: Model): AnswerFrame {
  const frame = frames.get(model);
  if (frame === undefined) throw new Error("a model that rates has no frame");
  return frame;
}

/** What stands around a whole text, which may spell out how it begins. */
function rawFrame(model: Model, text: string, special: boolean): AnswerFrame {
  return { before: model.beginning(text, special), lead: "", end: () => model.end() };
}

/** The first cuts responses into tokens, and all must know them; those of another vocabulary read the text. */
function modelsOf({ tokenizer, rewards }: ScorerParts): Model[] {
  return [tokenizer, ...rewards.tokenReaders];
}

/** A response as a model reads it, and for each of the row's tokens where in it as much is read; -1: before it. */
interface ResponseReading {
  response: Int32Array;
  places: number[];
}

/** `foreign`: in tokens of its own. */
export function readingOf(parts: ScorerParts, row: Rows, model: Model, foreign: boolean): ResponseReading {
  const { lead } = frameOf(row, model);
  const own: [Int32Array, string] = [row.tokens, row.lead];
  if (foreign) {
    const response = row.prompt === null ? model.textTokens(row.response, row.special) : model.responseTokens(lead + row.response);
    return { response, places: endsBefore(parts.tokenizer, own, model, [response, lead]) };
  }
  if (lead === row.lead) return { response: row.tokens, places: Array.from(row.tokens.keys()) };
  const response = responseBehind(lead, parts, row.response);
  return { response, places: sameEnds(parts.tokenizer, own, [response, lead]) };
}

function responseBehind(lead: string, parts: ScorerParts, response: string): Int32Array {
  return tokensForAll(modelsOf(parts), (model) => model.responseTokens(lead + response));
}

export function rowsOf(parts: ScorerParts, input: ScoreInput, index: number, template: ResolvedTemplate): Rows {
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
  const special = "text" in input && given(input.special, false, (value) => boolean("special", value));
  const { raters } = parts.rewards;
  const frameFor = (model: Model) => (prompt === null ? rawFrame(model, response, special) : model.answerFrame(prompt, answer, template));
  const frames = new Map([...new Set(raters)].map((model) => [model, frameFor(model)]));
  const [first] = raters;
  const lead = (first && frames.get(first)?.lead) ?? "";
  const tokens =
    prompt === null ? tokensForAll(modelsOf(parts), (model) => model.textTokens(response, special)) : responseBehind(lead, parts, response);
  return { prompt, response, special, frames, lead, tokens, values: Array.from(tokens, () => []), whole: [] };
}

/** A row's values as what score() gives. `wholeOnly`: without those of the tokens. */
export function resultOf(tokenizer: Model, rewards: RewardSet, { tokens, values, whole }: Rows, wholeOnly: boolean): ScoreResult {
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
