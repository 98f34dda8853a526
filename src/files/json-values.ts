/** JSON values that do not stand one a line: in an array, over several lines, with commas between them. Streamed. */
import { ArgsearchError } from "../errors.js";
import { Pieces, tooLong } from "./lines.js";

/** Where a value begins, and its bytes or why there are none. */
export interface JsonValue {
  line: number;
  content: Buffer | ArgsearchError;
}

const [LF, QUOTE, COMMA, OPEN, BACKSLASH, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('\n",[\\]{}');

export function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/**
 * Values one after the other, or the elements of one array. They are only told apart here, not checked.
 *
 * @throws ArgsearchError INPUT_INVALID for what stands behind an array; `name` begins the message
 */
export async function* splitValues(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<JsonValue> {
  const scanner = new Scanner(name);
  for await (const chunk of chunks) yield* scanner.feed(chunk);
  yield* scanner.end();
}

class Scanner {
  readonly #name: string;
  readonly #value = new Pieces();
  #array: "none yet" | "open" | "closed" | "absent" = "none yet";
  #line = 1;
  /** Of the value that is being read; 0 between values. */
  #begun = 0;
  /** Brackets of it that are open. */
  #depth = 0;
  #inText = false;
  #escaped = false;

  constructor(name: string) {
    this.#name = name;
  }

  *feed(chunk: Buffer): Generator<JsonValue> {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === LF) this.#line += 1;
      if (this.#inText) {
        this.#passText(byte);
        continue;
      }
      if (this.#begun > 0 && this.#depth === 0 && this.#ends(byte)) yield this.#take(chunk.subarray(start, at));
      if (this.#begun === 0) {
        if (!this.#begins(byte)) continue;
        this.#begun = this.#line;
        start = at;
      }
      if (byte === QUOTE) this.#inText = true;
      else if (byte === OPEN || byte === OPEN_OBJECT) this.#depth += 1;
      else if ((byte === CLOSE || byte === CLOSE_OBJECT) && --this.#depth <= 0) yield this.#take(chunk.subarray(start, at + 1));
    }
    if (this.#begun > 0) this.#value.add(chunk.subarray(start));
  }

  /** What is cut off costs the value that was to come. */
  *end(): Generator<JsonValue> {
    if (this.#begun > 0) yield this.#take(Buffer.alloc(0));
    else if (this.#array === "open") yield { line: this.#line, content: inputError("the array ends before it is closed: it is cut off") };
  }

  #passText(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inText = false;
  }

  /** Whether a byte between values begins one. */
  #begins(byte: number): boolean {
    if (isBlank(byte) || byte === COMMA) return false;
    if (this.#array === "closed") {
      throw inputError(`${this.#name} goes on behind its JSON array, in line ${this.#line}: give one array, or one record a line`);
    }
    if (this.#array === "none yet") {
      this.#array = byte === OPEN ? "open" : "absent";
      return byte !== OPEN;
    }
    if (this.#array !== "open" || byte !== CLOSE) return true;
    this.#array = "closed";
    return false;
  }

  /** Whether a byte ends a value that has no brackets. */
  #ends(byte: number): boolean {
    return byte === COMMA || byte === LF || byte === CLOSE || byte === OPEN_OBJECT;
  }

  #take(last: Buffer): JsonValue {
    this.#value.add(last);
    const line = this.#begun;
    this.#begun = 0;
    this.#depth = 0;
    this.#inText = false;
    return { line, content: this.#value.take() ?? tooLong("the record") };
  }
}

function inputError(message: string): ArgsearchError {
  return new ArgsearchError("INPUT_INVALID", message);
}
