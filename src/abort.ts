/** AbortSignals on one side, what can be stopped on the other. */
import { binding, type NativeCancel } from "./binding.js";
import { ArgsearchError } from "./errors.js";

export function abortedError(signal: AbortSignal): ArgsearchError {
  return new ArgsearchError("ABORTED", "aborted by its signal before anything was produced", { cause: signal.reason });
}

/** @throws ArgsearchError ABORTED */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}

/** Runs a native call that can be cancelled; any of the signals cancels it. */
export async function cancellable<T>(
  signals: readonly (AbortSignal | undefined)[],
  call: (cancel: NativeCancel) => Promise<T>,
): Promise<T> {
  const cancel = binding().createCancel();
  const forget = onAbort(signals, () => cancel.cancel());
  try {
    return await call(cancel);
  } finally {
    forget();
  }
}

/** The promise's value, or undefined as soon as one of the signals fires; the promise's own outcome is then ignored. */
export async function unlessAborted<T>(promise: Promise<T>, signals: readonly (AbortSignal | undefined)[]): Promise<T | undefined> {
  let forget = (): void => {};
  const aborted = new Promise<undefined>((resolve) => {
    forget = onAbort(signals, () => resolve(undefined));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    forget();
    promise.catch(() => {});
  }
}

/** Calls back at once or once when one of the signals fires; returns what takes the listeners off again. */
function onAbort(signals: readonly (AbortSignal | undefined)[], callback: () => void): () => void {
  const present = signals.filter((signal) => signal !== undefined);
  if (present.some((signal) => signal.aborted)) callback();
  for (const signal of present) signal.addEventListener("abort", callback);
  return () => {
    for (const signal of present) signal.removeEventListener("abort", callback);
  };
}
