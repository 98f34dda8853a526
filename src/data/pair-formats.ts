/** Preference pairs in the formats people have. */
import { isDeepStrictEqual } from "node:util";
import { answerText, contentText, messagesOf, plainAnswer } from "../messages.js";
import type { ChatMessage, Prompt } from "../types.js";
import { inContext } from "./context.js";
import { type Answered, behindPrompt, hasQuestion, sameMessages, splitAnswer, startsWith, systemApart } from "./conversation.js";
import { type Fields, inputError, messagesField, promptField, textField } from "./fields.js";
import type { Format } from "./format.js";
import { isTranscript, parseTranscript, withLineFeeds } from "./transcript.js";

/** Two responses to one prompt, one preferred. The one internal form of all formats. */
export interface PreferencePair {
  prompt: Prompt;
  /** A text; the assistant's message where it has more than that. */
  chosen: string | ChatMessage;
  rejected: string | ChatMessage;
}

/**
 * | name | fields |
 * | --- | --- |
 * | shp | `history`, `human_ref_A`, `human_ref_B`, `labels` (1: A is preferred): Stanford Human Preferences |
 * | messages | `chosen`, `rejected`: message arrays, whole or the answer alone after `prompt` (a text or messages) |
 * | hh | `chosen`, `rejected`: whole transcripts with "\n\nHuman:" and "\n\nAssistant:", whatever ends their lines |
 * | prompt | `prompt` (a text, a transcript or messages), `chosen`, `rejected`: answers, or transcripts that repeat the prompt |
 */
export const PAIR_FORMATS = {
  shp: { matches: (fields) => "human_ref_A" in fields, read: (fields) => pairInContext(fields, readShp(fields)) },
  messages: { matches: ({ chosen }) => Array.isArray(chosen), read: (fields) => pairInContext(fields, readMessages(fields)) },
  hh: {
    matches: ({ prompt, chosen }) => prompt === undefined && typeof chosen === "string",
    read: (fields) => pairInContext(fields, readTranscripts(fields)),
  },
  prompt: { matches: ({ chosen }) => chosen !== undefined, read: (fields) => pairInContext(fields, readPrompt(fields)) },
} as const satisfies Record<string, Format<PreferencePair>>;

/** Checked as it is read: a system message beside the prompt does not make up for an empty one. */
function pairInContext(fields: Fields, pair: PreferencePair): PreferencePair {
  return { ...checkedPair(pair), prompt: inContext(fields, pair.prompt) };
}

function readShp(fields: Fields): PreferencePair {
  const { labels } = fields;
  if (labels !== 0 && labels !== 1) throw inputError('the field "labels" must be 1 (A is preferred) or 0 (B is)');
  const [a, b] = [textField(fields, "human_ref_A"), textField(fields, "human_ref_B")];
  return { prompt: textField(fields, "history"), chosen: labels === 1 ? a : b, rejected: labels === 1 ? b : a };
}

function readMessages(fields: Fields): PreferencePair {
  const chosen = splitAnswer(withPrompt(fields, "chosen"), "chosen");
  const rejected = splitAnswer(withPrompt(fields, "rejected"), "rejected");
  return onePrompt(chosen, rejected);
}

/** The whole conversation of one side: some data sets repeat the prompt in it, others do not, or not its system message. */
function withPrompt(fields: Fields, side: "chosen" | "rejected"): ChatMessage[] {
  const messages = messagesField(fields, side);
  if (fields.prompt === undefined) return messages;
  const prompt = promptField(fields, "prompt");
  if (typeof prompt === "string" && hasQuestion(messages)) return messages;
  return behindPrompt(typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt, messages, side);
}

function readTranscripts(fields: Fields): PreferencePair {
  const [chosen, rejected] = (["chosen", "rejected"] as const).map((side) => {
    const text = textField(fields, side);
    if (!isTranscript(text)) throw inputError(`the field "${side}" has no "\\n\\nHuman:" and no prompt stands beside it`);
    return splitAnswer(parseTranscript(text), side);
  }) as [Answered, Answered];
  return onePrompt(chosen, rejected);
}

function onePrompt(chosen: Answered, rejected: Answered): PreferencePair {
  if (!sameMessages(chosen.prompt, rejected.prompt)) throw inputError("chosen and rejected answer different prompts");
  return { prompt: chosen.prompt, chosen: chosen.answer, rejected: rejected.answer };
}

function readPrompt(fields: Fields): PreferencePair {
  const written = promptField(fields, "prompt");
  const prompt = promptOf(written);
  const [chosen, rejected] = (["chosen", "rejected"] as const).map((side) => answerTo(written, textField(fields, side)));
  const { system, turns } = systemApart(typeof prompt === "string" ? asTurn(prompt) : prompt);
  if (!repeats(chosen, turns) || !repeats(rejected, turns)) return { prompt, chosen, rejected };
  const pair = readTranscripts(fields);
  return { ...pair, prompt: [...system, ...(pair.prompt as readonly ChatMessage[])] };
}

/** A whole transcript that begins with the prompt's. */
function repeats(text: string, prompt: readonly ChatMessage[]): boolean {
  return isTranscript(text) && startsWith(parseTranscript(text), prompt);
}

/** A text as it would stand in a transcript. */
function asTurn(prompt: string): ChatMessage[] {
  return [{ role: "user", content: withLineFeeds(prompt.trim()) }];
}

/** A transcript becomes its messages, without the empty turn that asks for the answer. */
export function promptOf(prompt: string | readonly ChatMessage[]): string | readonly ChatMessage[] {
  if (typeof prompt !== "string" || !isTranscript(prompt)) return prompt;
  const turns = parseTranscript(prompt);
  const last = turns[turns.length - 1];
  return last?.role === "assistant" && last.content === "" ? turns.slice(0, -1) : turns;
}

/** An answer as it was read: beside a transcript it is the piece of it that was cut off. */
export function answerTo(prompt: Prompt, answer: string): string {
  return typeof prompt === "string" && isTranscript(prompt) ? withLineFeeds(answer) : answer;
}

/** A pair with something to prefer. @throws ArgsearchError INPUT_INVALID */
export function checkedPair(pair: PreferencePair): PreferencePair {
  const { prompt, chosen, rejected } = pair;
  if (messagesOf(prompt).length === 0) throw inputError("the prompt is empty");
  for (const [name, answer] of Object.entries({ chosen, rejected })) {
    if (answerText(answer) === "") throw inputError(`the ${name} response is empty`);
  }
  if (isDeepStrictEqual(flat(chosen), flat(rejected))) throw inputError("chosen and rejected are identical");
  return pair;
}

/** An answer whose parts are one text. */
function flat(answer: string | ChatMessage): string | ChatMessage {
  return typeof answer === "object" && Array.isArray(answer.content) ? plainAnswer({ ...answer, content: contentText(answer) }) : answer;
}
