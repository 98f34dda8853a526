/** Answers beside a prompt: pieces of its transcript, or whole transcripts that repeat it. */
import type { ChatMessage } from "../types.js";
import { startsWith, systemApart } from "./conversation.js";
import { inputError } from "./fields.js";
import { isTranscript, parseTranscript, pieceOf } from "./transcript.js";

/** A prompt as a field has it. */
export type Written = string | readonly ChatMessage[];

/** A transcript becomes its messages, without the empty turn that asks for the answer. */
export function promptOf(prompt: Written): Written {
  if (typeof prompt !== "string" || !isTranscript(prompt)) return prompt;
  const turns = parseTranscript(prompt);
  const last = turns[turns.length - 1];
  return last?.role === "assistant" && last.content === "" ? turns.slice(0, -1) : turns;
}

/** An answer as it was read: beside a transcript it is the piece of it that was cut off. */
export function answerTo(prompt: Written, answer: string): string {
  return typeof prompt === "string" && isTranscript(prompt) ? saidIn(answer) : answer;
}

/** The marker of its turn may have stayed with the piece. */
function saidIn(piece: string): string {
  return pieceOf(pieceOf(piece).replace(/^Assistant:/, ""));
}

/**
 * Answers as whole conversations, where one of them at least repeats the prompt; undefined where none does.
 *
 * @throws ArgsearchError INPUT_INVALID for a transcript of another prompt. Beside texts and messages one that does not begin with a line
 * end is the dialogue that was asked for.
 */
export function repeating<Name extends string>(written: Written, answers: Record<Name, string>): Record<Name, ChatMessage[]> | undefined {
  const { system, turns } = asTurns(promptOf(written));
  const repeats = (text: string): boolean => isTranscript(text) && startsWith(parseTranscript(text), turns);
  const named = Object.entries<string>(answers);
  const some = named.some(([, text]) => repeats(text));
  const transcripts = some || (typeof written === "string" && isTranscript(written));
  const whole = named.map(([name, text]) => {
    if (repeats(text)) return [name, [...system, ...parseTranscript(text)]];
    if (isDialogue(text) && (transcripts || BEGINS_WITH_LINE_END.test(text))) throw inputError(`${name} is a transcript of another prompt`);
    return [name, [...system, ...turns, { role: "assistant", content: saidIn(text) }]];
  });
  return some ? (Object.fromEntries(whole) as Record<Name, ChatMessage[]>) : undefined;
}

const BEGINS_WITH_LINE_END = /^[^\S\n\v\f\r\u2028\u2029]*[\n\v\f\r\u0085\u2028\u2029]/;

/** Someone asks in it, and is answered. */
function isDialogue(text: string): boolean {
  if (!isTranscript(text)) return false;
  const [first, ...others] = parseTranscript(text);
  return first?.role === "user" && others.some(({ role }) => role === "assistant");
}

/** A prompt as it would stand in a transcript, which has no system messages. */
function asTurns(prompt: Written): { system: readonly ChatMessage[]; turns: ChatMessage[] } {
  const { system, turns } = systemApart(typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt);
  const piece = (message: ChatMessage): ChatMessage =>
    typeof message.content === "string" ? { ...message, content: pieceOf(message.content) } : message;
  return { system, turns: turns.map(piece) };
}
