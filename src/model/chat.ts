/** Prompts as text, by each model's own chat template. */
import type { ModelInfo } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";
import type { ChatMessage, Prompt } from "../types.js";
import { invalid, isMessage } from "../validate.js";
import { BoundedTemplate } from "./bounded-template.js";

export interface RenderedPrompt {
  text: string;
  /** Made by a template, whose control tokens are meant; a raw text is taken literally. */
  templated: boolean;
}

export type ChatModel = Pick<ModelInfo, "path" | "chatTemplate" | "bosText" | "eosText">;

export class ChatFormat {
  readonly #model: ChatModel;
  #template: BoundedTemplate | undefined;

  constructor(model: ChatModel) {
    this.#model = model;
  }

  /**
   * "auto": a text becomes one user message, or stays raw where the model has no template. "none": the text as it is.
   * A template that does more than any real one would is TEMPLATE_INVALID, too: see bounded-template.ts.
   *
   * @throws ArgsearchError PROMPT_EMPTY, TEMPLATE_INVALID, OPTION_INVALID
   */
  render(prompt: Prompt, mode: "auto" | "none"): RenderedPrompt {
    checkPrompt(prompt);
    if (typeof prompt === "string") {
      const raw = mode === "none" || this.#model.chatTemplate === null;
      return raw ? { text: prompt, templated: false } : this.#render([{ role: "user", content: prompt }]);
    }
    if (mode === "auto") return this.#render(prompt);
    throw new ArgsearchError("OPTION_INVALID", 'template "none" takes a text: messages need a chat template', { option: "template" });
  }

  #render(messages: readonly ChatMessage[]): RenderedPrompt {
    const { bosText, eosText, path } = this.#model;
    try {
      this.#template ??= new BoundedTemplate(this.#source());
      const values = { messages, add_generation_prompt: true, bos_token: bosText, eos_token: eosText };
      const characters = messages.reduce((sum, { role, content }) => sum + role.length + content.length, 0);
      return { text: this.#template.render(values, characters), templated: true };
    } catch (cause) {
      if (cause instanceof ArgsearchError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ArgsearchError("TEMPLATE_INVALID", `the chat template of ${path} does not render these messages: ${reason}`, { cause });
    }
  }

  #source(): string {
    if (this.#model.chatTemplate !== null) return this.#model.chatTemplate;
    throw new ArgsearchError("TEMPLATE_INVALID", `${this.#model.path} has no chat template: give it a text instead of messages`);
  }
}

function checkPrompt(prompt: unknown): void {
  if (prompt === "") throw new ArgsearchError("PROMPT_EMPTY", "the prompt is an empty text");
  if (typeof prompt === "string") return;
  if (!Array.isArray(prompt)) throw invalid("prompt", "a text or an array of messages", prompt);
  if (prompt.length === 0) throw new ArgsearchError("PROMPT_EMPTY", "the prompt has no messages");
  prompt.forEach((message: unknown, index) => {
    if (!isMessage(message)) throw invalid(`prompt[${index}]`, "a message { role: string, content: string }", message);
  });
}
