/**
 * Conversations written as one text, the way HH-RLHF does it: "\n\nHuman: Hi\n\nAssistant: Hello", after Bai et al.,
 * Training a Helpful and Harmless Assistant, 2022 (https://github.com/anthropics/hh-rlhf).
 */
import { answerText, contentText, messagesOf } from "../messages.js";
import type { ChatMessage, Prompt } from "../types.js";

/** Whatever Unicode ends a line with; the blank line before a turn may hold blanks. */
const LINE_END = "(?:\\r\\n|[\\n\\v\\f\\r\\u0085\\u2028\\u2029])";
const TURN = new RegExp(`(?:^|${LINE_END}[ \\t]*${LINE_END})(Human|Assistant):`);
const ROLE_OF: Readonly<Record<string, string>> = { Human: "user", Assistant: "assistant" };
const NAME_OF: Readonly<Record<string, string>> = { user: "Human", assistant: "Assistant" };

/** Whether a text is a transcript: it begins with someone's turn. */
export function isTranscript(text: string): boolean {
  return /^[\s\u0085]*(Human|Assistant):/.test(text);
}

/** The turns of a transcript; an empty last one is kept, the answer that is to come. */
export function parseTranscript(text: string): ChatMessage[] {
  const [, ...parts] = withLineFeeds(text.replace(/^[\s\u0085]+/, "")).split(TURN);
  const turns: ChatMessage[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [name = "", content = ""] = [parts[at], parts[at + 1]];
    turns.push({ role: ROLE_OF[name] ?? name, content: content.trim() });
  }
  return turns;
}

/** A piece of a transcript: how its lines end is not a part of what was said. */
export function withLineFeeds(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** A transcript that ends where the assistant's answer begins; a text is taken as it is. */
export function promptAsText(prompt: Prompt): string {
  const messages = messagesOf(prompt);
  if (typeof messages === "string") return messages;
  const turns = messages.map((message) => `\n\n${NAME_OF[message.role] ?? message.role}: ${contentText(message)}`);
  return `${turns.join("")}\n\nAssistant:`;
}

/** A response as it continues promptAsText(). */
export function responseAsText(prompt: Prompt, response: string | ChatMessage): string {
  return typeof messagesOf(prompt) === "string" ? answerText(response) : ` ${answerText(response)}`;
}
