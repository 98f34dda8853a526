/** Whether a process that has work still lives. */

/** Parts of the limit. Time counts only while this process's event loop turns: a program that was busy or asleep itself accuses nobody. */
const PARTS = 4;

/**
 * Asks now and then for a sign of life. The child's JavaScript thread answers at once while native threads decode, so slow work is not
 * silence; a process that was stopped, or whose JavaScript thread is stuck, is.
 */
export class Liveness {
  readonly #limitMs: number;
  readonly #ask: () => void;
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout | undefined;
  #silent = 0;

  constructor(limitMs: number, ask: () => void, onSilence: () => void) {
    this.#limitMs = limitMs;
    this.#ask = ask;
    this.#onSilence = onSilence;
  }

  /** Does not keep the process running. */
  watch(): void {
    if (this.#timer !== undefined) return;
    this.#silent = 0;
    this.#timer = setInterval(() => this.#look(), this.#limitMs / PARTS);
    this.#timer.unref();
  }

  rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  heard(): void {
    this.#silent = 0;
  }

  #look(): void {
    this.#silent += 1;
    if (this.#silent > PARTS) this.#onSilence();
    else this.#ask();
  }
}
