import type { ModelInfo, NativeModel } from "./binding.js";
import { native } from "./border.js";
import { ChatFormat } from "./chat.js";
import { ArgsearchError } from "./errors.js";
import { decodeText } from "./text-decoder.js";
import type { Prompt } from "./types.js";

/** A loaded GGUF: its tokens in and out of text. */
export class Model {
  readonly native: NativeModel;
  readonly info: ModelInfo;
  readonly #chat: ChatFormat;

  constructor(model: NativeModel) {
    this.native = model;
    this.info = model.info;
    this.#chat = new ChatFormat(model.info);
  }

  /** A prompt as this model reads it. @throws ArgsearchError PROMPT_EMPTY, TEMPLATE_INVALID, OPTION_INVALID */
  promptTokens(prompt: Prompt, template: "auto" | "none"): Int32Array {
    const { text, templated } = this.#chat.render(prompt, template);
    const ownBos = templated && this.info.bosText !== "" && text.startsWith(this.info.bosText);
    const tokens = this.#withoutAddedEnd(text, this.#tokenize(text, !ownBos, templated));
    if (tokens.length === 0) throw new ArgsearchError("PROMPT_EMPTY", `the prompt has no tokens for ${this.info.path}`);
    return tokens;
  }

  /** What this model puts before a raw text: the beginning token, or nothing. */
  beginning(): Int32Array {
    return this.#withoutAddedEnd("", this.#tokenize("", true, false));
  }

  /** A text that continues another: nothing is added, nothing in it is a control token. */
  responseTokens(text: string): Int32Array {
    return this.#tokenize(text, false, false);
  }

  /** The text of each token by itself; torn characters as U+FFFD, control tokens empty. */
  texts(tokens: Int32Array): string[] {
    return native(() => this.native.pieces(tokens, false)).map(decodeText);
  }

  /** The UTF-8 bytes of each token; control tokens empty. */
  pieces(tokens: Int32Array): Uint8Array[] {
    return native(() => this.native.pieces(tokens, false));
  }

  isEog(token: number): boolean {
    return native(() => this.native.isEog(token));
  }

  dispose(): void {
    native(() => this.native.dispose());
  }

  #tokenize(text: string, addSpecial: boolean, parseSpecial: boolean): Int32Array {
    return native(() => this.native.tokenize(text, addSpecial, parseSpecial));
  }

  /** Some vocabularies add an end token as well as a beginning; a response could not follow it. */
  #withoutAddedEnd(text: string, tokens: Int32Array): Int32Array {
    const { eos, eosText } = this.info;
    const added = tokens.length > 1 && tokens[tokens.length - 1] === eos && !(eosText !== "" && text.trimEnd().endsWith(eosText));
    return added ? tokens.subarray(0, -1) : tokens;
  }
}
