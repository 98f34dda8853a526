/**
 * Conversations written as one text, the way HH-RLHF does it: "\n\nHuman: Hi\n\nAssistant: Hello", after Bai et al.,
 * Training a Helpful and Harmless Assistant, 2022 (https://github.com/anthropics/hh-rlhf).
 */
import { answerText, contentText, messagesOf } from "../messages.js";
import type { ChatMessage, Prompt } from "../types.js";

/** Whatever Unicode ends a line with. Blanks may stand in the blank line before a turn, and before its name. */
const LINE_END = "(?:\\r\\n|[\\n\\v\\f\\r\\u0085\\u2028\\u2029])";
const BLANKS = "[\\t \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000\\ufeff]*";
const NAME = `${BLANKS}(Human|Assistant):`;
const AFTER_PARAGRAPH = new RegExp(`(?:^|${LINE_END}${BLANKS}${LINE_END}|\\u2029)${NAME}`);
const AFTER_LINE = new RegExp(`(?:^|${LINE_END})${NAME}`);
const ROLE_OF: Readonly<Record<string, string>> = { Human: "user", Assistant: "assistant" };
const NAME_OF: Readonly<Record<string, string>> = { user: "Human", assistant: "Assistant" };

/** Whether a text is a transcript: it begins with someone's turn. */
export function isTranscript(text: string): boolean {
  return /^[\s\u0085]*(Human|Assistant):/.test(text);
}

/**
 * The turns of a transcript; an empty last one is kept, the answer that is to come. They stand behind blank lines; behind line ends where
 * only so they alternate.
 */
export function parseTranscript(text: string): ChatMessage[] {
  const said = withLineFeeds(text.replace(/^[\s\u0085]+/, ""));
  const apart = turnsOf(said, AFTER_PARAGRAPH);
  if (alternate(apart)) return apart;
  const below = turnsOf(said, AFTER_LINE);
  return alternate(below) ? below : apart;
}

function alternate(turns: readonly ChatMessage[]): boolean {
  return turns.length > 1 && turns.every(({ role }, index) => role === (index % 2 === 0 ? "user" : "assistant"));
}

function turnsOf(text: string, marker: RegExp): ChatMessage[] {
  const [, ...parts] = text.split(marker);
  const turns: ChatMessage[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [name = "", content = ""] = [parts[at], parts[at + 1]];
    turns.push({ role: ROLE_OF[name] ?? name, content: content.trim() });
  }
  return turns;
}

/** What a piece of a transcript says: blanks around it, and how its lines end, are no part of that. */
export function pieceOf(text: string): string {
  return withLineFeeds(text).trim();
}

function withLineFeeds(text: string): string {
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
