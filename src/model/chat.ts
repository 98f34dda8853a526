/** Prompts as text, by each model's own chat template. */
import { ArgsearchError } from "../errors.js";
import type { Span, Text } from "../jinja/text.js";
import { answerText, messagesOf } from "../messages.js";
import type { ChatMessage, Prompt } from "../types.js";
import { type AnswerPlace, placeOfAnswer } from "./answer-place.js";
import { BoundedTemplate } from "./bounded-template.js";
import { checkPrompt } from "./check-prompt.js";
import { checkValue } from "./check-value.js";
import { type ResolvedTemplate, templateOf } from "./template-options.js";
import { type ChatModel, charactersOf, contentsIn, hasParts, inParts, valuesOf, withFlatContents } from "./template-values.js";

export type { ChatModel } from "./template-values.js";

export interface RenderedPrompt {
  text: string;
  /** What of it callers wrote. */
  spans: readonly Span[];
  /** Made by a template, whose control tokens are meant; a raw text is taken literally, unless it is `special`. */
  templated: boolean;
  special: boolean;
}

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
  render(prompt: Prompt, template: "auto" | "none" | ResolvedTemplate): RenderedPrompt {
    const settings = typeof template === "string" ? templateOf({ template }) : template;
    checkPrompt(prompt);
    const messages = messagesOf(prompt);
    if (this.#isRaw(messages, settings)) return { text: messages, spans: [], templated: false, special: settings.special === true };
    const { value, spans } = this.#render(prompt, null, settings);
    return { text: value, spans, templated: true, special: true };
  }

  /**
   * The conversation that an answer finishes, around the answer. Null where no template writes it, or not as it is: a
   * template that knows no answers, or that takes them apart.
   *
   * @throws ArgsearchError PROMPT_EMPTY, OPTION_INVALID
   */
  renderAnswered(prompt: Prompt, answer: string | ChatMessage, settings: ResolvedTemplate): AnswerPlace | null {
    checkPrompt(prompt);
    checkValue("response", answer);
    if (this.#isRaw(messagesOf(prompt), settings)) return null;
    const message = typeof answer === "string" ? { role: "assistant", content: answer } : answer;
    try {
      return placeOfAnswer(this.#render(prompt, message, settings), answerText(answer));
    } catch (error) {
      // A template that cannot be rendered at all fails for the prompt alone, too.
      if (error instanceof ArgsearchError && error.code === "TEMPLATE_INVALID") return null;
      throw error;
    }
  }

  /** Reads the template, which else waits until it is needed. @throws ArgsearchError TEMPLATE_INVALID */
  check(): void {
    if (this.#model.chatTemplate !== null) this.#attempt("cannot be read", () => this.#parsed());
  }

  #isRaw(messages: string | readonly ChatMessage[], { mode }: ResolvedTemplate): messages is string {
    if (typeof messages === "string") return mode === "none" || this.#model.chatTemplate === null;
    if (mode === "auto") return false;
    throw new ArgsearchError("OPTION_INVALID", 'template "none" takes a text: messages need a chat template', { option: "template" });
  }

  #render(prompt: Prompt, answer: ChatMessage | null, settings: ResolvedTemplate): Text {
    const given = messagesOf(prompt);
    const messages = typeof given === "string" ? [{ role: "user", content: given }] : given;
    const all = answer === null ? messages : [...messages, answer];
    const write = (shown: readonly ChatMessage[], characters: number): Text => {
      const [open, last] = answer === null ? [shown, null] : [shown.slice(0, -1), shown.at(-1) ?? null];
      const values = valuesOf({ messages: open, answer: last, prompt, settings, model: this.#model });
      return this.#parsed().render(values, characters, settings.date);
    };
    return this.#attempt("does not render these messages", () => {
      const characters = charactersOf([all, prompt, settings.variables]);
      return shownBest(all, (shown) => write(shown, characters));
    });
  }

  #parsed(): BoundedTemplate {
    this.#template ??= new BoundedTemplate(this.#source());
    return this.#template;
  }

  #source(): string {
    if (this.#model.chatTemplate !== null) return this.#model.chatTemplate;
    throw new ArgsearchError("TEMPLATE_INVALID", `${this.#model.path} has no chat template: give it a text instead of messages`);
  }

  #attempt<T>(failure: string, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (cause instanceof ArgsearchError) throw cause;
      const { path, templateOption } = this.#model;
      const name = templateOption === undefined ? `the chat template of ${path}` : `${templateOption}, the chat template for ${path},`;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ArgsearchError("TEMPLATE_INVALID", `${name} ${failure}: ${reason}`, { cause, option: templateOption });
    }
  }
}

/**
 * Messages as they are, where the template shows what they hold. Some templates know parts alone and pass over texts, others
 * fail with parts or pass over them: for those the contents take the other form.
 */
function shownBest(messages: readonly ChatMessage[], write: (messages: readonly ChatMessage[]) => Text): Text {
  const first = attempted(() => write(messages));
  const asGiven = "text" in first ? contentsIn(first.text) : -1;
  if ("text" in first && asGiven > 0 && !hasParts(messages)) return first.text;
  const other = attempted(() => write(hasParts(messages) ? withFlatContents(messages) : inParts(messages)));
  if ("text" in other && contentsIn(other.text) > asGiven) return other.text;
  if ("text" in first) return first.text;
  throw first.error;
}

function attempted(write: () => Text): { text: Text } | { error: unknown } {
  try {
    return { text: write() };
  } catch (error) {
    return { error };
  }
}
