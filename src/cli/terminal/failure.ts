/** Exit codes, and the one line on standard error that an error becomes. */
import { type Command, CommanderError } from "commander";
import { cleaned } from "../../files/clean.js";
import { ArgsearchError } from "../../index.js";
import { inFlags } from "./words.js";

export const EXIT = { FAILURE: 1, USAGE: 2, INTERRUPTED: 130 } as const;

/** What asks a program to end, and the exit codes by which shells know it: 128 + the signal's number. */
export const EXIT_OF_SIGNAL = { SIGINT: EXIT.INTERRUPTED, SIGTERM: 143, SIGHUP: 129 } as const;

/** The command that runs: whose flags messages speak of. */
let running: Command | undefined;

export function runs(command: Command): void {
  running = command;
}

/** `argsearch: message [CODE]`, always one line. */
export function reportLine(message: string, code?: string): void {
  const line = cleaned(message.trim().replace(/\s*\n\s*/g, " "));
  process.stderr.write(`argsearch: ${line}${code === undefined ? "" : ` [${code}]`}\n`);
}

/** What Node would print of a process warning, in this program's form. */
export function reportWarnings(): void {
  if (process.listenerCount("warning") === 0) return; // --no-warnings
  process.removeAllListeners("warning").on("warning", (warning: NodeJS.ErrnoException) => reportLine(warning.message, warning.code));
}

/** An error of any kind on one line; `where` comes before its message. */
export function reportError(error: unknown, where = ""): void {
  const { message = String(error), code } = error as NodeJS.ErrnoException;
  reportLine(`${where}${error instanceof ArgsearchError ? spoken(message, error.option) : message}`, code);
}

/** A line, or a record, of data that could not be used; the others go on. */
export function reportLeftOut(error: unknown, place: string): void {
  reportError(error, `${place} left out: `);
}

/** What the library says, in the words of the command that runs. */
export function spoken(message: string, option?: string): string {
  return inFlags(message, option, running);
}

/** Reports what ended the program and sets the exit code. */
export function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    // Commander has printed it already; help and --version end with 0.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.USAGE;
    return;
  }
  if (isInterrupted() && isAborted(error)) return;
  process.exitCode = isUsage(error) ? EXIT.USAGE : EXIT.FAILURE;
  reportError(error);
  if (running?.opts<{ verbose?: boolean }>().verbose && error instanceof Error) process.stderr.write(`${cleaned(String(error.stack))}\n`);
}

export function isAborted(error: unknown): boolean {
  return error instanceof ArgsearchError && error.code === "ABORTED";
}

/** A signal is ending the program. */
export function isInterrupted(): boolean {
  return Object.values<unknown>(EXIT_OF_SIGNAL).includes(process.exitCode);
}

function isUsage(error: unknown): boolean {
  return error instanceof ArgsearchError && (error.code === "OPTION_INVALID" || error.code === "PROMPT_EMPTY");
}
