import type { ModelInfo, NativeModel } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";
import { type Span, Text } from "../jinja/text.js";
import { answerText } from "../messages.js";
import type { ChatMessage, Prompt } from "../types.js";
import { ChatFormat } from "./chat.js";
import { thoughtEnd } from "./closed-thought.js";
import { ControlTokens } from "./control-tokens.js";
import type { ModelExtras } from "./extras.js";
import type { ResolvedTemplate } from "./template-options.js";
import { ANSWER } from "./template-values.js";
import { decodeText } from "./text-decoder.js";
import { tooLong } from "./too-long.js";

/** Texts that a response is put behind to see how it goes on: hardly anything merges with them. */
const LEADS = ["\u0001", "\n", "."];

/** Where what stands around an answer is asked for. */
const ANY_ANSWER = "Yes.";

/** As much of an answer as tells whether spaces before it join it. */
const BEGINNING = /^\s*\S{1,16}/u;

/** Characters of texts that are always cut: it hardly ever takes a second, and tells their length exactly. */
const SHORT = 1 << 17;

/** An answer's surroundings in a finished conversation. */
export interface AnswerFrame {
  /** What stands before it. */
  before: Int32Array;
  /** Spaces that the template wrote before it and that are cut into tokens with it, as in the whole conversation: " Yes" is one token. */
  lead: string;
  /** What follows it, up to the token that ends its turn; nothing where the vocabulary has none. */
  end(): Int32Array;
}

/** A loaded GGUF: its tokens in and out of text. */
export class Model {
  readonly native: NativeModel;
  readonly info: ModelInfo;
  readonly extras: ModelExtras;
  /** Tokens that its contexts hold: what is sure to be longer is PROMPT_TOO_LONG before it is cut. Undefined: all is cut. */
  room: number | undefined;
  readonly #chat: ChatFormat;
  readonly #control: ControlTokens;
  #prefixes: boolean | undefined;

  /** `format`: of another model, in place of its own. */
  constructor(model: NativeModel, extras: ModelExtras = {}, format?: ChatFormat) {
    this.native = model;
    this.extras = extras;
    this.info = extras.template === undefined ? model.info : { ...model.info, chatTemplate: extras.template.text };
    this.#chat = format ?? new ChatFormat({ ...this.info, specialTokens: extras.specialTokens, templateOption: extras.template?.option });
    this.#control = new ControlTokens(model);
  }

  /** How its chat template writes conversations. */
  get format(): ChatFormat {
    return this.#chat;
  }

  /** The same model with another chat template, which is read now. @throws ArgsearchError TEMPLATE_INVALID */
  withTemplate(template: { text: string; option: string }, extras: ModelExtras): Model {
    const model = new Model(this.native, { ...extras, template });
    model.#chat.check();
    return model;
  }

