import { EXIT_OF_SIGNAL, isAborted, isInterrupted } from "./failure.js";
import { note } from "./output.js";

type EndingSignal = keyof typeof EXIT_OF_SIGNAL;

const SIGNALS = Object.keys(EXIT_OF_SIGNAL) as EndingSignal[];

/** Ctrl-C, or a signal of its kind, while nothing that could be stopped in order is running ends the program with its exit code. */
export function endOnInterrupt(): void {
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(EXIT_OF_SIGNAL[signal]);
    });
  }
}

/**
 * Runs `work` under a signal that Ctrl-C fires, and SIGTERM and SIGHUP do; the program then ends with 130, 143 or 129 whatever comes
 * out. A second one ends it at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = (signal: EndingSignal): void => {
    if (controller.signal.aborted) process.exit(EXIT_OF_SIGNAL[signal]);
    process.exitCode = EXIT_OF_SIGNAL[signal];
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}

/** The same for work that a later run goes on with: says so when it was interrupted. */
export async function resumable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await interruptible(work);
  } catch (error) {
    if (isInterrupted() && isAborted(error)) note("interrupted: the same command goes on from here", true);
    throw error;
  }
}
