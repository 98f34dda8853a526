/** Exit codes, and the one line on standard error that an error becomes. */
import { type Command, CommanderError } from "commander";
import { ArgsearchError } from "../../index.js";
import { cleaned } from "./clean.js";

/** Library options whose flag has another name. */
const FLAG_OF_OPTION: Readonly<Record<string, string>> = { contextSize: "context" };

export const EXIT = { FAILURE: 1, USAGE: 2, INTERRUPTED: 130 } as const;

/** What asks a program to end, and the exit codes by which shells know it: 128 + the signal's number. */
export const EXIT_OF_SIGNAL = { SIGINT: EXIT.INTERRUPTED, SIGTERM: 143, SIGHUP: 129 } as const;

/** `argsearch: message [CODE]`, always one line. */
export function reportLine(message: string, code?: string): void {
  const line = cleaned(message.trim().replace(/\s*\n\s*/g, " "));
  process.stderr.write(`argsearch: ${line}${code === undefined ? "" : ` [${code}]`}\n`);
}

/** An error of any kind on one line; `where` comes before its message. */
export function reportError(error: unknown, where = ""): void {
  const { message = String(error), code } = error as NodeJS.ErrnoException;
  reportLine(`${where}${error instanceof ArgsearchError ? withFlags(message) : message}`, code);
}

/** A line, or a record, of data that could not be used; the others go on. */
export function reportLeftOut(error: unknown, place: string): void {
  reportError(error, `${place} left out: `);
}

/** Reports what ended the program and sets the exit code. `command` is the one that was running. */
export function fail(error: unknown, command: Command | undefined): void {
  if (error instanceof CommanderError) {
    // Commander has printed it already; help and --version end with 0.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.USAGE;
    return;
  }
  if (isInterrupted() && isAborted(error)) return;
  process.exitCode = EXIT.FAILURE;
  if (isUsage(error)) {
    process.exitCode = EXIT.USAGE;
    reportLine(withFlags(inFlags(error.message, command)), error.code);
  } else {
    reportError(error);
  }
  if (command?.opts<{ verbose?: boolean }>().verbose && error instanceof Error) process.stderr.write(`${cleaned(String(error.stack))}\n`);
}

export function isAborted(error: unknown): boolean {
  return error instanceof ArgsearchError && error.code === "ABORTED";
}

/** A signal is ending the program. */
export function isInterrupted(): boolean {
  return Object.values<unknown>(EXIT_OF_SIGNAL).includes(process.exitCode);
}

function isUsage(error: unknown): error is ArgsearchError {
  return error instanceof ArgsearchError && (error.code === "OPTION_INVALID" || error.code === "PROMPT_EMPTY");
}

/** What the library advises to programs, and the command line's words for it. */
const ADVICE: Readonly<Record<string, string>> = {
  contextSize: "--context",
  engineDir: "--engine-dir",
  "load() one": "give --reward",
  "name another as policy": "name another with --policy",
};

function withFlags(message: string): string {
  return Object.entries(ADVICE).reduce((text, [words, flag]) => text.replaceAll(words, flag), message);
}

/** "topK must be …" as "--top-k must be …", if the command has such a flag. */
function inFlags(message: string, command: Command | undefined): string {
  return message.replace(/^\w+/, (word) => {
    const name = FLAG_OF_OPTION[word] ?? word;
    return command?.options.find((option) => option.attributeName() === name)?.long ?? word;
  });
}
