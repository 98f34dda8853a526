/** The header of a safetensors file: which tensor lies where. https://github.com/huggingface/safetensors#format */
import { ArgsearchError } from "../errors.js";
import { isJsonObject } from "../files/json.js";

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

/** Bits of a number; what is not listed is newer than this, and taken at its word. */
const BITS: Readonly<Record<string, number>> = {
  ...{ BOOL: 8, F4: 4, F6_E2M3: 6, F6_E3M2: 6, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8, F8_E5M2FNUZ: 8, F8_E4M3FNUZ: 8 },
  ...{ I16: 16, U16: 16, F16: 16, BF16: 16, I32: 32, U32: 32, F32: 32, C64: 64, F64: 64, I64: 64, U64: 64 },
};

/** Formats that weights are quantised to: the numbers mean nothing without the scales beside them. */
const QUANTISED = /^(?:F[468](?:_.*)?|[IU]8|U16|U32)$/;

export function isQuantisedFormat(dtype: string): boolean {
  return QUANTISED.test(dtype);
}

/**
 * The table of tensors. `dataStart`: the file's byte behind the header; `size`: its length.
 *
 * @throws ArgsearchError MODEL_INVALID where the reference implementation refuses it too
 */
export function tensorTable(path: string, header: Uint8Array, dataStart: number, size: number): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of Object.entries(parseHeader(path, header))) {
    if (name === "__metadata__") continue;
    const tensor = tensorInfo(name, entry, dataStart);
    if (tensor === null) throw invalid(path, `its header does not say where ${name} lies`);
    if (tensor.offset + tensor.bytes > size) throw invalid(path, `it is cut short: ${name} would end behind its end. Fetch it again`);
    tensors.set(name, tensor);
  }
  requireCovered(path, [...tensors.values()], dataStart, size);
  return tensors;
}

function parseHeader(path: string, bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (!isJsonObject(header)) throw invalid(path, "its header is not a JSON object: it is damaged, or not safetensors");
  const twice = repeatedKey(text);
  if (twice !== undefined) throw invalid(path, `its header has ${twice} twice`);
  const { __metadata__: metadata } = header;
  const texts = metadata === undefined || metadata === null || (isJsonObject(metadata) && Object.values(metadata).every(isText));
  if (!texts) throw invalid(path, "the metadata of its header are not texts");
  return header;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

/** A key that a JSON object has twice, of which JSON.parse() keeps one. The text is known to be an object of objects. */
function repeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") depth -= 1;
    else if (char === '"') {
      const start = at++;
      while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
      if (depth !== 1) continue;
      const key = JSON.parse(text.slice(start, at + 1)) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

/** Null for an entry that makes no sense. */
function tensorInfo(name: string, entry: unknown, dataStart: number): TensorInfo | null {
  if (!isJsonObject(entry)) return null;
  const { dtype, shape, data_offsets: range } = entry;
  if (typeof dtype !== "string" || !isSizes(shape) || !isSizes(range) || range.length !== 2) return null;
  const [begin = -1, end = -1] = range;
  const count = shape.reduce((product, length) => product * length, 1);
  const bytes = end - begin;
  const bits = Object.hasOwn(BITS, dtype) ? BITS[dtype] : undefined;
  if (begin < 0 || bytes < 0 || (bits !== undefined && bytes * 8 !== count * bits)) return null;
  return { name, dtype, shape, count, offset: dataStart + begin, bytes };
}

/** Every byte is one tensor's: holes and overlaps are of a table that was damaged, or made to deceive. */
function requireCovered(path: string, tensors: readonly TensorInfo[], dataStart: number, size: number): void {
  let end = dataStart;
  for (const { name, offset, bytes } of [...tensors].sort((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (offset !== end) throw invalid(path, `${name} ${offset < end ? "overlaps the tensor before it" : "lies behind a hole"} in it`);
    end = offset + bytes;
  }
  if (end !== size) throw invalid(path, `it has ${size - end} bytes behind its last tensor`);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function invalid(path: string, what: string): ArgsearchError {
  return new ArgsearchError("MODEL_INVALID", `${path}: ${what}.`);
}
