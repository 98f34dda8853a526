import { callback } from "../validate.js";
import { binding } from "./binding.js";
import { native } from "./native.js";

/** How much a line of llama.cpp's log matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Gets llama.cpp's own log, a line at a time. */
export type Logger = (level: LogLevel, text: string) => void;

/**
 * Sends llama.cpp's log lines of this process to a function; null silences them, as from the start. Each worker thread has a logger of
 * its own, and all of them get every line. Lines of an isolated decoder or reward model go to the thread that loaded it.
 *
 * @throws ArgsearchError OPTION_INVALID, ADDON_NOT_FOUND
 */
export function setLogger(logger: Logger | null): void {
  if (logger !== null) callback("logger", logger);
  native(() => binding().setLogCallback(logger));
  current = logger;
  for (const listener of listeners) listener(logger !== null);
}

let current: Logger | null = null;
const listeners = new Set<(wanted: boolean) => void>();

/** For lines of engines in other processes. */
export function log(level: LogLevel, text: string): void {
  current?.(level, text);
}

export function logWanted(): boolean {
  return current !== null;
}

/** Calls back when lines begin to be wanted, or end to be; returns what takes that back. */
export function onLogWanted(listener: (wanted: boolean) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
