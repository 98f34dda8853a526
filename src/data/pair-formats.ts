/** Preference pairs in the formats people have. */
import type { ChatMessage, Prompt } from "../types.js";
import { sameMessages, splitAnswer, startsWith } from "./conversation.js";
import { type Fields, inputError, messagesField, promptField, textField } from "./fields.js";
import type { Format } from "./format.js";
import { isTranscript, parseTranscript, withLineFeeds } from "./transcript.js";

/** Two responses to one prompt, one preferred. The one internal form of all formats. */
export interface PreferencePair {
  prompt: Prompt;
  chosen: string;
  rejected: string;
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
  shp: { matches: (fields) => "human_ref_A" in fields, read: (fields) => checkedPair(readShp(fields)) },
  messages: { matches: ({ chosen }) => Array.isArray(chosen), read: (fields) => checkedPair(readMessages(fields)) },
  hh: {
    matches: ({ prompt, chosen }) => prompt === undefined && typeof chosen === "string",
    read: (fields) => checkedPair(readTranscripts(fields)),
  },
  prompt: { matches: ({ chosen }) => chosen !== undefined, read: (fields) => checkedPair(readPrompt(fields)) },
} as const satisfies Record<string, Format<PreferencePair>>;

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

/** The whole conversation of one side: some data sets repeat the prompt in it, others do not. */
function withPrompt(fields: Fields, side: "chosen" | "rejected"): ChatMessage[] {
  const messages = messagesField(fields, side);
  if (fields.prompt === undefined) return messages;
  const prompt = promptField(fields, "prompt");
  if (typeof prompt !== "string") return startsWith(messages, prompt) ? messages : [...prompt, ...messages];
  return messages.some(({ role }) => role === "user") ? messages : [{ role: "user", content: prompt }, ...messages];
}

function readTranscripts(fields: Fields): PreferencePair {
  const [chosen, rejected] = (["chosen", "rejected"] as const).map((side) => {
    const text = textField(fields, side);
    if (!isTranscript(text)) throw inputError(`the field "${side}" has no "\\n\\nHuman:" and no prompt stands beside it`);
    return splitAnswer(parseTranscript(text), side);
  }) as [Answered, Answered];
  return onePrompt(chosen, rejected);
}

type Answered = ReturnType<typeof splitAnswer>;

function onePrompt(chosen: Answered, rejected: Answered): PreferencePair {
  if (!sameMessages(chosen.prompt, rejected.prompt)) throw inputError("chosen and rejected answer different prompts");
  return { prompt: chosen.prompt, chosen: chosen.answer, rejected: rejected.answer };
}

function readPrompt(fields: Fields): PreferencePair {
  const written = promptField(fields, "prompt");
  const prompt = promptOf(written);
  const [chosen, rejected] = (["chosen", "rejected"] as const).map((side) => answerTo(written, textField(fields, side)));
  if (repeats(chosen, prompt) && repeats(rejected, prompt)) return readTranscripts(fields);
  return { prompt, chosen, rejected };
}

/** A whole transcript that begins with the prompt's. */
function repeats(text: string, prompt: Prompt): boolean {
  const start = typeof prompt === "string" ? [{ role: "user", content: withLineFeeds(prompt.trim()) }] : prompt;
  return isTranscript(text) && startsWith(parseTranscript(text), start);
}

/** A transcript becomes its messages, without the empty turn that asks for the answer. */
export function promptOf(prompt: Prompt): Prompt {
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
  if (prompt.length === 0) throw inputError("the prompt is empty");
  if (chosen === "" || rejected === "") throw inputError(`the ${chosen === "" ? "chosen" : "rejected"} response is empty`);
  if (chosen === rejected) throw inputError("chosen and rejected are identical");
  return pair;
}
