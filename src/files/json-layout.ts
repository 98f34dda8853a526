/** How the records of a JSON text stand: one a line, or otherwise. The first two lines tell. */
import { ArgsearchError } from "../errors.js";
import { isBlank } from "./json-values.js";

/** "values": an array, records of several lines, or commas between them. */
export type Layout = "lines" | "values";

const LF = 0x0a;
const CLIP = 40;

/**
 * The layout of a text that begins with `head`; undefined where more has to be seen, unless `head` is the whole.
 *
 * @throws ArgsearchError INPUT_INVALID for a text that holds no records; `name` begins the message
 */
export function layoutOf(head: Buffer, whole: boolean, name: string): Layout | undefined {
  const unknown = whole ? "lines" : undefined;
  const start = significant(head, 0);
  if (start < 0) return unknown;
  const end = head.indexOf(LF, start);
  const inner = significant(head, start + 1);
  if (
    charAt(head, start) === "[" &&
    (inner < 0 || charAt(head, inner) === "{" || (charAt(head, inner) === "]" && end >= 0 && inner > end))
  ) {
    return inner < 0 && !whole ? undefined : "values";
  }
  if (end < 0) return unknown;
  const first = head.toString("utf8", start, end).trim();
  const second = significant(head, end);
  if (charAt(head, start) === "{") return isJson(first) ? "lines" : (torn(first, head, second) ?? unknown);
  if (second < 0) return unknown;
  if (charAt(head, second) === "{") return "lines";
  const begins = JSON.stringify(first.length > CLIP ? `${first.slice(0, CLIP)}…` : first);
  const wanted = 'one JSON object a line is read, such as {"prompt": "Hello"}, or an array of them';
  throw new ArgsearchError("INPUT_INVALID", `${name} holds no JSON lines: ${wanted}; it begins with ${begins}`);
}

/** Of a first line that begins a record and is none. In JSON lines the next one begins anew. */
function torn(first: string, head: Buffer, second: number): Layout | undefined {
  if (first.endsWith(",") && isJson(first.slice(0, -1))) return "values";
  if (second < 0) return undefined;
  const next = charAt(head, second);
  const indented = /[ \t]/.test(charAt(head, second - 1));
  return '"}]'.includes(next) || (indented && "{[".includes(next)) ? "values" : "lines";
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
