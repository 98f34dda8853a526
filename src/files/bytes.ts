/** A file or a stream as its bytes, decompressed. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { ArgsearchError } from "../errors.js";
import { invalid } from "../validate.js";
import { unreadable } from "./file-errors.js";
import { requireUtf8 } from "./utf8.js";

const CHUNK = 1 << 16;
const LF = 0x0a;
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

const TAR = "ustar";
const TAR_OFFSET = 257;

/** What data sets come in and lines do not: the bytes that such a file begins with. */
const OTHER_FORMATS: readonly (readonly [name: string, magic: string, offset?: number])[] = [
  ["a Parquet file", "PAR1"],
  ["an Arrow file", "ARROW1"],
  ["an Arrow stream", "\xff\xff\xff\xff"],
  ["a zip archive", "PK\x03\x04"],
  ["a zstd file", "\x28\xb5\x2f\xfd"],
  ["an xz file", "\xfd7zXZ\x00"],
  ["a bzip2 file", "BZh"],
  ["a tar archive", TAR, TAR_OFFSET],
  ["a GGUF", "GGUF"],
  ["gzip within gzip", "\x1f\x8b"],
];

/** Whoever writes a short line and waits for the answer has written enough. */
const tells = (head: Buffer, length: number): boolean => head.length >= length || head.includes(LF);

/** Names a source in messages. */
export function nameOf(source: string | Readable): string {
  if (typeof source === "string") return source;
  return source === process.stdin ? "standard input" : "the stream";
}

/** Whether it can be read more than once, as a pipe or a device cannot. @throws ArgsearchError FILE_NOT_FOUND, FILE_UNREADABLE */
export async function isOrdinaryFile(path: string): Promise<boolean> {
  const present = await stat(path).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  return present.isFile();
}

/**
 * The bytes of a file, as it is when it is opened, or of a stream; of gzip what is in it. Without a byte order mark. Leaving early
 * closes either.
 *
 * @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE; INPUT_INVALID for damaged gzip, UTF-16 and files of other
 * formats; OPTION_INVALID for what is neither
 */
export function bytesOf(source: string | Readable): AsyncGenerator<Buffer> {
  const name = nameOf(source);
  const raw = typeof source === "string" ? fileBytes(source) : streamBytes(source, name);
  return peeked(
    raw,
    (head) => tells(head, 2),
    (head, all) => textBytes(isGzip(head) ? gunzipped(all, name) : all, name),
  );
}

function textBytes(chunks: AsyncGenerator<Buffer>, name: string): AsyncGenerator<Buffer> {
  return peeked(
    chunks,
    (head) => tells(head, TAR_OFFSET + TAR.length),
    (head, all) => {
      requireText(head, name);
      return head.indexOf(BYTE_ORDER_MARK) === 0 ? without(BYTE_ORDER_MARK.length, all) : all;
    },
  );
}

/** What `use` makes of chunks once it has seen how they begin, as far as `enough` asks for it. They are closed in the end. */
export async function* peeked<T>(
  chunks: AsyncGenerator<Buffer>,
  enough: (head: Buffer) => boolean,
  use: (head: Buffer, all: AsyncGenerator<Buffer>) => AsyncIterable<T>,
): AsyncGenerator<T> {
  try {
    let head: Buffer = Buffer.alloc(0);
    while (!enough(head)) {
      const next = await chunks.next();
      if (next.done) break;
      head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
    }
    yield* use(head, joined(head, chunks));
  } finally {
    await chunks.return(undefined);
  }
}

async function* joined(head: Buffer, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* chunks;
}

async function* without(count: number, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = count;
  for await (const chunk of chunks) {
    yield chunk.subarray(left);
    left = 0; // the first chunk holds all that was peeked at
  }
}

/** A file as it stands. What others append meanwhile is not read: they could be faster for ever. @throws as bytesOf(), of files */
export async function* fileBytes(path: string): AsyncGenerator<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const stats = await file.stat();
    // Pipes, devices and files of the kernel say 0.
    let left = stats.isFile() && stats.size > 0 ? stats.size : Number.POSITIVE_INFINITY;
    while (left > 0) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, left));
      const { bytesRead } = await file.read(chunk);
      if (bytesRead === 0) return;
      left -= bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } catch (error) {
    throw unreadable(error, path);
  } finally {
    await file?.close();
  }
}

async function* streamBytes(stream: Readable, name: string): AsyncGenerator<Buffer> {
  if (typeof stream?.[Symbol.asyncIterator] !== "function") throw invalid("source", "a path or a readable stream", stream);
  const over = stream.destroyed || stream.readableEnded;
  if (over) throw streamError(stream.errored ?? new Error("it has ended or was destroyed before"), name);
  // Half of a character, where a text was cut between two chunks.
  let half = "";
  try {
    for await (const chunk of stream as AsyncIterable<unknown>) {
      if (chunk instanceof Uint8Array) {
        yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
        continue;
      }
      if (typeof chunk !== "string") throw new ArgsearchError("INPUT_INVALID", `${name} must give bytes or texts`);
      const text = half + chunk;
      half = /[\ud800-\udbff]$/.exec(text)?.[0] ?? "";
      yield Buffer.from(half === "" ? text : text.slice(0, -1));
    }
  } catch (error) {
    throw streamError(error, name);
  }
  yield Buffer.from(half);
}

function streamError(cause: unknown, name: string): ArgsearchError {
  if (cause instanceof ArgsearchError) return cause;
  return new ArgsearchError("FILE_UNREADABLE", `cannot read ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

async function* gunzipped(chunks: AsyncGenerator<Buffer>, name: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const padded = new Padded(chunks);
  const done = pipeline(Readable.from(padded.read()), gunzip).catch(() => {}); // a failure comes out of gunzip, too
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
    await done;
    if ((await padded.end()) > gunzip.bytesWritten) throw new ArgsearchError("INPUT_INVALID", behindPadding(name, gunzip.bytesWritten));
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith("Z_")) throw error;
    throw new ArgsearchError("INPUT_INVALID", `${name} is a damaged or truncated gzip file: ${(error as Error).message}`, { cause: error });
  } finally {
    gunzip.destroy();
    await done;
    await chunks.return(undefined);
  }
}

/** Bytes that may end in zeros. zlib stops there without a word, whatever comes behind them. */
class Padded {
  readonly #chunks: AsyncGenerator<Buffer>;
  #read = 0;
  #end = 0;

  constructor(chunks: AsyncGenerator<Buffer>) {
    this.#chunks = chunks;
  }

  /** Who stops before the end does not end the chunks. */
  async *read(): AsyncGenerator<Buffer> {
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next()) {
      const zeros = next.value.length - 1 - next.value.findLastIndex((byte) => byte !== 0);
      this.#read += next.value.length;
      if (zeros < next.value.length) this.#end = this.#read - zeros;
      yield next.value;
    }
  }

  /** Reads what is left. Where the bytes end but for zeros. */
  async end(): Promise<number> {
    for await (const _ of this.read());
    return this.#end;
  }
}

function behindPadding(name: string, at: number): string {
  return `${name} goes on behind the padding at byte ${at} of its gzip file, which readers of gzip pass over: compress it anew`;
}

/** @throws ArgsearchError INPUT_INVALID */
function requireText(head: Buffer, name: string): void {
  requireUtf8(head, name);
  const found = OTHER_FORMATS.find(([, magic, offset = 0]) => head.toString("latin1", offset, offset + magic.length) === magic);
  if (found === undefined) return;
  throw new ArgsearchError("INPUT_INVALID", `${name} is ${found[0]}: make JSON lines of it first; plain or in gzip, they are read`);
}
