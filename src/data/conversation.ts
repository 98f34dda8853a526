/** Conversations as prompt and answer. */
import type { ChatMessage } from "../types.js";
import { inputError } from "./fields.js";

/** Messages without the last, which must be a non-empty answer of the assistant. @throws ArgsearchError INPUT_INVALID */
export function splitAnswer(messages: readonly ChatMessage[], what: string): { prompt: ChatMessage[]; answer: string } {
  const last = messages[messages.length - 1];
  if (last?.role !== "assistant") throw inputError(`${what} must end with the assistant's answer`);
  if (last.content === "") throw inputError(`the answer of ${what} is empty`);
  if (messages.length === 1) throw inputError(`${what} has no message before the answer`);
  return { prompt: messages.slice(0, -1), answer: last.content };
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
  return start.every(({ role, content }, index) => messages[index]?.role === role && messages[index].content === content);
}
