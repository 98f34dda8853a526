/** Bytes as lines. LF alone ends one: whatever else Unicode breaks lines at may stand within a text. */
import type { Readable } from "node:stream";
import { ArgsearchError } from "../errors.js";
import { bytesOf, nameOf } from "./bytes.js";
import { decodeUtf8 } from "./utf8.js";

const LF = 0x0a;
const CR = 0x0d;
const MIB = 1 << 20;

/** Most bytes of a line or a record. No context holds so long a text; what is longer is not kept. */
const LONGEST = 64 * MIB;

/** Bytes that come in pieces. */
export class Pieces {
  #pieces: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > LONGEST) this.#pieces = [];
    else if (piece.length > 0) this.#pieces.push(piece);
  }

  /** All of them, and none are left; null for more than LONGEST. */
  take(): Buffer | null {
    const [pieces, length] = [this.#pieces, this.#length];
    this.#pieces = [];
    this.#length = 0;
    if (length > LONGEST) return null;
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, length);
  }
}

/** `what` was longer than LONGEST. */
export function tooLong(what: string): ArgsearchError {
  return new ArgsearchError("INPUT_INVALID", `${what} is longer than ${LONGEST / MIB} MiB`);
}

/** Lines with their LF; null for one longer than LONGEST. Behind the last LF is a line if there is anything. */
export async function* rawLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | null> {
  const line = new Pieces();
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LF) + 1; end > 0; end = chunk.indexOf(LF, start) + 1) {
      line.add(chunk.subarray(start, end));
      yield line.take();
      start = end;
    }
    line.add(chunk.subarray(start));
  }
  if (line.length > 0) yield line.take();
}

/** The same without LF, and without one CR before it. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | null> {
  for await (const line of rawLines(chunks)) yield line === null ? null : line.subarray(0, contentLength(line));
}

function contentLength(line: Buffer): number {
  if (line[line.length - 1] !== LF) return line.length;
  return line[line.length - 2] === CR ? line.length - 2 : line.length - 1;
}

/** The lines of a text. @throws ArgsearchError as bytesOf(); INPUT_INVALID for a line that is not UTF-8 */
export async function* textLines(source: string | Readable): AsyncGenerator<string> {
  let number = 0;
  for await (const line of splitLines(bytesOf(source))) {
    const where = `line ${++number} of ${nameOf(source)}`;
    if (line === null) throw tooLong(where);
    yield decodeUtf8(line, where);
  }
}
