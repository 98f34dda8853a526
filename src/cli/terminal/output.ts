/** Standard output and standard error: what goes where, in which colours. */
import { once } from "node:events";
import picocolors from "picocolors";
import { cleaned, cleanedJson } from "../../files/clean.js";
import { EXIT, reportLine } from "./failure.js";

export type Output = typeof process.stdout | typeof process.stderr;

/** Colours for a stream: on a terminal only, unless NO_COLOR or FORCE_COLOR say otherwise. */
export function coloursFor(stream: Output): ReturnType<typeof picocolors.createColors> {
  return picocolors.createColors(wantsColour(stream));
}

/** NO_COLOR goes before FORCE_COLOR. */
export function wantsColour(stream: Output): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return stream.isTTY === true && TERM !== "dumb";
}

/** Writes to standard output; resolves when there is room for more. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

export function printJson(value: unknown): Promise<void> {
  return printJsonText(JSON.stringify(value));
}

/** JSON that is a text already. */
export function printJsonText(json: string): Promise<void> {
  return print(`${process.stdout.isTTY ? cleanedJson(json) : json}\n`);
}

/** A model's text, as it is; on a terminal without its control characters. */
export function printText(text: string): Promise<void> {
  return print(process.stdout.isTTY ? cleaned(text) : text);
}

/** A dimmed line on standard error, for a person only: nothing is written unless that is a terminal, or `always`. */
export function note(text: string, always = false): void {
  if (always || process.stderr.isTTY) process.stderr.write(`${coloursFor(process.stderr).dim(cleaned(text))}\n`);
}

/** Output that cannot be written ends the program: quietly where the reader went away (`argsearch … | head`). */
export function endWithOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    reportLine(`cannot write standard output: ${error.message}`, "FILE_UNWRITABLE");
    process.exit(EXIT.FAILURE);
  });
}