  /** The same model, which reads conversations as the other one's chat template writes them. */
  readingAs(other: Model): Model {
    return new Model(this.native, this.extras, other.#chat);
  }

  /** A prompt as this model reads it. @throws ArgsearchError PROMPT_EMPTY, TEMPLATE_INVALID, OPTION_INVALID */
  promptTokens(prompt: Prompt, template: "auto" | "none" | ResolvedTemplate): Int32Array {
    const { text, spans, templated, special } = this.#chat.render(prompt, template);
    const tokens = templated ? this.#templateTokens(text, spans) : this.#rawTokens(text, special);
    if (tokens.length === 0) throw new ArgsearchError("PROMPT_EMPTY", `the prompt has no tokens for ${this.info.path}`);
    return tokens;
  }

  /**
   * A conversation up to where this model answers at once: a thought that the template begins is ended. @param answer one that may follow, with
   * whose first token the spaces before it are cut
   *
   * @throws ArgsearchError as promptTokens()
   */
  questionTokens(prompt: Prompt, template: ResolvedTemplate, answer: string): Int32Array {
    const { text, spans } = this.#chat.render(prompt, template);
    const end = thoughtEnd(text.slice(spans.at(-1)?.end ?? 0), this.info.chatTemplate ?? "");
    return this.#frontOf(new Text(text + end, spans), answer).before;
  }

  /**
   * What this model reads around an answer, as its template writes the finished conversation. Where no template does, the
   * prompt alone, and the vocabulary's end token.
   *
   * @throws ArgsearchError as promptTokens()
   */
  answerFrame(prompt: Prompt, answer: string | ChatMessage, template: ResolvedTemplate): AnswerFrame {
    const place = this.#chat.renderAnswered(prompt, answer, template);
    const front = place && this.#frontOf(place.before, answerText(answer));
    if (!place || !front || front.before.length === 0) {
      return { before: this.promptTokens(prompt, template), lead: "", end: () => this.end() };
    }
    return { ...front, end: () => this.#turnEnd(place.after.value, place.after.spans) };
  }

  /** What follows an answer to this prompt, up to the token that ends its turn; nothing where the vocabulary has none. @throws as promptTokens() */
  turnEnd(prompt: Prompt, template: ResolvedTemplate): Int32Array {
    return this.answerFrame(prompt, ANY_ANSWER, template).end();
  }

  /**
   * The texts before an answer's first token while decoding and in a finished conversation; null where they are the same, or
   * cannot be told.
   */
  promptDifference(prompt: Prompt, answer: string, template: ResolvedTemplate): { decoding: string; finished: string } | null {
    const place = this.#chat.renderAnswered(prompt, answer, template);
    if (place === null) return null;
    const { lead } = this.#frontOf(place.before, answer);
    const finished = place.before.value.slice(0, place.before.value.length - lead.length);
    const decoding = this.#chat.render(prompt, template).text;
    return finished === decoding ? null : { decoding, finished };
  }

  /** What this model puts before a raw text: the beginning token, or nothing; nothing before one that spells it out and means it (`special`). */
  beginning(text = "", special = false): Int32Array {
    if (special && this.#beginsItself(text)) return new Int32Array(0);
    return this.#withoutAddedEnd("", this.#tokenize("", true, false));
  }

  /** The token that ends a raw text, where the vocabulary has one. */
  end(): Int32Array {
    const { eos } = this.info;
    return Int32Array.from(eos >= 0 ? [eos] : []);
  }

  /** A prompt's text as the template writes it. @throws ArgsearchError TEMPLATE_INVALID, OPTION_INVALID */
  promptText(prompt: Prompt, template: ResolvedTemplate): string {
    return this.#chat.render(prompt, template).text;
  }

  /** A whole text behind beginning(): nothing in it is a control token, unless it may be (`special`). */
  textTokens(text: string, special = false): Int32Array {
    return this.#tokenize(text, false, special);
  }

  /**
   * A text that continues another, as decoding would write it: without the space that SentencePiece and its like put before
   * every text. Nothing in it is a control token.
   */
  responseTokens(text: string): Int32Array {
    if (!this.#prefixesTexts()) return this.textTokens(text);
    const continued = LEADS.map((lead) => this.#tokensBehind(lead, text)).filter((tokens) => tokens !== undefined);
    return continued.find((tokens) => this.#textOf(tokens) === text) ?? continued[0] ?? this.textTokens(text);
  }

  /** The text of each token by itself; torn characters as U+FFFD, control tokens empty. */
  texts(tokens: Int32Array): string[] {
    return native(() => this.native.pieces(tokens, false)).map(decodeText);
  }

  /** The UTF-8 bytes of each token; control tokens empty, unless they are to be spelt out (`special`). */
  pieces(tokens: Int32Array, special = false): Uint8Array[] {
    return native(() => this.native.pieces(tokens, special));
  }

  isEog(token: number): boolean {
    return native(() => this.native.isEog(token));
  }

  /** Those of the tokens that this model does not know. */
  lacking(tokens: Int32Array): number[] {
    return native(() => [...this.native.lacking(tokens)]);
  }

  dispose(): void {
    native(() => this.native.dispose());
  }

  /** It spells out the token that begins texts. */
  #beginsItself(text: string): boolean {
    const { bosText } = this.info;
    return bosText !== "" && text.startsWith(bosText);
  }

  /** A prompt without a template. One that spells out how texts begin does not begin twice. */
  #rawTokens(text: string, special: boolean): Int32Array {
    return this.#withoutAddedEnd(text, this.#tokenize(text, !(special && this.#beginsItself(text)), special));
  }

  /** What a template wrote, its control tokens as such; in what a caller wrote they are text. */
  #templateTokens(text: string, spans: readonly Span[]): Int32Array {
    const { bosText } = this.info;
    const ownBos = this.#beginsItself(text) && !spans.some(({ start }) => start < bosText.length);
    const tokens = this.#withoutAddedEnd(text, this.#tokenize(text, !ownBos, true));
    if (!this.#control.spelledIn(tokens, text, spans)) return tokens;
    const cut = this.#control.split(text, spans).map((piece) => (typeof piece === "string" ? this.textTokens(piece) : [piece]));
    return Int32Array.from([...(ownBos ? [] : this.beginning()), ...cut.flatMap((piece) => [...piece])]);
  }

  /** What a template wrote before an answer, as it is cut where the answer follows. */
  #frontOf({ value, spans }: Text, answer: string): Pick<AnswerFrame, "before" | "lead"> {
    const [spaces] = /[ \t]+$/.exec(value) ?? [];
    const [beginning] = BEGINNING.exec(answer) ?? [];
    if (spaces === undefined || beginning === undefined) return { before: this.#templateTokens(value, spans), lead: "" };
    const written = { start: value.length, end: value.length + beginning.length, origin: ANSWER };
    const together = this.#templateTokens(value + beginning, [...spans, written]);
    for (const lead of new Set(["", spaces, spaces.slice(-1)])) {
      const own = this.responseTokens(lead + beginning);
      const length = together.length - own.length;
      if (length > 0 && own.every((token, index) => together[length + index] === token))
        return { before: together.subarray(0, length), lead };
    }
    return { before: this.#templateTokens(value, spans), lead: "" };
  }

  /** The tokens that a template wrote behind an answer, up to the first control token. */
  #turnEnd(text: string, spans: readonly Span[]): Int32Array {
    const pieces = this.#control.split(text, spans);
    const place = pieces.findIndex((piece) => typeof piece === "number");
    if (place < 0) return this.end();
    const upTo = pieces.slice(0, place + 1).map((piece) => (typeof piece === "string" ? this.responseTokens(piece) : [piece]));
    return Int32Array.from(upTo.flatMap((piece) => [...piece]));
  }

  /** This vocabulary begins a text with something of its own. */
  #prefixesTexts(): boolean {
    this.#prefixes ??= this.#textOf(this.textTokens("a")) !== "a";
    return this.#prefixes;
  }

  /** The tokens of a text behind `lead`; undefined where the two cannot be told apart. */
  #tokensBehind(lead: string, text: string): Int32Array | undefined {
    const before = this.textTokens(lead);
    const all = this.textTokens(lead + text);
    const apart = before.length > 0 && all.length > before.length && before.every((token, index) => all[index] === token);
    return apart ? all.subarray(before.length) : undefined;
  }

  #textOf(tokens: Int32Array): string {
    return decodeText(Buffer.concat(this.pieces(tokens)));
  }

  /** @throws ArgsearchError PROMPT_TOO_LONG */
  #tokenize(text: string, addSpecial: boolean, parseSpecial: boolean): Int32Array {
    this.#requireRoom(text);
    return native(() => this.native.tokenize(text, addSpecial, parseSpecial));
  }

  /** Cutting a text takes time, with some vocabularies the square of its length. */
  #requireRoom(text: string): void {
    const { room } = this;
    if (room === undefined || text.length <= SHORT) return;
    const least = native(() => this.native.leastTokens(text));
    if (least <= room) return;
    const message = `a text of ${text.length} characters has at least ${least} tokens for ${this.info.path}, the context holds ${room}`;
    throw tooLong(message, { tokens: least, limit: room, model: this.info.path }, [this.info], "it");
  }

  /** Some vocabularies add an end token as well as a beginning; a response could not follow it. */
  #withoutAddedEnd(text: string, tokens: Int32Array): Int32Array {
    const { eos, eosText } = this.info;
    const added = tokens.length > 1 && tokens[tokens.length - 1] === eos && !(eosText !== "" && text.trimEnd().endsWith(eosText));
    return added ? tokens.subarray(0, -1) : tokens;
  }
}
