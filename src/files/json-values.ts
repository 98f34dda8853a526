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
 * Values one after the other, or the elements of one array. They are only told apart here, not checked. A torn one costs itself alone, as far
 * as it can be seen: no text goes on over a line's end, and no object stands where an object's key must. What is left of it is passed over.
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
  /** Bytes of the line that have passed. */
  #column = 0;
  /** Of the value that is being read; 0 between values. */
  #begun = 0;
  /** The column that it begins in. */
  #indent = 0;
  /** Brackets of it that are open, the innermost last. */
  #open: number[] = [];
  /** The last byte outside texts that is no blank. */
  #last = 0;
  #inText = false;
  #escaped = false;
  /** Since a value was torn: only what looks like a record begins one. */
  #lost = false;
  #lostBracket = false;

  constructor(name: string) {
    this.#name = name;
  }

  *feed(chunk: Buffer): Generator<JsonValue> {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      this.#column += 1;
      if (byte === LF) {
        this.#line += 1;
        this.#column = 0;
      }
      if (this.#inText && byte !== LF) {
        this.#passText(byte);
        continue;
      }
      if (this.#begun > 0 && this.#tears(byte)) yield this.#tear(chunk.subarray(start, at));
      else if (this.#begun > 0 && this.#open.length === 0 && this.#ends(byte)) yield this.#take(chunk.subarray(start, at));
      if (this.#begun === 0) {
        if (!this.#begins(byte)) continue;
        this.#begun = this.#line;
        this.#indent = this.#column;
        start = at;
      }
      if (this.#passOutside(byte)) yield this.#take(chunk.subarray(start, at + 1));
    }
    if (this.#begun > 0) this.#value.add(chunk.subarray(start));
  }

  /** What is cut off costs the value that was to come. */
  *end(): Generator<JsonValue> {
    if (this.#begun > 0) yield this.#take(Buffer.alloc(0));
    else if (this.#array === "open" && !this.#lostBracket)
      yield { line: this.#line, content: inputError("the array ends before it is closed: it is cut off") };
  }

  #passText(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inText = false;
  }

  /** A byte of a value, outside its texts; whether it closes the value. */
  #passOutside(byte: number): boolean {
    if (!isBlank(byte)) this.#last = byte;
    if (byte === QUOTE) this.#inText = true;
    else if (byte === OPEN || byte === OPEN_OBJECT) this.#open.push(byte);
    else if (byte === CLOSE || byte === CLOSE_OBJECT) {
      this.#open.pop();
      return this.#open.length === 0;
    }
    return false;
  }

  /** Whether the value cannot go on with a byte. */
  #tears(byte: number): boolean {
    if (this.#inText) return byte === LF;
    const key = this.#open.at(-1) === OPEN_OBJECT && (this.#last === COMMA || this.#last === OPEN_OBJECT);
    return key && byte === OPEN_OBJECT;
  }

  /** Whether a byte between values begins one. */
  #begins(byte: number): boolean {
    if (isBlank(byte) || byte === COMMA) return false;
    if (this.#lost) {
      // A bracket of what was torn, or the array's.
      this.#lostBracket = byte === CLOSE;
      // What stands further to the right is a part of what was torn.
      this.#lost = byte !== OPEN_OBJECT || this.#column > this.#indent + 1;
      return !this.#lost;
    }
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

  #tear(last: Buffer): JsonValue {
    this.#lost = true;
    return this.#take(last);
  }

  #take(last: Buffer): JsonValue {
    this.#value.add(last);
    const line = this.#begun;
    this.#begun = 0;
    this.#open = [];
    this.#last = 0;
    this.#inText = false;
    return { line, content: this.#value.take() ?? tooLong("the record") };
  }
}

function inputError(message: string): ArgsearchError {
  return new ArgsearchError("INPUT_INVALID", message);
}
