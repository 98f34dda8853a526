/** The messages of a chat: what has been said, and what a new conversation begins with. */
import { ArgsearchError, type ChatMessage } from "../../index.js";
import { contentText } from "../../messages.js";

export class Conversation {
  #opening: readonly ChatMessage[];
  #messages: readonly ChatMessage[];

  constructor(system?: string) {
    this.#opening = system === undefined ? [] : [{ role: "system", content: system }];
    this.#messages = this.#opening;
  }

  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  /** Somebody has said something. */
  get begun(): boolean {
    return this.#messages.length > this.#opening.length;
  }

  get system(): string | undefined {
    return this.#opening.length === 0 ? undefined : this.#opening.map(contentText).join("\n");
  }

  /** In place of every system message that the conversation begins with; what was said since stays. */
  set system(text: string | undefined) {
    const said = this.#messages.slice(this.#opening.length);
    this.#opening = text === undefined ? [] : [{ role: "system", content: text }];
    this.#messages = [...this.#opening, ...said];
  }

  /** What the last answer answers, with all that comes before; undefined when there is nothing to answer. */
  get lastQuestion(): { before: readonly ChatMessage[]; question: ChatMessage } | undefined {
    return this.#cutAt(this.#messages.findLastIndex(({ role }) => role !== "assistant" && role !== "system"));
  }

  /** The last message has no answer, as in a file from elsewhere. */
  get unanswered(): boolean {
    return this.lastQuestion !== undefined && this.#messages.at(-1)?.role !== "assistant";
  }

  /** Answers a question that follows these messages; what followed them before is forgotten. */
  answer(before: readonly ChatMessage[], question: ChatMessage, answer: string): void {
    this.#messages = [...before, question, { role: "assistant", content: answer }];
  }

  /** Takes the user's last message back, with all that follows it. @throws ArgsearchError OPTION_INVALID when there is none */
  undo(): ChatMessage {
    const last = this.#cutAt(this.#messages.findLastIndex(({ role }) => role === "user"));
    if (last === undefined) throw new ArgsearchError("OPTION_INVALID", "there is nothing to take back: nothing was said yet");
    this.#messages = last.before;
    return last.question;
  }

  reset(): void {
    this.#messages = this.#opening;
  }

  /** Goes on with other messages; those of the system at their beginning are what a new conversation begins with. */
  replace(messages: readonly ChatMessage[]): void {
    const said = messages.findIndex(({ role }) => role !== "system");
    this.#opening = said < 0 ? messages : messages.slice(0, said);
    this.#messages = messages;
  }

  #cutAt(index: number): { before: readonly ChatMessage[]; question: ChatMessage } | undefined {
    const question = this.#messages[index];
    return question && { before: this.#messages.slice(0, index), question };
  }
}
