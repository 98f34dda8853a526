/** What a model is asked, and how it becomes a text. */

/** A part of a message's content. Only texts can be read. */
export interface TextPart {
  type: "text";
  text: string;
}

/** One message of a conversation. */
export interface ChatMessage {
  role: "system" | "user" | "assistant" | "tool" | (string & {});
  /** A text, or text parts; null or left out beside tool calls or reasoning. */
  content?: string | readonly TextPart[] | null | undefined;
  /** What else a chat template may read, as JSON: name, tool_calls, tool_call_id, reasoning_content, … */
  [field: string]: unknown;
}

/** Messages with what else their chat template may read. */
export interface Conversation {
  /** A text is one user message. */
  messages: string | readonly ChatMessage[];
  /** Functions that may be called, as JSON schemas. */
  tools?: readonly unknown[] | null | undefined;
  /** Texts to answer from. */
  documents?: readonly unknown[] | null | undefined;
  /** Variables of this conversation's own; they go before the call's. */
  templateVariables?: Readonly<Record<string, unknown>> | undefined;
}

/** A text, or a conversation that each model's own chat template formats. */
export type Prompt = string | readonly ChatMessage[] | Conversation;

/** How prompts become texts: for every call that reads them. */
export interface TemplateOptions {
  /** "auto" (default): each model's own chat template (a text is one user message); "none": the text as it is. */
  template?: "auto" | "none" | undefined;
  /** Variables for the chat templates, as JSON: { enable_thinking: false }. Not `messages` and `add_generation_prompt`. */
  templateVariables?: Readonly<Record<string, unknown>> | undefined;
  /**
   * What templates take for the present time, as a Date or in ISO 8601, local where it does not say otherwise, a day for its
   * beginning. Default: when the call is made; for what a later run can continue, the beginning of that day.
   */
  date?: Date | string | undefined;
}
