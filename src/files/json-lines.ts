/** JSON lines, streamed: one value at a time, whatever the size of the file, with the line it stands on. */
import { type FileHandle, open } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { ArgsearchError } from "../errors.js";
import { unreadable } from "./file-errors.js";
import { parseJsonObject } from "./json.js";

/** A line, numbered from 1 as editors do. Its text may be blank. */
export interface Line {
  number: number;
  text: string;
}

/** A line that could not be used, and why. */
export interface BadLine {
  number: number;
  error: ArgsearchError;
}

/**
 * The lines of a UTF-8 file or stream, without a byte order mark and without blank ones at the end.
 *
 * @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE
 */
export async function* readLines(source: string | Readable): AsyncGenerator<Line> {
  let number = 0;
  const lines = typeof source === "string" ? fileLines(source) : createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY });
  let blank: Line[] = [];
  for await (const line of lines) {
    number += 1;
    const text = number === 1 ? line.replace(/^\ufeff/, "") : line;
    if (text.trim() === "") {
      blank.push({ number, text });
      continue;
    }
    yield* blank;
    blank = [];
    yield { number, text };
  }
}

/** How many lines readLines() will give. */
export async function countLines(path: string): Promise<number> {
  let count = 0;
  for await (const _ of readLines(path)) count += 1;
  return count;
}

/** The JSON object on a line. @throws ArgsearchError INPUT_INVALID */
export function parseObject({ text }: Line): Record<string, unknown> {
  if (text.trim() === "") throw new ArgsearchError("INPUT_INVALID", "the line is empty");
  return parseJsonObject(text, "the line");
}

async function* fileLines(path: string): AsyncGenerator<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    yield* file.readLines({ autoClose: false });
  } catch (error) {
    throw unreadable(error, path);
  } finally {
    await file?.close();
  }
}
