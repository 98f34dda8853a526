/** Writes GGUF version 3 files, tensors streamed. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */
import { type FileHandle, open } from "node:fs/promises";
import { throwIfAborted } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import { unwritable } from "../files/file-errors.js";
import { encodeHalves } from "./float-formats.js";

/** A metadata value with its GGUF type. */
export type GgufValue =
  | { type: "u32" | "f32"; value: number }
  | { type: "bool"; value: boolean }
  | { type: "string"; value: string }
  | { type: "i32[]"; value: readonly number[] }
  | { type: "string[]"; value: readonly string[] };

export interface GgufTensor {
  name: string;
  /** ggml's order: the length of a row first. */
  shape: readonly number[];
  type: "f32" | "f16";
  /** The numbers in order, in pieces of any length. */
  chunks(): AsyncIterable<Float32Array>;
}

export interface GgufContent {
  metadata: Readonly<Record<string, GgufValue>>;
  tensors: readonly GgufTensor[];
}

const VALUE_TYPES = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const TENSOR_TYPES = { f32: { id: 0, bytes: 4 }, f16: { id: 1, bytes: 2 } } as const;
const ALIGNMENT = 32;

/**
 * Writes a file under its final name, in one go: give a temporary one and move it.
 *
 * @throws ArgsearchError FILE_UNWRITABLE; MODEL_INVALID for numbers that are not finite or not in F16's range; ABORTED; what reading the
 * chunks throws
 */
export async function writeGguf(path: string, { metadata, tensors }: GgufContent, signal?: AbortSignal): Promise<void> {
  try {
    const file = await open(path, "w");
    try {
      await writeAll(file, header(metadata, tensors));
      for (const tensor of tensors) await writeTensor(file, tensor, signal);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unwritable(error, path);
  }
}

async function writeTensor(file: FileHandle, tensor: GgufTensor, signal: AbortSignal | undefined): Promise<void> {
  let written = 0;
  for await (const chunk of tensor.chunks()) {
    throwIfAborted(signal);
    const part = encode(tensor, chunk);
    await writeAll(file, part);
    written += part.length;
  }
  const size = sizeOf(tensor);
  if (written !== size) throw new Error(`${tensor.name} has ${written} bytes, announced were ${size}`);
  await writeAll(file, Buffer.alloc(padding(size)));
}

function encode({ name, type }: GgufTensor, values: Float32Array): Buffer {
  if (!values.every(Number.isFinite)) throw new ArgsearchError("MODEL_INVALID", `${name} holds numbers that are not finite`);
  const encoded = type === "f32" ? values : encodeHalves(values);
  if (encoded instanceof Uint16Array && encoded.some((bits) => (bits & 0x7c00) === 0x7c00)) {
    throw new ArgsearchError("MODEL_INVALID", `${name} holds numbers beyond the range of F16: convert to f32 or bf16`);
  }
  return Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
}

function header(metadata: Readonly<Record<string, GgufValue>>, tensors: readonly GgufTensor[]): Buffer {
  const entries = Object.entries(metadata);
  const parts = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(entries.length)];
  for (const [key, value] of entries) parts.push(text(key), valueBytes(value));
  let offset = 0;
  for (const tensor of tensors) {
    const { name, shape, type } = tensor;
    parts.push(text(name), u32(shape.length), ...shape.map(u64), u32(TENSOR_TYPES[type].id), u64(offset));
    offset += sizeOf(tensor) + padding(sizeOf(tensor));
  }
  const bytes = Buffer.concat(parts);
  return Buffer.concat([bytes, Buffer.alloc(padding(bytes.length))]);
}

function sizeOf({ shape, type }: GgufTensor): number {
  return shape.reduce((product, length) => product * length, TENSOR_TYPES[type].bytes);
}

/** Zeros up to the next tensor. */
function padding(size: number): number {
  return (ALIGNMENT - (size % ALIGNMENT)) % ALIGNMENT;
}

function valueBytes(entry: GgufValue): Buffer {
  switch (entry.type) {
    case "u32":
      return Buffer.concat([u32(VALUE_TYPES.u32), u32(entry.value)]);
    case "f32":
      return Buffer.concat([u32(VALUE_TYPES.f32), f32(entry.value)]);
    case "bool":
      return Buffer.concat([u32(VALUE_TYPES.bool), Buffer.of(entry.value ? 1 : 0)]);
    case "string":
      return Buffer.concat([u32(VALUE_TYPES.string), text(entry.value)]);
    case "i32[]":
      return array(VALUE_TYPES.i32, entry.value.map(i32));
    case "string[]":
      return array(VALUE_TYPES.string, entry.value.map(text));
  }
}

function array(type: number, items: readonly Buffer[]): Buffer {
  return Buffer.concat([u32(VALUE_TYPES.array), u32(type), u64(items.length), ...items]);
}

function text(value: string): Buffer {
  const utf8 = Buffer.from(value);
  return Buffer.concat([u64(utf8.length), utf8]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
