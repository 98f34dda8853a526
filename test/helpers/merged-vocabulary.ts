/**
 * A byte-level vocabulary with merges, as GPT-2 has it, and its encoding written from the paper's code
 * (https://github.com/openai/gpt-2/blob/master/src/encoder.py): words by a pattern, then the earliest merge first.
 */
import { ByteVocabulary } from "./byte-vocabulary.js";
import type { GgufValue } from "./gguf-writer.js";

const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const NORMAL = 1;

export class MergedVocabulary extends ByteVocabulary {
  /** Behind the bytes and the two control tokens: what each merge makes. */
  readonly #merges: readonly (readonly [left: Buffer, right: Buffer])[];
  readonly #idOf: ReadonlyMap<string, number>;
  readonly #texts: readonly Buffer[];

  /** `merges`: pairs of texts, or of bytes where they are parts of a character. */
  constructor(bytes: Iterable<number>, merges: readonly (readonly [left: string | number[], right: string | number[]])[]) {
    const singles = [...bytes];
    super(singles);
    this.#merges = merges.map(([left, right]) => [Buffer.from(left as string), Buffer.from(right as string)] as const);
    const none = Buffer.alloc(0);
    this.#texts = [...singles.map((byte) => Buffer.of(byte)), none, none, ...this.#merges.map((pair) => Buffer.concat(pair))];
    this.#idOf = new Map(this.#texts.flatMap((text, id) => (text.length === 0 ? [] : [[text.toString("latin1"), id] as const])));
  }

  override get size(): number {
    return this.#texts.length;
  }

  override bytesOf(id: number): number[] {
    return [...this.#texts[id]];
  }

  override decode(tokens: readonly number[]): string {
    return Buffer.concat(tokens.map((id) => this.#texts[id])).toString();
  }

  override encode(text: string, { bos = false } = {}): number[] {
    const ids = (text.match(WORDS) ?? []).flatMap((word) => this.#word(Buffer.from(word)));
    return bos ? [this.bos, ...ids] : ids;
  }

  override metadata(addBos: boolean): Record<string, GgufValue> {
    const own = super.metadata(addBos);
    const tokens = own["tokenizer.ggml.tokens"].value as string[];
    const symbols = (text: Buffer): string => Array.from(text, (byte) => tokens[this.#single(byte)]).join("");
    const written = this.#merges.map(([left, right]) => [symbols(left), symbols(right)]);
    const types = own["tokenizer.ggml.token_type"].value as number[];
    return {
      ...own,
      "tokenizer.ggml.tokens": { type: "string[]", value: [...tokens, ...written.map((pair) => pair.join(""))] },
      "tokenizer.ggml.token_type": { type: "i32[]", value: [...types, ...written.map(() => NORMAL)] },
      "tokenizer.ggml.merges": { type: "string[]", value: written.map((pair) => pair.join(" ")) },
    };
  }

  #single(byte: number): number {
    return this.#idOf.get(Buffer.of(byte).toString("latin1")) ?? -1;
  }

  #word(bytes: Buffer): number[] {
    let parts: Buffer[] = Array.from(bytes, (byte) => Buffer.of(byte));
    for (;;) {
      const merge = this.#merges.find(([left, right]) => parts.some((part, at) => part.equals(left) && parts[at + 1]?.equals(right)));
      if (merge === undefined) break;
      const merged: Buffer[] = [];
      for (let at = 0; at < parts.length; at++) {
        const both = parts[at].equals(merge[0]) && parts[at + 1]?.equals(merge[1]);
        merged.push(both ? Buffer.concat(merge) : parts[at]);
        if (both) at++;
      }
      parts = merged;
    }
    return parts.map((part) => {
      const id = this.#idOf.get(part.toString("latin1"));
      if (id === undefined) throw new Error(`${JSON.stringify(part.toString())} is not in this vocabulary`);
      return id;
    });
  }
}
