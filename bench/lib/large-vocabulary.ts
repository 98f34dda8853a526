import { ByteVocabulary } from "../../test/helpers/byte-vocabulary.js";
import type { GgufValue } from "../../test/helpers/gguf-writer.js";

/** All bytes, and tokens that no text has, which fill the vocabulary up: its size is what costs time. */
export class LargeVocabulary extends ByteVocabulary {
  readonly #size: number;

  constructor(size: number) {
    super(Array(256).keys());
    this.#size = size;
  }

  override get size(): number {
    return this.#size;
  }

  override metadata(addBos: boolean): Record<string, GgufValue> {
    const small = super.metadata(addBos);
    const fill = Array.from({ length: this.#size - super.size }, (_, index) => `filler${index}`);
    return {
      ...small,
      "tokenizer.ggml.tokens": { type: "string[]", value: [...items<string>(small, "tokenizer.ggml.tokens"), ...fill] },
      "tokenizer.ggml.token_type": { type: "i32[]", value: [...items<number>(small, "tokenizer.ggml.token_type"), ...fill.map(() => 1)] },
    };
  }
}

function items<T>(metadata: Record<string, GgufValue>, key: string): T[] {
  const value = metadata[key]?.value;
  if (!Array.isArray(value)) throw new Error(`${key} is not a list`);
  return value as T[];
}
