import { EXIT } from "./failure.js";

/** Ctrl-C while nothing that could be stopped in order is running ends the program with 130. */
export function endOnInterrupt(): void {
  process.on("SIGINT", () => {
    if (process.listenerCount("SIGINT") === 1) process.exit(EXIT.INTERRUPTED);
  });
}

/**
 * Runs `work` under a signal that Ctrl-C fires; the program then ends with 130 whatever comes out.
 * A second Ctrl-C ends it at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT.INTERRUPTED);
    process.exitCode = EXIT.INTERRUPTED;
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", interrupt);
  }
}
