/** Bytes as text, strictly: nothing that was not written stands in it. */
import { isUtf8 } from "node:buffer";
import { ArgsearchError } from "../errors.js";

const LF = 0x0a;
const strict = new TextDecoder("utf-8", { fatal: true });

/**
 * Without a byte order mark. `where` begins the message, which names the first bad line if there are several.
 *
 * @throws ArgsearchError INPUT_INVALID
 */
export function decodeUtf8(bytes: Buffer, where: string): string {
  try {
    return strict.decode(bytes);
  } catch (cause) {
    if (isUtf8(bytes)) throw new ArgsearchError("INPUT_INVALID", `${where} is too long for one text`, { cause });
    throw notUtf8(
      `${where} is not UTF-8${bytes.includes(LF) ? `: line ${firstBadLine(bytes)} holds bytes of another encoding` : ""}`,
      cause,
    );
  }
}

/** The same for a text that stands alone, and so could be in any encoding. @throws ArgsearchError INPUT_INVALID */
export function decodeWhole(bytes: Buffer, where: string): string {
  requireUtf8(bytes, where);
  return decodeUtf8(bytes, where);
}

/** Refuses a beginning that is UTF-16, as programs of Windows save it. @throws ArgsearchError INPUT_INVALID */
export function requireUtf8([first, second]: Buffer, where: string): void {
  if (first === undefined || second === undefined) return;
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (marked) throw notUtf8(`${where} is not UTF-8: line 1 begins with the byte order mark of UTF-16`);
  // No text begins with U+0000, or holds it behind its first character.
  if ((first === 0) !== (second === 0)) throw notUtf8(`${where} is not UTF-8: line 1 looks like UTF-16`);
}

function notUtf8(what: string, cause?: unknown): ArgsearchError {
  return new ArgsearchError("INPUT_INVALID", `${what}. Save it as UTF-8, for example with iconv`, { cause });
}

/** A line end is never a part of another character, so every line stands for itself. */
function firstBadLine(bytes: Buffer): number {
  let [number, start] = [1, 0];
  for (let end = bytes.indexOf(LF); end >= 0 && isUtf8(bytes.subarray(start, end)); end = bytes.indexOf(LF, start)) {
    number += 1;
    start = end + 1;
  }
  return number;
}
