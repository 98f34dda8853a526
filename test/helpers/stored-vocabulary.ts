/** The vocabulary of a GGUF file, for random models that read text as a real one does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageManifest, packageRoot } from "../../src/package-root.js";
import { ByteVocabulary } from "./byte-vocabulary.js";
import type { GgufValue } from "./gguf-writer.js";

export class StoredVocabulary extends ByteVocabulary {
  readonly #metadata: Readonly<Record<string, GgufValue>>;
  readonly #idOf: ReadonlyMap<string, number>;

  /** One of the real tokenizers that come with llama.cpp's headers: "gpt-2", "llama-bpe", "llama-spm". */
  static of(name: string): StoredVocabulary {
    const release = packageManifest().optionalDependencies?.["@node-llama-cpp/linux-x64"];
    return new StoredVocabulary(join(packageRoot, ".cache", "llama.cpp", String(release), "models", `ggml-vocab-${name}.gguf`));
  }

  constructor(path: string) {
    super([]);
    const entries = Object.entries(readMetadata(readFileSync(path)));
    this.#metadata = Object.fromEntries(entries.filter(([key]) => key.startsWith("tokenizer.")));
    const tokens = this.#metadata["tokenizer.ggml.tokens"];
    if (tokens?.type !== "string[]") throw new Error(`${path} has no tokens`);
    this.#idOf = new Map(tokens.value.map((token, id) => [token, id]));
  }

  override get size(): number {
    return this.#idOf.size;
  }

  override metadata(): Record<string, GgufValue> {
    return { ...this.#metadata };
  }

  /** The ids of tokens as the file spells them. */
  ids(...tokens: string[]): number[] {
    return tokens.map((token) => {
      const id = this.#idOf.get(token);
      if (id === undefined) throw new Error(`no token ${JSON.stringify(token)}`);
      return id;
    });
  }
}

const TYPE_NAMES = { 4: "u32", 5: "i32", 6: "f32", 7: "bool", 8: "string" } as const;
const ARRAY = 9;

/** The values of the types that gguf-writer.ts knows. */
function readMetadata(file: Buffer): Record<string, GgufValue> {
  const reader = new Reader(file);
  return Object.fromEntries(Array.from({ length: reader.entries }, () => [reader.string(), reader.value()]));
}

class Reader {
  readonly entries: number;
  readonly #file: Buffer;
  #at = 24;

  constructor(file: Buffer) {
    this.#file = file;
    this.entries = Number(file.readBigUInt64LE(16));
  }

  string(): string {
    const length = Number(this.#take(8).readBigUInt64LE());
    return this.#take(length).toString();
  }

  value(): GgufValue {
    const type = this.#take(4).readUInt32LE();
    if (type !== ARRAY) return { type: nameOf(type), value: this.#scalar(type) } as GgufValue;
    const item = this.#take(4).readUInt32LE();
    const length = Number(this.#take(8).readBigUInt64LE());
    return { type: `${nameOf(item)}[]`, value: Array.from({ length }, () => this.#scalar(item)) } as GgufValue;
  }

  #scalar(type: number): number | boolean | string {
    switch (nameOf(type)) {
      case "u32":
        return this.#take(4).readUInt32LE();
      case "i32":
        return this.#take(4).readInt32LE();
      case "f32":
        return this.#take(4).readFloatLE();
      case "bool":
        return this.#take(1)[0] !== 0;
      case "string":
        return this.string();
    }
  }

  #take(length: number): Buffer {
    this.#at += length;
    return this.#file.subarray(this.#at - length, this.#at);
  }
}

function nameOf(type: number): (typeof TYPE_NAMES)[keyof typeof TYPE_NAMES] {
  const name = TYPE_NAMES[type as keyof typeof TYPE_NAMES];
  if (name === undefined) throw new Error(`no metadata of type ${type} is read here`);
  return name;
}
