/** Fields of a data record, checked as they are taken. Everything here throws INPUT_INVALID. */
import { ArgsearchError } from "../errors.js";
import { messageFault, shownPart } from "../messages.js";
import type { ChatMessage } from "../types.js";

/** One line of a data file. */
export type Fields = Readonly<Record<string, unknown>>;

export function inputError(message: string): ArgsearchError {
  return new ArgsearchError("INPUT_INVALID", message);
}

export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return wellFormed(value, name);
  throw inputError(value === undefined ? `the field "${name}" is missing` : `the field "${name}" must be a text`);
}

/** At least one message. All their fields are kept: chat templates read them. */
export function messagesField(fields: Fields, name: string): ChatMessage[] {
  const value = fields[name];
  const what = `the field "${name}" must be an array of messages {"role", "content"}`;
  if (!Array.isArray(value) || value.length === 0) throw inputError(what);
  value.forEach((message: unknown, index) => {
    const fault = messageFault(message);
    if (fault !== null) throw inputError(`${what}: ${name}[${index}]${fault.at} must be ${fault.expected}, got ${shownPart(fault.got)}`);
  });
  return wellFormed(value as ChatMessage[], name);
}

/** A value without lone surrogates, in whatever depth: no UTF-8 says them. */
export function wellFormed<T>(value: T, name: string): T {
  const rest: unknown[] = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    if (typeof next === "string" && /\p{Surrogate}/u.test(next))
      throw inputError(`the field "${name}" holds half a character, a lone surrogate`);
    if (typeof next !== "object" || next === null) continue;
    for (const [key, inner] of Object.entries(next)) rest.push(key, inner);
  }
  return value;
}

/** A text, or messages. */
export function promptField(fields: Fields, name: string): string | ChatMessage[] {
  return Array.isArray(fields[name]) ? messagesField(fields, name) : textField(fields, name);
}
