/** Which slots are free, and what their caches hold. */
import { ArgsearchError } from "../errors.js";
import { commonPrefix } from "../model/common-prefix.js";

interface Slot {
  busy: boolean;
  /** The policy's tokens that went through it last: what its cache can share with the next prompt. */
  history: readonly number[] | Int32Array;
  /** When it was last taken. */
  turn: number;
}

export class SlotPool {
  readonly #slots: Slot[];
  #turn = 0;
  #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#slots = Array.from({ length: count }, () => ({ busy: false, history: [], turn: 0 }));
  }

  get size(): number {
    return this.#slots.length;
  }

  /** Whether the slot, or any, is free. */
  free(slot?: number): boolean {
    return slot === undefined ? this.#slots.some((each) => !each.busy) : this.#slots[slot]?.busy === false;
  }

  /**
   * Takes the slot asked for, or of the free ones that whose history shares the most with the prompt; among equals the one
   * that lay idle longest, so that other caches last.
   *
   * @throws ArgsearchError BUSY
   */
  acquire(prompt: Int32Array, wanted?: number): number {
    const index = wanted === undefined ? this.#best(prompt) : this.free(wanted) ? wanted : -1;
    const slot = this.#slots[index];
    if (slot === undefined) throw busy(this.size, wanted);
    slot.busy = true;
    slot.turn = ++this.#turn;
    return index;
  }

  /** Gives a slot back with the tokens that went through it. */
  release(index: number, history: readonly number[] | Int32Array): void {
    const slot = this.#slots[index];
    if (slot === undefined) return;
    slot.busy = false;
    slot.history = history;
    this.wake();
  }

  /** Resolves when a slot was given back since, or wake() was called. */
  released(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets everyone who waits look again. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #best(prompt: Int32Array): number {
    let best = -1;
    let longest = -1;
    this.#slots.forEach((slot, index) => {
      if (slot.busy) return;
      const shared = commonPrefix(slot.history, prompt);
      const older = slot.turn < (this.#slots[best]?.turn ?? 0);
      if (shared > longest || (shared === longest && older)) {
        best = index;
        longest = shared;
      }
    });
    return best;
  }
}

function busy(slots: number, wanted: number | undefined): ArgsearchError {
  if (wanted !== undefined)
    return new ArgsearchError("BUSY", `slot ${wanted} is in use: wait for its response, or leave the choice of slot open`);
  const which = slots === 1 ? "the only slot is" : `all ${slots} slots are`;
  return new ArgsearchError("BUSY", `${which} in use: load with slots: ${slots + 1} or more, use generateAll(), or wait for a response`);
}
