/** Columns beside a prompt that its chat template reads, too. */
import { parseJson } from "../files/json.js";
import { contentText, messagesOf } from "../messages.js";
import type { ChatMessage, Conversation, Prompt } from "../types.js";
import { type Fields, inputError } from "./fields.js";

/**
 * A prompt with what its record has beside it: `system` (a message before the others), `tools` and `documents` (arrays, or
 * such as JSON), `chat_template_kwargs` (variables). What is null or absent changes nothing.
 *
 * @throws ArgsearchError INPUT_INVALID
 */
export function inContext(fields: Fields, prompt: Prompt): Prompt {
  const messages = withSystem(fields, messagesOf(prompt));
  const context: Omit<Conversation, "messages"> = {
    ...arrayColumn(fields, "tools"),
    ...arrayColumn(fields, "documents"),
    ...variables(fields),
  };
  return Object.keys(context).length === 0 ? messages : { messages, ...context };
}

function withSystem({ system }: Fields, messages: Conversation["messages"]): Conversation["messages"] {
  if (system === undefined || system === null || system === "") return messages;
  if (typeof system !== "string") throw inputError('the field "system" must be a text');
  const others: readonly ChatMessage[] = typeof messages === "string" ? [{ role: "user", content: messages }] : messages;
  const [first] = others;
  if (first?.role !== "system") return [{ role: "system", content: system }, ...others];
  if (contentText(first) === system) return others;
  throw inputError('the field "system" and the first message are two different system messages');
}

function arrayColumn(fields: Fields, name: "tools" | "documents"): Partial<Conversation> {
  const value = unpacked(fields[name], name);
  if (value === undefined || value === null) return {};
  if (!Array.isArray(value)) throw inputError(`the field "${name}" must be an array`);
  return { [name]: value };
}

/** Data sets whose columns have one type each keep tools as JSON in a text. */
function unpacked(value: unknown, name: string): unknown {
  if (typeof value !== "string") return value;
  if (value.trim() === "") return null;
  return parseJson(value, `the field "${name}"`);
}

const RESERVED = ["messages", "add_generation_prompt"];

function variables({ chat_template_kwargs: given }: Fields): Partial<Conversation> {
  const value = unpacked(given, "chat_template_kwargs");
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw inputError('the field "chat_template_kwargs" must be an object');
  const reserved = RESERVED.find((name) => name in value);
  if (reserved !== undefined) throw inputError(`the field "chat_template_kwargs" must not set ${reserved}`);
  return { templateVariables: value as Record<string, unknown> };
}
