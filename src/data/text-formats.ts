/** What can be scored or answered, apart from pairs. */
import { plainAnswer } from "../messages.js";
import type { ChatMessage, Prompt } from "../types.js";
import { inContext } from "./context.js";
import { splitAnswer, withoutAnswer } from "./conversation.js";
import { type Fields, inputError, messagesField, promptField, textField } from "./fields.js";
import type { Format } from "./format.js";
import { answerTo, promptOf } from "./pair-formats.js";

/** A response to a prompt, or a text as it is. */
export type ScorableText = { prompt: Prompt; response: string | ChatMessage } | { text: string };

/** `prompt` and `response`; `messages` that end with an answer; or `text`, raw and whole. */
export const TEXT_FORMATS = {
  response: {
    matches: ({ response }) => response !== undefined,
    read: (fields) => {
      const prompt = promptField(fields, "prompt");
      return { prompt: inContext(fields, notEmpty(promptOf(prompt), "prompt")), response: responseOf(fields, prompt) };
    },
  },
  conversation: {
    matches: ({ messages }) => messages !== undefined,
    read: (fields) => {
      const { prompt, answer } = splitAnswer(messagesField(fields, "messages"), "messages");
      return { prompt: inContext(fields, prompt), response: answer };
    },
  },
  text: { matches: ({ text }) => text !== undefined, read: (fields) => ({ text: filled("text", fields) }) },
} as const satisfies Record<string, Format<ScorableText>>;

/**
 * Prompts to be answered: `prompt` (a text, a transcript or messages), or `messages`. An answer that is recorded with them, and what
 * else a record has, is left aside.
 */
export const PROMPT_FORMATS = {
  prompts: {
    matches: ({ prompt }) => prompt !== undefined,
    read: (fields) => {
      const prompt = notEmpty(promptOf(promptField(fields, "prompt")), "prompt");
      return inContext(fields, typeof prompt === "string" ? prompt : withoutAnswer(prompt, "prompt"));
    },
  },
  conversation: {
    matches: ({ messages }) => messages !== undefined,
    read: (fields) => inContext(fields, withoutAnswer(messagesField(fields, "messages"), "messages")),
  },
} as const satisfies Record<string, Format<Prompt>>;

/** A text, or the assistant's message alone. */
function responseOf(fields: Fields, prompt: Prompt): string | ChatMessage {
  if (typeof fields.response === "string") return answerTo(prompt, filled("response", fields));
  const [message, ...others] = messagesField({ response: [fields.response].flat() }, "response");
  if (message?.role !== "assistant" || others.length > 0)
    throw inputError('the field "response" must be a text, or one message of the assistant');
  return plainAnswer(message);
}

function filled(name: string, fields: Fields): string {
  return notEmpty(textField(fields, name), name);
}

function notEmpty<T extends { readonly length: number }>(value: T, name: string): T {
  if (value.length > 0) return value;
  throw inputError(`the ${name} is empty`);
}
