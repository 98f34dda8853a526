/** Standard output and standard error: what goes where, in which colours. */
import { once } from "node:events";
import picocolors from "picocolors";
import { EXIT, reportLine } from "./failure.js";

type Output = typeof process.stdout | typeof process.stderr;

/** Colours for a stream: on a terminal only, unless NO_COLOR or FORCE_COLOR say otherwise. */
export function coloursFor(stream: Output): ReturnType<typeof picocolors.createColors> {
  return picocolors.createColors(wantsColour(stream));
}

function wantsColour(stream: Output): boolean {
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
  return print(`${JSON.stringify(value)}\n`);
}

/** A model's text. On a terminal its control characters, which could drive the terminal, are made visible. */
export function printText(text: string): Promise<void> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return print(process.stdout.isTTY ? text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "\ufffd") : text);
}

/** A dimmed line on standard error, for a person only: nothing is written unless that is a terminal, or `always`. */
export function note(text: string, always = false): void {
  if (always || process.stderr.isTTY) process.stderr.write(`${coloursFor(process.stderr).dim(text)}\n`);
}

/** Output that cannot be written ends the program: quietly where the reader went away (`argsearch … | head`). */
export function endWithOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    reportLine(`cannot write standard output: ${error.message}`, "FILE_UNWRITABLE");
    process.exit(EXIT.FAILURE);
  });
}
