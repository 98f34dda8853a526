/** A conversation that ends in a question about its last reply. */
import { isConversation, messagesOf, withMessages } from "../../messages.js";
import { type ResolvedTemplate, templateOf } from "../../model/template-options.js";
import type { ChatMessage, Prompt } from "../../types.js";
import type { Answers } from "./options.js";

/** The conversation and the reply so far, and the user's question behind them; a text without a conversation stands above the question. */
export function questioned(prompt: Prompt, reply: string, asked: { question: string; answers: Answers }): Prompt {
  const question = withInstruction(asked);
  if (prompt === "") return [{ role: "user", content: reply.trim() === "" ? question : `${reply}\n\n${question}` }];
  const given = messagesOf(prompt);
  const before: readonly ChatMessage[] = typeof given === "string" ? [{ role: "user", content: given }] : given;
  const all = [...before, { role: "assistant", content: reply }, { role: "user", content: question }];
  const asking = withMessages(prompt, all);
  if (!isConversation(asking) || asking.templateVariables === undefined) return asking;
  return { ...asking, templateVariables: { ...asking.templateVariables, ...UNTHINKING } };
}

export function withInstruction({ question, answers: [yes, no] }: { question: string; answers: Answers }): string {
  return `${question}\n\nAnswer with one word, ${yes} or ${no}.`;
}

/** How templates of models that may think are told not to. */
export const UNTHINKING = { enable_thinking: false } as const;

/** Of the call, but that there always is a template, and no thought. */
export function questionTemplate(template: ResolvedTemplate = templateOf()): ResolvedTemplate {
  return { ...template, mode: "auto", variables: { ...template.variables, ...UNTHINKING } };
}
