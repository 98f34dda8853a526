/** Writes GGUF version 3 files with F32 tensors: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */
import { writeFileSync } from "node:fs";

/** A metadata value with its GGUF type. */
export type GgufValue =
  | { type: "u16" | "u32" | "f32" | "i32"; value: number }
  | { type: "bool"; value: boolean }
  | { type: "string"; value: string }
  | { type: "f32[]" | "i32[]"; value: ArrayLike<number> }
  | { type: "string[]"; value: readonly string[] };

export interface GgufTensor {
  name: string;
  /** ggml's order: the length of a row first. */
  shape: readonly number[];
  data: Float32Array;
}

export interface GgufContent {
  metadata: Readonly<Record<string, GgufValue>>;
  tensors: readonly GgufTensor[];
  /** Of the tensors, in bytes; the metadata must say so where it is not 32. */
  alignment?: number;
}

const TYPE_IDS = { u16: 2, u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const F32_TENSOR = 0;
const DEFAULT_ALIGNMENT = 32;

export function writeGguf(path: string, content: GgufContent): void {
  writeFileSync(path, encodeGguf(content));
}

/** A tensor that is announced; its bytes come after the header, padded like all others. */
export interface TensorInfo {
  name: string;
  shape: readonly number[];
  /** ggml's number of it. */
  type: number;
  bytes: number;
}

/** Everything before the tensors' data. */
export function encodeHeader(metadata: GgufContent["metadata"], tensors: readonly TensorInfo[], alignment = DEFAULT_ALIGNMENT): Buffer {
  return announced(metadata, tensors, alignment).done();
}

export function encodeGguf({ metadata, tensors, alignment = DEFAULT_ALIGNMENT }: GgufContent): Buffer {
  const infos = tensors.map(({ name, shape, data }) => ({ name, shape, type: F32_TENSOR, bytes: data.byteLength }));
  const file = announced(metadata, infos, alignment);
  for (const { data } of tensors) file.raw(Buffer.from(data.buffer, data.byteOffset, data.byteLength)).align();
  return file.done();
}

function announced(metadata: GgufContent["metadata"], tensors: readonly TensorInfo[], alignment: number): Bytes {
  const header = new Bytes(alignment);
  header.raw(Buffer.from("GGUF")).u32(3).u64(tensors.length).u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) header.string(key).value(value);
  let offset = 0;
  for (const { name, shape, type, bytes } of tensors) {
    header.string(name).u32(shape.length);
    for (const length of shape) header.u64(length);
    header.u32(type).u64(offset);
    offset += padded(bytes, alignment);
  }
  return header.align();
}

/**
 * The parts of a split model, as llama-gguf-split writes them: the metadata is in the first, which has no tensors with
 * `emptyFirst`.
 */
export function splitGguf({ metadata, tensors, alignment }: GgufContent, count: number, { emptyFirst = false } = {}): GgufContent[] {
  const filled = emptyFirst ? count - 1 : count;
  return Array.from({ length: count }, (_, index) => {
    const place = emptyFirst ? index - 1 : index;
    const [from, to] = [place, place + 1].map((each) => Math.floor((Math.max(0, each) * tensors.length) / filled));
    return {
      metadata: {
        ...(index === 0 && metadata),
        "split.no": { type: "u16", value: index },
        "split.tensors.count": { type: "i32", value: tensors.length },
        "split.count": { type: "u16", value: count },
      },
      tensors: tensors.slice(from, to),
      ...(index === 0 && alignment !== undefined && { alignment }),
    };
  });
}

/** `path` with its ".gguf" replaced. */
export function partPath(path: string, index: number, count: number): string {
  const numbers = [index + 1, count].map((number) => String(number).padStart(5, "0"));
  return path.replace(/(\.gguf)?$/, `-${numbers[0]}-of-${numbers[1]}.gguf`);
}

/** Writes a split model; the paths of its parts. */
export function writeSplitGguf(path: string, content: GgufContent, count: number, options?: { emptyFirst?: boolean }): string[] {
  return splitGguf(content, count, options).map((part, index) => {
    const to = partPath(path, index, count);
    writeGguf(to, part);
    return to;
  });
}

function padded(size: number, alignment: number): number {
  return Math.ceil(size / alignment) * alignment;
}

class Bytes {
  readonly #parts: Buffer[] = [];
  readonly #alignment: number;
  #size = 0;

  constructor(alignment: number) {
    this.#alignment = alignment;
  }

  raw(part: Buffer): this {
    this.#parts.push(part);
    this.#size += part.length;
    return this;
  }

  u16(value: number): this {
    const part = Buffer.alloc(2);
    part.writeUInt16LE(value);
    return this.raw(part);
  }

  u32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    return this.raw(part);
  }

  i32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeInt32LE(value);
    return this.raw(part);
  }

  f32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeFloatLE(value);
    return this.raw(part);
  }

  u64(value: number): this {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt(value));
    return this.raw(part);
  }

  string(text: string): this {
    const utf8 = Buffer.from(text);
    return this.u64(utf8.length).raw(utf8);
  }

  value(entry: GgufValue): this {
    switch (entry.type) {
      case "u16":
        return this.u32(TYPE_IDS.u16).u16(entry.value);
      case "u32":
        return this.u32(TYPE_IDS.u32).u32(entry.value);
      case "i32":
        return this.u32(TYPE_IDS.i32).i32(entry.value);
      case "f32":
        return this.u32(TYPE_IDS.f32).f32(entry.value);
      case "bool":
        return this.u32(TYPE_IDS.bool).raw(Buffer.from([entry.value ? 1 : 0]));
      case "string":
        return this.u32(TYPE_IDS.string).string(entry.value);
      case "f32[]":
        return this.array("f32", entry.value, (item) => this.f32(item));
      case "i32[]":
        return this.array("i32", entry.value, (item) => this.i32(item));
      case "string[]":
        return this.array("string", entry.value, (item) => this.string(item));
    }
  }

  align(): this {
    return this.raw(Buffer.alloc(padded(this.#size, this.#alignment) - this.#size));
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }

  array<T>(type: keyof typeof TYPE_IDS, items: ArrayLike<T>, write: (item: T) => void): this {
    this.u32(TYPE_IDS.array).u32(TYPE_IDS[type]).u64(items.length);
    for (const item of Array.from(items)) write(item);
    return this;
  }
}
