/** A chat under way: what the user says becomes answers, and slash commands change how. */
import { ArgsearchError, type ChatMessage, type Decoder, type GenerateOptions, type GenerateResult } from "../../index.js";
import { contentText } from "../../messages.js";
import { lookaheadFigures } from "../flags/lookahead.js";
import { gateFigures, plural, rewardFigures } from "../terminal/format.js";
import { note, print } from "../terminal/output.js";
import { streamText } from "../terminal/stream-text.js";
import { unguidedNotice } from "../terminal/unguided.js";
import { compare, showComparison } from "./compare.js";
import type { Conversation } from "./conversation.js";
import { draws } from "./guidance.js";
import type { RewardColours } from "./reward-colours.js";
import type { ChatSettings } from "./settings.js";
import { Totals } from "./totals.js";

interface Parts {
  decoder: Decoder;
  conversation: Conversation;
  settings: ChatSettings;
  colours: RewardColours;
  /** Say what the cache saved, and say it in a pipe as well. */
  verbose: boolean;
}

export class ChatSession {
  readonly decoder: Decoder;
  readonly conversation: Conversation;
  readonly settings: ChatSettings;
  readonly colours: RewardColours;
  readonly totals = new Totals();
  /** Says once that nothing guides. */
  readonly sayUnguided: () => void;
  readonly #verbose: boolean;
  /** No more is asked. */
  over = false;
  /** The next message is answered twice. */
  comparesNext = false;
  #last: GenerateResult | undefined;
  #answering: AbortController | undefined;

  constructor({ decoder, conversation, settings, colours, verbose }: Parts) {
    this.decoder = decoder;
    this.conversation = conversation;
    this.settings = settings;
    this.colours = colours;
    this.#verbose = verbose;
    this.sayUnguided = unguidedNotice(decoder, settings.methodNamed);
  }

  /** The last answer that was decoded here. */
  get last(): GenerateResult | undefined {
    return this.#last;
  }

  async ask(content: string): Promise<void> {
    if (this.comparesNext) return this.compare(content);
    await this.#answer(this.conversation.messages, { role: "user", content });
  }

  /** The last message once more, with another seed where one decides. @throws ArgsearchError OPTION_INVALID */
  async retry(): Promise<void> {
    const { before, question } = this.#lastQuestion("/retry");
    const settings = this.settings.resolved();
    const previous = this.#last;
    const seed =
      draws(settings) && this.settings.options.seed !== undefined && previous !== undefined ? (previous.seed + 1) >>> 0 : undefined;
    const result = await this.#answer(before, question, seed === undefined ? {} : { seed });
    if (draws(settings) || result.text !== previous?.text) return;
    note(`the same answer: method ${settings.method} draws nothing; other settings may change it, as /weight or /method sample`);
  }

  /** Answers a text, or else the last message, twice, and goes on with the guided answer. @throws ArgsearchError OPTION_INVALID */
  async compare(content?: string): Promise<void> {
    const { before, question } =
      content === undefined
        ? this.#lastQuestion("/compare")
        : { before: this.conversation.messages, question: { role: "user", content } satisfies ChatMessage };
    const answers = await this.#interruptible((signal) => compare(this, [...before, question], signal));
    this.comparesNext = false;
    for (const { result } of answers) {
      this.totals.add(result);
      this.colours.learn(result.rewards);
    }
    await showComparison(this, answers);
    const [, { result: guided }] = answers;
    this.#last = guided;
    this.conversation.answer(before, question, guided.text);
  }

  /** Ends the answer under way; false when there is none. */
  stop(): boolean {
    this.#answering?.abort();
    return this.#answering !== undefined;
  }

  /** Tokens that the context has left for what comes, of how many. */
  async contextLeft(): Promise<string> {
    const { contextSize } = this.decoder.info;
    const { messages } = this.conversation;
    try {
      const used = messages.length === 0 ? 0 : await this.decoder.countTokens(messages, this.settings.template);
      return `${Math.max(0, contextSize - used)} of ${plural(contextSize, "token")} left`;
    } catch (error) {
      // Some templates write nothing without a user's message, and an overlong conversation cannot be counted.
      if (!(error instanceof ArgsearchError)) throw error;
      return error.code === "PROMPT_TOO_LONG" ? `0 of ${plural(contextSize, "token")} left` : plural(contextSize, "token");
    }
  }

  async #answer(before: readonly ChatMessage[], question: ChatMessage, own: GenerateOptions = {}): Promise<GenerateResult> {
    const { rewards, method } = this.settings.resolved({ ...this.settings.options, ...own });
    const coloured = this.colours.on && rewards && this.colours.depth > 1;
    const result = await this.#interruptible((signal) => {
      const steps = this.decoder.stream([...before, question], { ...this.settings.options, ...own, signal });
      return streamText(steps, {
        ...(coloured && { write: this.colours.writer({ blocks: method === "blocks" }) }),
        onStep: async () => this.sayUnguided(),
      });
    });
    // A pipe gets one line end behind each answer, whatever it ends with.
    if (!process.stdout.isTTY || !result.text.endsWith("\n")) await print("\n");
    this.conversation.answer(before, question, result.text);
    this.#last = result;
    this.totals.add(result);
    if (!coloured) this.colours.learn(result.rewards);
    note(this.#summary(result), this.#verbose);
    return result;
  }

  async #interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#answering = new AbortController();
    try {
      return await work(this.#answering.signal);
    } catch (error) {
      throw this.#withWayOut(error);
    } finally {
      this.#answering = undefined;
    }
  }

  #lastQuestion(command: string): NonNullable<Conversation["lastQuestion"]> {
    const last = this.conversation.lastQuestion;
    if (last !== undefined) return last;
    throw new ArgsearchError("OPTION_INVALID", `${command} answers the last message, and there is none yet`);
  }

  /** A conversation that has grown too long can be forgotten; a first message that is too long by itself cannot. */
  #withWayOut(error: unknown): unknown {
    if (!(error instanceof ArgsearchError) || error.code !== "PROMPT_TOO_LONG" || !this.conversation.begun) return error;
    return error.rephrased(`${error.message} /reset starts anew.`);
  }

  #summary(result: GenerateResult): string {
    const { finishReason, usage } = result;
    const parts = [...rewardFigures(result), plural(usage.completionTokens, "token"), ...gateFigures(result), ...lookaheadFigures(result)];
    if (finishReason === "aborted") parts.push("stopped");
    if (finishReason === "length") parts.push("cut off at --max-tokens");
    if (finishReason === "context") parts.push("the context is full: /reset starts anew");
    if (this.#verbose) parts.push(`${usage.cachedTokens} of ${usage.promptTokens} prompt tokens cached`);
    return parts.join(" · ");
  }
}

/** A message as one short line. */
export function shortened(message: ChatMessage, width = 60): string {
  const text = contentText(message).replace(/\s+/g, " ").trim();
  return text.length > width ? `${text.slice(0, width)}…` : text;
}
