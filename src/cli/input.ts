/** Files and standard input: texts, JSON, JSON lines; and file system errors by name. */
import { open, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { unreadable } from "../file-errors.js";
import { ArgsearchError } from "../index.js";

/** A line of a file, numbered from 1, not blank. */
export interface Line {
  number: number;
  text: string;
}

/** The value of a text flag; "-" is standard input, and so is a missing flag if something is piped in. */
export async function textOrPipe(flag: string | undefined, name: string): Promise<string> {
  return requiredText(flag === undefined && !process.stdin.isTTY ? "-" : flag, name);
}

/** The value of a text flag; "-" is standard input, without its last line end. */
export async function requiredText(flag: string | undefined, name: string): Promise<string> {
  if (flag === undefined) throw new ArgsearchError("OPTION_INVALID", `${name} is missing: give a text, or "-" to read standard input`);
  return flag === "-" ? (await text(process.stdin)).replace(/\r?\n$/, "") : flag;
}

export async function readJson(path: string): Promise<unknown> {
  const content = await readFile(path, "utf8").catch((error: unknown) => {
    throw unreadable(error, path);
  });
  return parseJson(content, path);
}

/** Parses JSON; `where` begins the message of an INPUT_INVALID. */
export function parseJson(content: string, where: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch (cause) {
    throw new ArgsearchError("INPUT_INVALID", `${where} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The lines of a text file, "-" for standard input; blank ones are skipped but counted. */
export async function* lines(path: string): AsyncGenerator<Line> {
  let number = 0;
  for await (const line of path === "-" ? createInterface({ input: process.stdin }) : fileLines(path)) {
    number += 1;
    const text = number === 1 ? line.replace(/^\ufeff/, "") : line;
    if (text.trim() !== "") yield { number, text };
  }
}

async function* fileLines(path: string): AsyncGenerator<string> {
  try {
    const file = await open(path);
    yield* file.readLines();
  } catch (error) {
    throw unreadable(error, path);
  }
}
