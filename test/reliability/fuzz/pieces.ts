/** A GGUF file taken apart, and put together again with whatever was made wrong in it: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */

export interface Pieces {
  magic: Buffer;
  version: number;
  /** As the header gives it; so is the tensors'. */
  metadataCount: bigint;
  tensorCount: bigint;
  metadata: Entry[];
  tensors: TensorEntry[];
  alignment: number;
  /** All tensors, with what stands between them. */
  data: Buffer;
}

export interface Entry {
  key: Text;
  type: number;
  value: Value;
}

/** A length and the bytes that follow; the two need not agree. */
export interface Text {
  length: bigint;
  bytes: Buffer;
}

export type Value =
  | { kind: "scalar"; bytes: Buffer }
  | { kind: "text"; text: Text }
  | { kind: "array"; itemType: number; count: bigint; items: readonly (Text | Buffer)[] };

export interface TensorEntry {
  name: Text;
  dimensionCount: number;
  dimensions: bigint[];
  type: number;
  /** From where the data begins, bytes. */
  offset: bigint;
}

export const STRING = 8;
export const ARRAY = 9;

/** Bytes of GGUF's scalars by type number. */
const SIZES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const DEFAULT_ALIGNMENT = 32;

export function textOf(bytes: Buffer | string): Text {
  const whole = Buffer.from(bytes);
  return { length: BigInt(whole.length), bytes: whole };
}

/** Of a file that is right. */
export function takeApart(file: Buffer): Pieces {
  const reader = new Reader(file);
  const magic = reader.take(4);
  const version = reader.u32();
  const [tensorCount, metadataCount] = [reader.u64(), reader.u64()];
  const metadata = Array.from({ length: Number(metadataCount) }, () => reader.entry());
  const tensors = Array.from({ length: Number(tensorCount) }, () => reader.tensor());
  const stated = metadata.find(({ key }) => key.bytes.toString() === "general.alignment");
  const alignment = stated?.value.kind === "scalar" ? stated.value.bytes.readUInt32LE() : DEFAULT_ALIGNMENT;
  const data = file.subarray(Math.ceil(reader.at / alignment) * alignment);
  return { magic, version, metadataCount, tensorCount, metadata, tensors, alignment, data };
}

export function putTogether(pieces: Pieces): Buffer {
  const header = headerOf(pieces);
  return Buffer.concat([header, Buffer.alloc(-header.length & (pieces.alignment - 1)), pieces.data]);
}

/** All before the tensors' data. */
export function headerOf({ magic, version, metadataCount, tensorCount, metadata, tensors }: Pieces): Buffer {
  return Buffer.concat([
    magic,
    u32(version),
    u64(tensorCount),
    u64(metadataCount),
    ...metadata.flatMap(({ key, type, value }) => [...textBytes(key), u32(type), ...valueBytes(value)]),
    ...tensors.flatMap(({ name, dimensionCount, dimensions, type, offset }) => [
      ...textBytes(name),
      u32(dimensionCount),
      ...dimensions.map(u64),
      u32(type),
      u64(offset),
    ]),
  ]);
}

function textBytes({ length, bytes }: Text): Buffer[] {
  return [u64(length), bytes];
}

function valueBytes(value: Value): Buffer[] {
  switch (value.kind) {
    case "scalar":
      return [value.bytes];
    case "text":
      return textBytes(value.text);
    case "array":
      return [u32(value.itemType), u64(value.count), ...value.items.flatMap((item) => (Buffer.isBuffer(item) ? [item] : textBytes(item)))];
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}

class Reader {
  at = 0;
  readonly #file: Buffer;

  constructor(file: Buffer) {
    this.#file = file;
  }

  take(length: number): Buffer {
    this.at += length;
    if (this.at > this.#file.length) throw new Error("the file ends too early");
    return this.#file.subarray(this.at - length, this.at);
  }

  u32(): number {
    return this.take(4).readUInt32LE();
  }

  u64(): bigint {
    return this.take(8).readBigUInt64LE();
  }

  text(): Text {
    const length = this.u64();
    return { length, bytes: this.take(Number(length)) };
  }

  entry(): Entry {
    const key = this.text();
    const type = this.u32();
    return { key, type, value: this.#value(type) };
  }

  tensor(): TensorEntry {
    const name = this.text();
    const dimensionCount = this.u32();
    const dimensions = Array.from({ length: dimensionCount }, () => this.u64());
    return { name, dimensionCount, dimensions, type: this.u32(), offset: this.u64() };
  }

  #value(type: number): Value {
    if (type === STRING) return { kind: "text", text: this.text() };
    if (type !== ARRAY) return { kind: "scalar", bytes: this.#scalar(type) };
    const itemType = this.u32();
    const count = this.u64();
    const item = (): Text | Buffer => (itemType === STRING ? this.text() : this.#scalar(itemType));
    return { kind: "array", itemType, count, items: Array.from({ length: Number(count) }, item) };
  }

  #scalar(type: number): Buffer {
    const size = SIZES[type];
    if (size === undefined) throw new Error(`no metadata of type ${type}`);
    return this.take(size);
  }
}
