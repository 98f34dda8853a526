import { ArgsearchError } from "../errors.js";
import { messageFault, shownPart } from "../messages.js";
import type { Conversation } from "../types.js";
import { checkNames, invalid, type Names } from "../validate.js";
import { checkValue } from "./check-value.js";
import { variablesOf } from "./template-options.js";

const CONVERSATION: Names<Conversation> = { messages: true, tools: true, documents: true, templateVariables: true };

/** A text, messages, or a conversation with something in it. @throws ArgsearchError PROMPT_EMPTY, OPTION_INVALID */
export function checkPrompt(prompt: unknown): void {
  if (typeof prompt !== "object" || prompt === null || Array.isArray(prompt) || !("messages" in prompt)) {
    checkMessages("prompt", prompt);
    return;
  }
  checkNames("a prompt", prompt, CONVERSATION);
  const { messages, tools, documents, templateVariables } = prompt as Conversation;
  checkMessages("prompt.messages", messages);
  for (const [name, value] of Object.entries({ tools, documents })) {
    if (value !== undefined && value !== null && !Array.isArray(value)) throw invalid(`prompt.${name}`, "an array", value);
    checkValue(`prompt.${name}`, value);
  }
  if (templateVariables !== undefined) variablesOf("prompt.templateVariables", templateVariables);
}

function checkMessages(name: string, messages: unknown): void {
  if (messages === "") throw new ArgsearchError("PROMPT_EMPTY", "the prompt is an empty text");
  if (typeof messages === "string") return;
  if (!Array.isArray(messages)) throw invalid(name, "a text or an array of messages", messages);
  if (messages.length === 0) throw new ArgsearchError("PROMPT_EMPTY", "the prompt has no messages");
  for (const [index, message] of messages.entries()) checkMessage(`${name}[${index}]`, message);
  checkValue(name, messages);
}

/** @throws ArgsearchError OPTION_INVALID */
function checkMessage(name: string, message: unknown): void {
  const fault = messageFault(message);
  if (fault === null) return;
  const { at, expected, got } = fault;
  if (at === "") throw invalid(name, expected, got);
  throw new ArgsearchError("OPTION_INVALID", `${name}${at} must be ${expected}, got ${shownPart(got)}`, { option: name });
}
