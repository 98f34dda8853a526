/** Fields of a data record, checked as they are taken. Everything here throws INPUT_INVALID. */
import { ArgsearchError } from "../errors.js";
import type { ChatMessage, Prompt } from "../types.js";
import { isMessage } from "../validate.js";

/** One line of a data file. */
export type Fields = Readonly<Record<string, unknown>>;

export function inputError(message: string): ArgsearchError {
  return new ArgsearchError("INPUT_INVALID", message);
}

export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw inputError(value === undefined ? `the field "${name}" is missing` : `the field "${name}" must be a text`);
}

/** At least one message. */
export function messagesField(fields: Fields, name: string): ChatMessage[] {
  const value = fields[name];
  if (Array.isArray(value) && value.length > 0 && value.every(isMessage)) return value.map(({ role, content }) => ({ role, content }));
  throw inputError(`the field "${name}" must be an array of messages {"role", "content"}, both texts`);
}

/** A text, or messages. */
export function promptField(fields: Fields, name: string): Prompt {
  return Array.isArray(fields[name]) ? messagesField(fields, name) : textField(fields, name);
}
