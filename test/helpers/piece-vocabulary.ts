/**
 * A vocabulary of pieces as SentencePiece has it: "▁" for spaces, one put before every text, bytes for what is in no piece. Encoding joins the
 * pair whose piece has the highest score, the first of several (Kudo & Richardson 2018, as llama.cpp has it).
 */
import { ByteVocabulary } from "./byte-vocabulary.js";
import type { GgufValue } from "./gguf-writer.js";

const [NORMAL, UNKNOWN, CONTROL, BYTE] = [1, 2, 3, 6];
const SPACE = "▁";

export class PieceVocabulary extends ByteVocabulary {
  override readonly bos = 1;
  override readonly eos = 2;
  readonly #pieces: readonly string[];
  readonly #idOf: ReadonlyMap<string, number>;

  /** `pieces`: with ▁ for spaces, the best first; each is joined of two others. */
  constructor(pieces: readonly string[]) {
    super([]);
    const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
    this.#pieces = ["<unk>", "<s>", "</s>", ...bytes, ...pieces];
    this.#idOf = new Map(this.#pieces.map((piece, id) => [piece, id]));
  }

  override get size(): number {
    return this.#pieces.length;
  }

  override bytesOf(id: number): number[] {
    if (id < 3) return [];
    return id < 259 ? [id - 3] : [...Buffer.from(this.#pieces[id].replaceAll(SPACE, " "))];
  }

  override decode(tokens: readonly number[]): string {
    return Buffer.from(tokens.flatMap((id) => this.bytesOf(id))).toString();
  }

  /** A prompt (`bos`) has a space before it; a continuation has none. */
  override encode(text: string, { bos = false } = {}): number[] {
    const ids = this.#joined(`${bos ? SPACE : ""}${text.replaceAll(" ", SPACE)}`);
    return bos ? [this.bos, ...ids] : ids;
  }

  override metadata(addBos: boolean): Record<string, GgufValue> {
    const types = this.#pieces.map((_, id) => (id === 0 ? UNKNOWN : id < 3 ? CONTROL : id < 259 ? BYTE : NORMAL));
    return {
      "tokenizer.ggml.model": { type: "string", value: "llama" },
      "tokenizer.ggml.tokens": { type: "string[]", value: [...this.#pieces] },
      "tokenizer.ggml.token_type": { type: "i32[]", value: types },
      "tokenizer.ggml.scores": { type: "f32[]", value: Float32Array.from(this.#pieces, (_, id) => -id) },
      "tokenizer.ggml.bos_token_id": { type: "u32", value: this.bos },
      "tokenizer.ggml.eos_token_id": { type: "u32", value: this.eos },
      "tokenizer.ggml.add_bos_token": { type: "bool", value: addBos },
    };
  }

  #joined(text: string): number[] {
    const parts = Array.from(text);
    for (;;) {
      let best = { at: -1, id: Number.POSITIVE_INFINITY };
      for (let at = 0; at + 1 < parts.length; at++) {
        const id = this.#idOf.get(parts[at] + parts[at + 1]) ?? Number.POSITIVE_INFINITY;
        if (id < best.id) best = { at, id };
      }
      if (best.at < 0) break;
      parts.splice(best.at, 2, parts[best.at] + parts[best.at + 1]);
    }
    return parts.flatMap((part) => {
      const id = this.#idOf.get(part);
      return id === undefined ? Array.from(Buffer.from(part), (byte) => byte + 3) : [id];
    });
  }
}
