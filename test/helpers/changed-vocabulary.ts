/** A byte vocabulary with rows added or changed, as converters and trainers do. */
import { ByteVocabulary } from "./byte-vocabulary.js";
import type { GgufValue } from "./gguf-writer.js";

/** llama.cpp's kinds of tokens. */
export const TYPE = { normal: 1, control: 3, userDefined: 4, unused: 5 } as const;

export interface TokenRow {
  text: string;
  type: number;
}

export interface VocabularyChange {
  /** Rows behind those of the base. */
  more?: readonly TokenRow[];
  /** By id. */
  rows?: Readonly<Record<number, TokenRow>>;
  /** Ids of special tokens, by llama.cpp's name: "eos", "bos", … */
  special?: Readonly<Record<string, number>>;
}

export class ChangedVocabulary extends ByteVocabulary {
  readonly #change: VocabularyChange;

  constructor(bytes: Iterable<number>, change: VocabularyChange) {
    super(bytes);
    this.#change = change;
  }

  override get size(): number {
    return super.size + (this.#change.more?.length ?? 0);
  }

  override metadata(addBos: boolean): Record<string, GgufValue> {
    const { more = [], rows = {}, special = {} } = this.#change;
    const metadata = super.metadata(addBos);
    const texts = metadata["tokenizer.ggml.tokens"];
    const types = metadata["tokenizer.ggml.token_type"];
    if (texts?.type !== "string[]" || types?.type !== "i32[]") throw new Error("a byte vocabulary has tokens and types");
    const all = [...texts.value.map((text, id) => ({ text, type: types.value[id] })), ...more].map((row, id) => rows[id] ?? row);
    const ids = Object.entries(special).map(([name, id]) => [`tokenizer.ggml.${name}_token_id`, { type: "u32", value: id }] as const);
    return {
      ...metadata,
      "tokenizer.ggml.tokens": { type: "string[]", value: all.map(({ text }) => text) },
      "tokenizer.ggml.token_type": { type: "i32[]", value: all.map(({ type }) => type) },
      ...Object.fromEntries(ids),
    };
  }
}

/** As llama.cpp's converter pads a vocabulary whose embedding has more rows than the tokenizer has tokens. */
export function padding(first: number, count: number): TokenRow[] {
  return Array.from({ length: count }, (_, index) => ({ text: `[PAD${first + index}]`, type: TYPE.unused }));
}
