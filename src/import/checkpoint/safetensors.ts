/** One safetensors file: its header, and any part of a tensor as numbers. https://github.com/huggingface/safetensors#format */
import { type FileHandle, open } from "node:fs/promises";
import { ArgsearchError } from "../../errors.js";
import { unreadable } from "../../files/file-errors.js";
import { isJsonObject } from "../../files/json.js";
import { decodeFloats, FLOAT_BYTES, type FloatFormat, isFloatFormat } from "../../gguf/float-formats.js";

export interface TensorInfo {
  name: string;
  /** safetensors' name, for example "BF16". */
  dtype: string;
  /** Slowest dimension first, as PyTorch has it. */
  shape: readonly number[];
  /** Numbers in it. */
  count: number;
  /** The file's byte at which it starts, and its length in bytes. */
  offset: number;
  bytes: number;
}

/** Numbers read at a time where a tensor is streamed. */
const CHUNK = 1 << 20;

/** Headers of real models have some 100 KB. */
const MAX_HEADER = 100_000_000;

export class SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle, tensors: ReadonlyMap<string, TensorInfo>) {
    this.path = path;
    this.tensors = tensors;
    this.#file = file;
  }

  /** @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE; MODEL_INVALID for a file that is damaged, cut short or of another format */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await open(path).catch((error: unknown) => {
      throw unreadable(error, path);
    });
    try {
      return new SafetensorsFile(path, file, await readHeader(path, file));
    } catch (error) {
      await file.close();
      throw unreadable(error, path);
    }
  }

  /** The bytes of `count` numbers from the `start`-th on. @throws ArgsearchError FILE_UNREADABLE, MODEL_INVALID */
  async bytes(tensor: TensorInfo, start: number, count: number): Promise<ArrayBuffer> {
    const size = FLOAT_BYTES[this.formatOf(tensor)];
    const buffer = new ArrayBuffer(count * size);
    try {
      await readFully(this.#file, new Uint8Array(buffer), tensor.offset + start * size);
    } catch (error) {
      throw unreadable(error, this.path);
    }
    return buffer;
  }

  /** The numbers of a tensor from the `start`-th on, in pieces of at most 2^20, so that memory does not grow with it. */
  async *chunks(tensor: TensorInfo, start = 0, count = tensor.count - start): AsyncGenerator<Float32Array> {
    const format = this.formatOf(tensor);
    for (let done = 0; done < count; done += CHUNK) {
      yield decodeFloats(format, await this.bytes(tensor, start + done, Math.min(CHUNK, count - done)));
    }
  }

  /** All numbers of a tensor. @throws ArgsearchError FILE_UNREADABLE, MODEL_INVALID */
  async floats(tensor: TensorInfo): Promise<Float32Array> {
    return decodeFloats(this.formatOf(tensor), await this.bytes(tensor, 0, tensor.count));
  }

  /** @throws ArgsearchError MODEL_INVALID for integers and for formats of quantised weights */
  formatOf({ name, dtype }: TensorInfo): FloatFormat {
    if (isFloatFormat(dtype)) return dtype;
    throw invalid(this.path, `${name} holds ${dtype}; weights must be F64, F32, F16 or BF16`);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function readHeader(path: string, file: FileHandle): Promise<Map<string, TensorInfo>> {
  const stats = await file.stat();
  if (stats.isDirectory()) throw new ArgsearchError("NOT_A_FILE", `${path} is a directory`);
  const { size } = stats;
  const prefix = new BigUint64Array(1);
  if (size < 8) throw invalid(path, `it has ${size} bytes and no header`);
  await readFully(file, new Uint8Array(prefix.buffer), 0);
  const length = Number(prefix[0]);
  if (length > MAX_HEADER || 8 + length > size) {
    throw invalid(path, `its header would have ${length} bytes, the file has ${size}: it is cut short, or not safetensors`);
  }
  const text = new Uint8Array(length);
  await readFully(file, text, 8);
  return tensorTable(path, parseHeader(path, text), 8 + length, size);
}

function parseHeader(path: string, text: Uint8Array): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
    if (isJsonObject(header)) return header;
  } catch {
    // Said below.
  }
  throw invalid(path, "its header is not a JSON object: it is damaged, or not safetensors");
}

function tensorTable(path: string, header: Record<string, unknown>, dataStart: number, size: number): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const tensor = tensorInfo(name, entry, dataStart);
    if (tensor === null) throw invalid(path, `its header does not say where ${name} lies`);
    if (tensor.offset + tensor.bytes > size) throw invalid(path, `it is cut short: ${name} would end behind its end. Fetch it again`);
    tensors.set(name, tensor);
  }
  return tensors;
}

/** Null for an entry that makes no sense. */
function tensorInfo(name: string, entry: unknown, dataStart: number): TensorInfo | null {
  if (!isJsonObject(entry)) return null;
  const { dtype, shape, data_offsets: range } = entry;
  if (typeof dtype !== "string" || !isSizes(shape) || !isSizes(range)) return null;
  const [begin = -1, end = -1] = range;
  const count = shape.reduce((product, length) => product * length, 1);
  const bytes = end - begin;
  if (begin < 0 || bytes < 0 || (isFloatFormat(dtype) && bytes !== count * FLOAT_BYTES[dtype])) return null;
  return { name, dtype, shape, count, offset: dataStart + begin, bytes };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

async function readFully(file: FileHandle, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw new ArgsearchError("FILE_UNREADABLE", "a file ended while it was read");
    done += bytesRead;
  }
}

function invalid(path: string, what: string): ArgsearchError {
  return new ArgsearchError("MODEL_INVALID", `${path}: ${what}.`);
}
