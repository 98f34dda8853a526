/**
 * A byte-level vocabulary in which every byte is a token of its own: no merges, so a text's tokens are its UTF-8 bytes and
 * no tokenizer is needed to know them.
 */
import type { GgufValue } from "./gguf-writer.js";

const NORMAL = 1;
const CONTROL = 3;

export class ByteVocabulary {
  readonly bos: number;
  readonly eos: number;
  readonly #bytes: readonly number[];
  readonly #idOfByte: ReadonlyMap<number, number>;

  constructor(bytes: Iterable<number>) {
    this.#bytes = [...bytes];
    this.#idOfByte = new Map(this.#bytes.map((byte, id) => [byte, id]));
    this.bos = this.#bytes.length;
    this.eos = this.#bytes.length + 1;
  }

  get size(): number {
    return this.#bytes.length + 2;
  }

  /** The tokens of a text; `bos`: with the token that begins a prompt. */
  encode(text: string, { bos = false } = {}): number[] {
    const ids = [...Buffer.from(text)].map((byte) => {
      const id = this.#idOfByte.get(byte);
      if (id === undefined) throw new Error(`byte ${byte} of ${JSON.stringify(text)} is not in this vocabulary`);
      return id;
    });
    return bos ? [this.bos, ...ids] : ids;
  }

  /** A token's bytes; none of a control token's. */
  bytesOf(id: number): number[] {
    const byte = this.#bytes[id];
    return byte === undefined ? [] : [byte];
  }

  /** Control tokens have no text. */
  decode(tokens: readonly number[]): string {
    return Buffer.from(tokens.filter((id) => id < this.bos).map((id) => this.#bytes[id])).toString();
  }

  metadata(addBos: boolean): Record<string, GgufValue> {
    const tokens = [...this.#bytes.map(byteSymbol), BOS_TEXT, EOS_TEXT];
    const types = tokens.map((_, id) => (id < this.bos ? NORMAL : CONTROL));
    return {
      "tokenizer.ggml.model": { type: "string", value: "gpt2" },
      "tokenizer.ggml.pre": { type: "string", value: "gpt-2" },
      "tokenizer.ggml.tokens": { type: "string[]", value: tokens },
      "tokenizer.ggml.token_type": { type: "i32[]", value: types },
      "tokenizer.ggml.merges": { type: "string[]", value: [] },
      "tokenizer.ggml.bos_token_id": { type: "u32", value: this.bos },
      "tokenizer.ggml.eos_token_id": { type: "u32", value: this.eos },
      "tokenizer.ggml.add_bos_token": { type: "bool", value: addBos },
    };
  }
}

export const BOS_TEXT = "<|bos|>";
export const EOS_TEXT = "<|eos|>";

/** GPT-2's printable stand-in for a byte: https://github.com/openai/gpt-2/blob/master/src/encoder.py, bytes_to_unicode */
function byteSymbol(byte: number): string {
  return String.fromCodePoint(STAND_INS[byte]);
}

const STAND_INS: readonly number[] = standIns();

function standIns(): number[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => (isPrintable(byte) ? byte : next++));
}

function isPrintable(byte: number): boolean {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

/** All 256 bytes. */
export const ALL_BYTES = new ByteVocabulary(Array(256).keys());

/** 58 characters and the two control tokens: small enough to look at every token of it at every step. */
export const SIXTY_TOKENS = new ByteVocabulary(Buffer.from("abcdefghijklmnopqrstuvwxyz0123456789 .,:;!?'\"()-\nABCDEHIST"));
