/** How long a request may take, and what ends it: its client leaves, its time is over, the server stops. */
import { onAbort } from "../engine/abort.js";
import { HttpError } from "./errors.js";

export class RequestLife {
  readonly #ends = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #forget: (() => void)[];
  #closed: (() => void) | undefined;

  /** `limit`: milliseconds, 0 for none. A signal whose reason is an HttpError has that as the answer. */
  constructor(signals: readonly AbortSignal[], limit: number) {
    this.#forget = signals.map((signal) => onAbort([signal], () => this.end(signal.reason)));
    if (limit > 0) this.#timer = setTimeout(() => this.end(tooLate(limit)), limit).unref();
  }

  get signal(): AbortSignal {
    return this.#ends.signal;
  }

  end(reason: unknown): void {
    this.#ends.abort(reason);
  }

  /** Called once, when the request has been answered. */
  onClose(closed: () => void): void {
    this.#closed = closed;
  }

  /** The request has been answered: nothing of this waits any more. */
  close(): void {
    this.#closed?.();
    this.#closed = undefined;
    clearTimeout(this.#timer);
    for (const forget of this.#forget) forget();
  }

  /** What it resolves to within so many milliseconds; else undefined. */
  async within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, ms, undefined);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }
}

function tooLate(limit: number): HttpError {
  const message = `the request took longer than ${limit} ms, which is this server's limit: ask for fewer tokens`;
  return new HttpError({ status: 408, code: "REQUEST_TIMEOUT", message });
}
