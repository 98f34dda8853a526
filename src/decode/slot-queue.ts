/** Responses that wait for a slot, first come, first served. */
import { throwIfAborted, unlessAborted } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import type { SlotPool, SlotRequest } from "./slots.js";

/** How many may wait, and how long. */
export interface Patience {
  max: number;
  /** Milliseconds; undefined: as long as it takes. */
  timeout: number | undefined;
}

/** What is wanted, for how long to wait (false: not at all), and what ends the waiting. */
export interface Wait extends SlotRequest {
  patience: Patience | false;
  signal: AbortSignal | undefined;
  closing: AbortSignal;
}

interface Waiter {
  request: SlotRequest;
  slot: number | undefined;
  served(): void;
}

export class SlotQueue {
  readonly #pool: SlotPool;
  readonly #waiting = new Set<Waiter>();

  constructor(pool: SlotPool) {
    this.#pool = pool;
  }

  get size(): number {
    return this.#pool.size;
  }

  /**
   * Takes a slot as soon as there is one for this request and whoever came before has theirs.
   *
   * @throws ArgsearchError BUSY, ABORTED; what `closing` fired with
   */
  async acquire({ patience, signal, closing, ...request }: Wait): Promise<number> {
    const waiter: Waiter = { request, slot: undefined, served: () => {} };
    this.#waiting.add(waiter);
    this.#serve();
    try {
      if (waiter.slot === undefined) await this.#turnOf(waiter, patience, [signal, closing]);
      if (waiter.slot !== undefined) return waiter.slot;
      closing.throwIfAborted();
      throwIfAborted(signal);
      throw this.#busy(request, ` after ${(patience as Patience).timeout} ms still`);
    } finally {
      this.#waiting.delete(waiter);
    }
  }

  /** Takes that slot when it is free and nobody waits for it. @throws ArgsearchError BUSY */
  takeIdle(slot: number): void {
    const request = { tokens: new Int32Array(0), slot };
    if (this.#pool.take(request) === undefined) throw this.#busy(request);
  }

  /** Gives a slot back with the tokens that went through it. */
  release(index: number, history: readonly number[]): void {
    this.#pool.release(index, history);
    this.#serve();
  }

  #serve(): void {
    for (const waiter of this.#waiting) {
      waiter.slot = this.#pool.take(waiter.request);
      if (waiter.slot === undefined) continue;
      this.#waiting.delete(waiter);
      waiter.served();
    }
  }

  /** Until the waiter is served, the time is over, or one of the signals fires. */
  async #turnOf(waiter: Waiter, patience: Patience | false, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
    if (patience === false) throw this.#busy(waiter.request);
    if (this.#waiting.size > patience.max) throw this.#busy(waiter.request, `, and ${patience.max} wait for one already`);
    let timer: NodeJS.Timeout | undefined;
    const turn = new Promise<void>((resolve) => {
      waiter.served = resolve;
      if (patience.timeout !== undefined) timer = setTimeout(resolve, patience.timeout);
    });
    await unlessAborted(turn, signals).finally(() => clearTimeout(timer));
  }

  #busy({ slot }: SlotRequest, why = ""): ArgsearchError {
    const { size } = this;
    // Whoever is refused stands in the line yet.
    const waiting = Math.max(0, this.#waiting.size - 1);
    const which = slot !== undefined ? `slot ${slot} is` : size === 1 ? "the only slot is" : `all ${size} slots are`;
    const more = slot !== undefined ? "leave the choice of slot open" : `load with slots: ${size + 1} or more`;
    return new ArgsearchError("BUSY", `${which} in use${why}: wait for a response, or ${more}`, { details: { slots: size, waiting } });
  }
}
