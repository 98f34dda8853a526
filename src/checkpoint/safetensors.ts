/** One safetensors file: its header, and any part of a tensor as numbers. https://github.com/huggingface/safetensors#format */
import { type FileHandle, open } from "node:fs/promises";
import { ArgsearchError } from "../errors.js";
import { unreadable } from "../files/file-errors.js";
import { decodeFloats, FLOAT_BYTES, type FloatFormat, isFloatFormat } from "../gguf/float-formats.js";
import { isQuantisedFormat, type TensorInfo, tensorTable } from "./safetensors-header.js";

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

  /** The bytes of `count` numbers from the `start`-th on. @throws ArgsearchError FILE_UNREADABLE, MODEL_INVALID, MODEL_UNSUPPORTED */
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

  /** All numbers of a tensor. @throws ArgsearchError FILE_UNREADABLE, MODEL_INVALID, MODEL_UNSUPPORTED */
  async floats(tensor: TensorInfo): Promise<Float32Array> {
    return decodeFloats(this.formatOf(tensor), await this.bytes(tensor, 0, tensor.count));
  }

  /** @throws ArgsearchError MODEL_UNSUPPORTED for formats of quantised weights, MODEL_INVALID for other integers */
  formatOf({ name, dtype }: TensorInfo): FloatFormat {
    if (isFloatFormat(dtype)) return dtype;
    const what = `${this.path}: ${name} holds ${dtype}; weights must be F64, F32, F16 or BF16`;
    if (!isQuantisedFormat(dtype)) throw new ArgsearchError("MODEL_INVALID", what);
    throw new ArgsearchError("MODEL_UNSUPPORTED", `${what}. It is quantised: save it as it was before`);
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
    throw invalid(
      path,
      otherFormat(new Uint8Array(prefix.buffer)) ??
        `its header would have ${length} bytes, the file has ${size}: it is cut short, or not safetensors`,
    );
  }
  const text = new Uint8Array(length);
  await readFully(file, text, 8);
  return tensorTable(path, text, 8 + length, size);
}

/** What a file of a well-known other format is, and what to do about it. */
function otherFormat(start: Uint8Array): string | undefined {
  const text = String.fromCharCode(...start);
  if (text.startsWith("GGUF")) return "it is a GGUF, not safetensors: take the head from the checkpoint that it was converted from";
  // A zip archive of today's torch.save(), or the pickle of earlier ones.
  if (!/^(?:PK|\u0080)/.test(text)) return undefined;
  return "it is a PyTorch file, not safetensors. In Python, save it with safetensors.torch.save_file(torch.load(file), 'head.safetensors')";
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
