/** What a chat template is given, each text marked with who wrote it. */
import type { ModelInfo } from "../engine/binding.js";
import { Text } from "../jinja/text.js";
import { Dict, List, Parts, toValue, type Value } from "../jinja/values.js";
import { contentText, isConversation } from "../messages.js";
import type { ChatMessage, Prompt } from "../types.js";
import type { ResolvedTemplate } from "./template-options.js";

/** Origins of what callers wrote: see Text. Contents of messages count up from the last, one each. */
export const USER = 1;
export const ANSWER = 2;
const CONTENT = 3;

export type ChatModel = Pick<ModelInfo, "path" | "chatTemplate" | "bosText" | "eosText"> & {
  /** Further tokens that templates may write, by their names in transformers: unk_token, pad_token, … */
  specialTokens?: Readonly<Record<string, string>> | undefined;
  /** The option that gave the template, where it is not the file's own. */
  templateOption?: string | undefined;
};

export interface ToRender {
  messages: readonly ChatMessage[];
  /** Comes last, and ends the conversation; null where it is still to come. */
  answer: ChatMessage | null;
  prompt: Prompt;
  settings: ResolvedTemplate;
  model: ChatModel;
}

/** The variables that transformers passes to every template, and the caller's own. */
export function valuesOf({ messages, answer, prompt, settings, model }: ToRender): Record<string, Value> {
  const { bosText, eosText, specialTokens = {} } = model;
  const special = { ...specialTokens, bos_token: bosText, eos_token: eosText };
  const { tools, documents, templateVariables = {} } = isConversation(prompt) ? prompt : {};
  const given = { tools: null, documents: null, ...settings.variables, ...templateVariables };
  const own = { ...given, ...(tools && { tools }), ...(documents && { documents }) };
  const contents = messages.map((message, index) => messageValue(message, CONTENT + index));
  return {
    ...mapValues(special, (text) => new Text(text)),
    ...mapValues(own, (value) => toValue(value, USER)),
    messages: new List(answer === null ? contents : [...contents, messageValue(answer, ANSWER)]),
    add_generation_prompt: answer === null,
  };
}

function mapValues<T>(values: Readonly<Record<string, T>>, change: (value: T) => Value): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

/** Fields of null say nothing: tables fill them in where some other message has one. Content of null is what a template asks about. */
function messageValue(message: ChatMessage, origin: number): Dict {
  const fields = Object.entries(message).filter(([name, value]) => value !== undefined && (value !== null || name === "content"));
  return new Dict(fields.map(([name, value]) => [Text.of(name, USER), fieldValue(name, value, origin)] as const));
}

/** A role in one word may be a part of a control token, "<|user|>", and is meant to be; by itself it makes none. */
function fieldValue(name: string, value: unknown, origin: number): Value {
  if (name === "role" && typeof value === "string" && /^\w+$/.test(value)) return new Text(value);
  if (name !== "content") return toValue(value, USER);
  return Array.isArray(value) ? new Parts(value.map((part) => toValue(part, origin))) : toValue(value, origin);
}

export function hasParts(messages: readonly ChatMessage[]): boolean {
  return messages.some(({ content }) => Array.isArray(content));
}

/** Messages with their parts as texts, for templates that know nothing of parts. */
export function withFlatContents(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.map((message) => (Array.isArray(message.content) ? { ...message, content: contentText(message) } : message));
}

/** And texts as parts, for templates that know nothing else. */
export function inParts(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.map((message) => {
    return typeof message.content === "string" ? { ...message, content: [{ type: "text", text: message.content }] } : message;
  });
}

/** How many messages' contents are to be seen in a text. */
export function contentsIn({ spans }: Text): number {
  return new Set(spans.map(({ origin }) => origin).filter((origin) => origin >= ANSWER)).size;
}

/** Characters of all texts in a value. */
export function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce((sum, [name, item]) => sum + name.length + charactersOf(item), 0);
}
