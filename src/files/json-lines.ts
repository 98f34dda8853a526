/** Records of JSON, streamed: one at a time, whatever the size of the file, with the place where it stands. */
import type { Readable } from "node:stream";
import { ArgsearchError } from "../errors.js";
import { bytesOf, isOrdinaryFile, nameOf, peeked } from "./bytes.js";
import { parseJsonObject } from "./json.js";
import { layoutOf } from "./json-layout.js";
import { isBlank, splitValues } from "./json-values.js";
import { splitLines, tooLong } from "./lines.js";
import { decodeUtf8 } from "./utf8.js";

/** A line, which may hold a record; or a record of a JSON array, or of several lines. */
export interface Line {
  /** From 1, as editors count lines. */
  number: number;
  /** "line 3", or "record 3 (line 17)". */
  place: string;
  content: Buffer | ArgsearchError;
}

/** A line that could not be used, and why. */
export interface BadLine {
  /** From 1, as editors count; of a JSON array the record's place. */
  number: number;
  /** The same in words: "line 3", or "record 3 (line 17)". */
  place: string;
  error: ArgsearchError;
}

/** How far a layout is looked for. */
const FURTHEST = 1 << 18;

/**
 * The lines of a UTF-8 file or stream, or of gzip, without blank ones at the end. Records of one JSON array, of several lines each or
 * with commas between them are read one by one, too.
 *
 * @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE; INPUT_INVALID for what holds no JSON lines at all
 */
export function readLines(source: string | Readable): AsyncGenerator<Line> {
  const name = nameOf(source);
  return peeked(
    bytesOf(source),
    (head) => head.length > FURTHEST || layoutOf(head, false, name) !== undefined,
    (head, all) => (layoutOf(head, true, name) === "values" ? values(all, name) : lines(all)),
  );
}

async function* lines(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Line> {
  let [number, told] = [0, 0];
  for await (const bytes of splitLines(chunks)) {
    number += 1;
    if (bytes?.every(isBlank)) continue;
    for (; told < number - 1; told++) yield lineAt(told + 1, Buffer.alloc(0));
    yield lineAt(number, bytes ?? tooLong("the line"));
    told = number;
  }
}

function lineAt(number: number, content: Line["content"]): Line {
  return { number, place: `line ${number}`, content };
}

async function* values(chunks: AsyncGenerator<Buffer>, name: string): AsyncGenerator<Line> {
  let number = 0;
  for await (const { line, content } of splitValues(chunks, name))
    yield { number: ++number, place: `record ${number} (line ${line})`, content };
}

/** How many lines readLines() will give; 0 for a pipe, which can be read only once. @throws ArgsearchError as readLines() */
export async function countLines(path: string): Promise<number> {
  if (!(await isOrdinaryFile(path))) return 0;
  let count = 0;
  for await (const _ of readLines(path)) count += 1;
  return count;
}

/** The JSON object on a line, and its text. @throws ArgsearchError INPUT_INVALID */
export function parseObject({ place, content }: Line): { fields: Record<string, unknown>; json: string } {
  if (content instanceof ArgsearchError) throw content;
  if (content.length === 0) throw new ArgsearchError("INPUT_INVALID", "the line is empty");
  const what = place.startsWith("line") ? "the line" : "the record";
  const json = decodeUtf8(content, what);
  return { fields: parseJsonObject(json, what), json };
}
