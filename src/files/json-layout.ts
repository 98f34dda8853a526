/** How the records of a JSON text stand: one a line, or otherwise. The first two lines tell. */
import { ArgsearchError } from "../errors.js";
import { isBlank } from "./json-values.js";

/** "values": an array, records of several lines, or commas between them. */
export type Layout = "lines" | "values";

const LF = 0x0a;
const CLIP = 40;
/** A text that has no record on so many lines has none. */
const PATIENCE = 20;

/**
 * The layout of a text that begins with `head`; undefined where more has to be seen, unless `head` is the whole.
 *
 * @throws ArgsearchError INPUT_INVALID for a text that holds no records; `name` begins the message
 */
export function layoutOf(head: Buffer, whole: boolean, name: string): Layout | undefined {
  const start = significant(head, 0);
  if (start < 0) return whole ? "lines" : undefined;
  const end = head.indexOf(LF, start);
  const first = end < 0 && !whole ? "" : head.toString("utf8", start, end < 0 ? head.length : end).trim();
  const next = end < 0 ? -1 : significant(head, end);
  if (charAt(head, start) === "{") return ofRecord(head, first, next) ?? (whole ? "lines" : undefined);
  if (charAt(head, start) !== "[") return withoutRecord(head, start, whole, name);
  const inner = significant(head, start + 1);
  if (inner < 0) return whole ? "values" : undefined;
  if (charAt(head, inner) === "]" && significant(head, inner + 1) < 0) return whole ? "values" : undefined;
  if (charAt(head, inner) === "]" && inner !== next) return withoutRecord(head, start, whole, name);
  if (!"{]".includes(charAt(head, inner))) return withoutRecord(head, start, whole, name, 1);
  if (!isJson(first) || charAt(head, next) === "[") return "values";
  // An array, whole on its line: the file, unless records come after it.
  if (next >= 0) return "lines";
  return whole ? "values" : undefined;
}

/** Of a text whose first line begins a record. */
function ofRecord(head: Buffer, first: string, next: number): Layout | undefined {
  if (first === "") return undefined;
  if (isJson(first)) return "lines";
  if (first.endsWith(",") && isJson(first.slice(0, -1))) return "values";
  if (next < 0) return undefined;
  // In JSON lines the next line begins anew, whatever tore the first one.
  const indented = /[ \t]/.test(charAt(head, next - 1));
  const goesOn = '"}]'.includes(charAt(head, next)) || (indented && "{[".includes(charAt(head, next)));
  return goesOn ? "values" : "lines";
}

/** Of a text whose first line begins no record: `fewest` bad lines or more are refused as a whole, unless a record comes soon. */
function withoutRecord(head: Buffer, start: number, whole: boolean, name: string, fewest = 2): Layout | undefined {
  let count = 0;
  for (let at = start; at >= 0 && count < PATIENCE; at = significant(head, head.indexOf(LF, at))) {
    if (charAt(head, at) === "{") return "lines";
    count += 1;
    if (head.indexOf(LF, at) < 0) break;
  }
  if (count < PATIENCE && !whole) return undefined;
  if (count < fewest) return "lines";
  const [first] = head.toString("utf8", start, start + 4 * CLIP).split("\n");
  const wanted = 'one JSON object a line is read, such as {"prompt": "Hello"}, or an array of them';
  const begin = JSON.stringify(first.trim().slice(0, CLIP));
  throw new ArgsearchError("INPUT_INVALID", `${name} holds no JSON lines: ${wanted}; it begins with ${begin}`);
}

function significant(head: Buffer, from: number): number {
  for (let at = from; at < head.length; at++) if (!isBlank(head[at])) return at;
  return -1;
}

function charAt(head: Buffer, at: number): string {
  return String.fromCharCode(head[at]);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
