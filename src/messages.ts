/** Messages: one reading of them for data files and programs. */
import type { ChatMessage, Conversation, Prompt, TextPart } from "./types.js";
import { show } from "./validate.js";

/** Fields beside which a message may be without content. */
const INSTEAD_OF_CONTENT = ["tool_calls", "function_call", "reasoning_content", "reasoning", "thinking"];

/** What is wrong with a message, as a path and what should stand there; null when nothing is. */
export function messageFault(message: unknown): { at: string; expected: string; got: unknown } | null {
  const fault = (at: string, expected: string, got: unknown) => ({ at, expected, got });
  if (typeof message !== "object" || message === null || Array.isArray(message)) return fault("", MESSAGE, message);
  const { role, content } = message as Record<string, unknown>;
  if (typeof role !== "string") return fault("", MESSAGE, message);
  if (typeof content === "string") return null;
  if (content === null || content === undefined) {
    const instead = INSTEAD_OF_CONTENT.some((name) => (message as Record<string, unknown>)[name] != null);
    return instead ? null : fault("", `${MESSAGE}, without content only beside tool_calls or reasoning_content`, message);
  }
  if (!Array.isArray(content) || content.length === 0) return fault("", `${MESSAGE} or text parts`, message);
  const place = content.findIndex((part) => !isTextPart(part));
  return place < 0 ? null : fault(`.content[${place}]`, 'a part { type: "text", text: string }: only texts can be read', content[place]);
}

const MESSAGE = "a message { role: string, content: string }";

/** A value as it appears in a message about it; a content part by its type. */
export function shownPart(value: unknown): string {
  const { type } = (typeof value === "object" && value !== null ? value : {}) as { type?: unknown };
  return typeof type === "string" ? `one of type ${show(type)}` : show(value);
}

function isTextPart(part: unknown): part is TextPart {
  if (typeof part !== "object" || part === null) return false;
  const { type, text } = part as Record<string, unknown>;
  return type === "text" && typeof text === "string";
}

/** A message's content as a text: its parts a line each, nothing where it has none. */
export function contentText({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ text }) => text).join("\n");
}

/** An answer's text. */
export function answerText(answer: string | ChatMessage): string {
  return typeof answer === "string" ? answer : contentText(answer);
}

/** A message that holds nothing but a role and a text becomes that text; any other stays whole. */
export function plainAnswer(message: ChatMessage): string | ChatMessage {
  const { role: _role, content, ...rest } = message;
  return typeof content === "string" && Object.values(rest).every((value) => value == null) ? content : message;
}

export function isConversation(prompt: Prompt): prompt is Conversation {
  return typeof prompt === "object" && !Array.isArray(prompt);
}

/** A prompt's text or messages. */
export function messagesOf(prompt: Prompt): string | readonly ChatMessage[] {
  return isConversation(prompt) ? prompt.messages : (prompt as string | readonly ChatMessage[]);
}

/** A prompt with these messages, and all else that it has. */
export function withMessages(prompt: Prompt, messages: Conversation["messages"]): Prompt {
  return isConversation(prompt) ? { ...prompt, messages } : messages;
}

/** A prompt whose contents are all texts: what reward functions see. */
export function withTexts(prompt: Prompt): Prompt {
  const messages = messagesOf(prompt);
  if (typeof messages === "string" || messages.every(({ content }) => typeof content === "string")) return prompt;
  return withMessages(
    prompt,
    messages.map((message) => ({ ...message, content: contentText(message) })),
  );
}
