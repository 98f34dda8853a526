/** A vocabulary of all bytes that cuts words as another family of models does. */
import { ByteVocabulary } from "./byte-vocabulary.js";
import type { GgufValue } from "./gguf-writer.js";

export class PreTokenizerVocabulary extends ByteVocabulary {
  readonly #name: string;

  /** `name`: of llama.cpp's pre-tokenizer. */
  constructor(name: string) {
    super(Array(256).keys());
    this.#name = name;
  }

  override metadata(addBos: boolean): Record<string, GgufValue> {
    return { ...super.metadata(addBos), "tokenizer.ggml.pre": { type: "string", value: this.#name } };
  }
}
