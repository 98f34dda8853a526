/** Conversations as prompt and answer. */
import { isDeepStrictEqual } from "node:util";
import { contentText, plainAnswer } from "../messages.js";
import type { ChatMessage } from "../types.js";
import { inputError } from "./fields.js";

export interface Answered {
  prompt: ChatMessage[];
  /** A text; a message where it has more than that. */
  answer: string | ChatMessage;
}

/** Messages without the last, which must be a non-empty answer of the assistant. @throws ArgsearchError INPUT_INVALID */
export function splitAnswer(messages: readonly ChatMessage[], what: string): Answered {
  const last = messages[messages.length - 1];
  if (last?.role !== "assistant") throw inputError(`${what} must end with the assistant's answer`);
  if (contentText(last) === "") throw inputError(`the answer of ${what} is empty`);
  if (messages.length === 1) throw inputError(`${what} has no message before the answer`);
  return { prompt: messages.slice(0, -1), answer: plainAnswer(last) };
}

/** Messages up to the answer that is recorded with them, where they end with one. @throws ArgsearchError INPUT_INVALID */
export function withoutAnswer(messages: readonly ChatMessage[], what: string): ChatMessage[] {
  const last = messages.findLastIndex(({ role }) => role !== "assistant");
  if (last < 0) throw inputError(`${what} has no message before the answer`);
  return messages.slice(0, last + 1);
}

export function sameMessages(a: readonly ChatMessage[], b: readonly ChatMessage[]): boolean {
  return a.length === b.length && startsWith(a, b);
}

/** `messages` begins with `start`. */
export function startsWith(messages: readonly ChatMessage[], start: readonly ChatMessage[]): boolean {
  return start.every((message, index) => isSame(message, messages[index] ?? { role: "" }));
}

/**
 * Messages of one side behind a prompt: they begin with its turns, or go on behind them. The system message may stand with either.
 *
 * @throws ArgsearchError INPUT_INVALID for another system message, and for turns of the user that are not the prompt's
 */
export function behindPrompt(prompt: readonly ChatMessage[], messages: readonly ChatMessage[], what: string): ChatMessage[] {
  const [asked, side] = [systemApart(prompt), systemApart(messages)];
  if (asked.system[0] && side.system[0] && !isSame(asked.system[0], side.system[0])) {
    throw inputError(`the prompt and ${what} begin with two different system messages`);
  }
  const system = side.system.length > 0 ? side.system : asked.system;
  if (startsWith(side.turns, asked.turns)) return [...system, ...side.turns];
  if (!hasQuestion(side.turns)) return [...system, ...asked.turns, ...side.turns];
  throw inputError(`${what} has messages of the user, and does not begin with the prompt's`);
}

export function hasQuestion(messages: readonly ChatMessage[]): boolean {
  return messages.some(({ role }) => role === "user");
}

export function systemApart(messages: readonly ChatMessage[]): { system: readonly ChatMessage[]; turns: readonly ChatMessage[] } {
  const count = messages[0]?.role === "system" ? 1 : 0;
  return { system: messages.slice(0, count), turns: messages.slice(count) };
}

/** Messages agree in role, in what their contents say, and in what else both have: data sets note more on one side than on the other. */
function isSame(a: ChatMessage, b: ChatMessage): boolean {
  const shared = Object.keys(a).filter((name) => name !== "content" && a[name] != null && b[name] != null);
  const sameContent = (a.content == null) === (b.content == null) && contentText(a) === contentText(b);
  return sameContent && shared.every((name) => isDeepStrictEqual(a[name], b[name]));
}
