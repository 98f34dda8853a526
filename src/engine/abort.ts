/** AbortSignals on one side, what can be stopped on the other. */

import { ArgsearchError } from "../errors.js";
import { binding, type NativeCancel } from "./binding.js";

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

/** Calls back at once or once when one of the signals fires; returns what takes that back. */
export function onAbort(signals: readonly (AbortSignal | undefined)[], callback: () => void): () => void {
  const present = signals.filter((signal) => signal !== undefined);
  if (present.some((signal) => signal.aborted)) callback();
  const lists = present.map(callbacksOf);
  for (const list of lists) list.add(callback);
  return () => {
    for (const list of lists) list.delete(callback);
  };
}

/** One listener a signal, whatever the number of slots that share it: Node warns of a leak at eleven. */
class Callbacks {
  readonly #signal: AbortSignal;
  readonly #callbacks = new Set<() => void>();
  readonly #callAll = (): void => {
    for (const callback of this.#callbacks) callback();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(callback: () => void): void {
    if (this.#callbacks.size === 0) this.#signal.addEventListener("abort", this.#callAll, { once: true });
    this.#callbacks.add(callback);
  }

  /** Node keeps a signal of AbortSignal.any() for as long as somebody listens to it. */
  delete(callback: () => void): void {
    this.#callbacks.delete(callback);
    if (this.#callbacks.size === 0) this.#signal.removeEventListener("abort", this.#callAll);
  }
}

const callbacks = new WeakMap<AbortSignal, Callbacks>();

function callbacksOf(signal: AbortSignal): Callbacks {
  const known = callbacks.get(signal);
  if (known) return known;
  const made = new Callbacks(signal);
  callbacks.set(signal, made);
  return made;
}

/** A signal that fires when one of these does, for the same reason; forget() where they may outlive it. */
export function eitherOf(signals: readonly (AbortSignal | undefined)[]): { signal: AbortSignal | undefined; forget: () => void } {
  const present = signals.filter((signal) => signal !== undefined);
  if (present.length < 2) return { signal: present[0], forget: () => {} };
  const either = new AbortController();
  return { signal: either.signal, forget: onAbort(present, () => either.abort(present.find(({ aborted }) => aborted)?.reason)) };
}
