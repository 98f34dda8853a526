/**
 * Files of lines that are appended one by one, while others may read. A process that dies leaves half a line: who reads takes no notice
 * of it, and who appends, alone by a lock, cuts it off before.
 */
import { isUtf8 } from "node:buffer";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { unreadable, unwritable } from "./file-errors.js";
import { isJsonObject } from "./json.js";

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1 << 16;

/** The lines of a file, none where there is no file, the last one perhaps torn; without those that are no UTF-8. @throws ArgsearchError FILE_UNREADABLE, NOT_A_FILE */
export async function readAppendedLines(path: string): Promise<string[]> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw unreadable(error, path);
  });
  const lines: string[] = [];
  for (let start = 0; start < content.length; ) {
    const end = content.indexOf(NEWLINE, start);
    const line = content.subarray(start, end < 0 ? content.length : end);
    if (isUtf8(line)) lines.push(line.toString());
    start += line.length + 1;
  }
  return lines;
}

/**
 * Cuts off half a JSON object at the end; one that lacks only its line end gets that. Only for the one who may append.
 *
 * @throws ArgsearchError FILE_UNWRITABLE
 */
export async function repair(path: string): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r+");
    const [whole, { size }] = [await wholeBytes(file), await file.stat()];
    if (whole === size) return;
    const rest = Buffer.alloc(size - whole);
    await file.read(rest, 0, rest.length, whole);
    if (isUtf8(rest) && isJson(rest.toString())) await file.write("\n", size);
    else await file.truncate(whole);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unwritable(error, path);
  } finally {
    await file?.close();
  }
}

/** Half an object is none. */
function isJson(text: string): boolean {
  try {
    return isJsonObject(JSON.parse(text));
  } catch {
    return false;
  }
}

/** Bytes up to the end of the last whole line. */
async function wholeBytes(file: FileHandle): Promise<number> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let { size } = await file.stat();
  while (size > 0) {
    const start = Math.max(0, size - chunk.length);
    const { bytesRead } = await file.read(chunk, 0, size - start, start);
    const last = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (last >= 0) return start + last + 1;
    size = start;
  }
  return 0;
}

/** Resolves when the text is in the file. @throws ArgsearchError FILE_UNWRITABLE, for example on a full disk */
export async function append(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, "a");
    try {
      await file.appendFile(text);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unwritable(error, path);
  }
}
