/** Preference pairs in the formats people have. */
import { isDeepStrictEqual } from "node:util";
import { answerText, contentText, messagesOf, plainAnswer } from "../messages.js";
import type { ChatMessage, Prompt } from "../types.js";
import { inContext } from "./context.js";
import { type Answered, behindPrompt, hasQuestion, sameMessages, splitAnswer } from "./conversation.js";
import { type Fields, inputError, messagesField, promptField, textField } from "./fields.js";
import type { Format } from "./format.js";
import { answerTo, promptOf, repeating } from "./repeated.js";
import { isTranscript, parseTranscript, pieceOf } from "./transcript.js";

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
 * | prompt | `prompt` (a text, a transcript or messages), `chosen`, `rejected`: answers, or transcripts that repeat the prompt (of another: refused) |
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
export function withPrompt(fields: Fields, side: "chosen" | "rejected"): ChatMessage[] {
  const messages = messagesField(fields, side);
  if (fields.prompt === undefined) return messages;
  const prompt = promptOf(promptField(fields, "prompt"));
  if (typeof prompt !== "string") return behindPrompt(prompt, messages, side);
  if (!hasQuestion(messages)) return behindPrompt([{ role: "user", content: prompt }], messages, side);
  const questions = messages.filter(({ role }) => role === "user");
  const [text, ...texts] = [prompt, ...questions.map(contentText)].map(pieceOf);
  if (text === "" || texts.includes(text)) return messages;
  throw inputError(`${side} has messages of the user, and does not repeat the prompt's`);
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
  const [chosen, rejected] = [textField(fields, "chosen"), textField(fields, "rejected")];
  const whole = repeating(written, { chosen, rejected });
  if (whole) return onePrompt(splitAnswer(whole.chosen, "chosen"), splitAnswer(whole.rejected, "rejected"));
  return { prompt, chosen: answerTo(written, chosen), rejected: answerTo(written, rejected) };
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
