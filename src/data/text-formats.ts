/** What can be scored or answered, apart from pairs. */
import { plainAnswer } from "../messages.js";
import type { ChatMessage, Prompt } from "../types.js";
import { inContext } from "./context.js";
import { type Answered, splitAnswer, withoutAnswer } from "./conversation.js";
import { type Fields, inputError, messagesField, promptField, textField } from "./fields.js";
import type { Format } from "./format.js";
import { answerTo, promptOf, repeating, type Written } from "./repeated.js";

/** A response to a prompt, or a text as it is. */
export type ScorableText = { prompt: Prompt; response: string | ChatMessage } | { text: string };

/** `prompt`, or `messages`, and `response`; `messages` that end with an answer; or `text`, raw and whole. */
export const TEXT_FORMATS = {
  response: {
    matches: ({ response }) => response !== undefined,
    read: (fields) => {
      const written = promptOrMessages(fields);
      const { prompt, answer } = repeatedIn(fields, written) ?? { prompt: promptOf(written), answer: responseOf(fields, written) };
      return { prompt: inContext(fields, notEmpty(prompt, "prompt")), response: answer };
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

/** Of messages an answer that is recorded with them is left aside: the response is another one. */
function promptOrMessages(fields: Fields): Written {
  if (fields.prompt !== undefined || fields.messages === undefined) return promptField(fields, "prompt");
  return withoutAnswer(messagesField(fields, "messages"), "messages");
}

/** A transcript that repeats the prompt. */
function repeatedIn(fields: Fields, prompt: Written): Answered | undefined {
  const whole = typeof fields.response === "string" && repeating(prompt, { response: textField(fields, "response") });
  return whole ? splitAnswer(whole.response, "response") : undefined;
}

/** A text, or the assistant's message alone. */
function responseOf(fields: Fields, prompt: Written): string | ChatMessage {
  if (typeof fields.response === "string") return notEmpty(answerTo(prompt, textField(fields, "response")), "response");
  const [message, ...others] = messagesField({ response: [fields.response].flat() }, "response");
  if (message?.role !== "assistant" || others.length > 0)
    throw inputError('the field "response" must be a text, or one message of the assistant');
  return plainAnswer(message);
}

function filled(name: string, fields: Fields): string {
  return notEmpty(textField(fields, name), name);
}

export function notEmpty<T extends { readonly length: number }>(value: T, name: string): T {
  if (value.length > 0) return value;
  throw inputError(`the ${name} is empty`);
}
