/** Which of the prompts that wait is decoded next. */
import type { Readings, WaitingPrompt } from "./waiting-prompt.js";

export interface Turn {
  prompt: WaitingPrompt;
  /** Tokens of it that the turn is for. */
  most: number;
}

/**
 * That of which least is left, so that a short prompt does not wait for a long one; every other turn the oldest, so that it gets there, too.
 * A prompt of which another is just decoding the beginning waits until it can be found, and gives its turn to that.
 */
export class PrefillOrder {
  /** Models that are recurrent, the policy first: what one slot holds, others do not find. */
  readonly #recurrent: readonly boolean[];
  /** What the slots hold of prompts. */
  readonly #slots = new Map<number, Readings>();
  #served = new Set<WaitingPrompt>();
  #servedBefore = new Set<WaitingPrompt>();

  constructor(recurrent: readonly boolean[]) {
    this.#recurrent = recurrent;
  }

  /** It comes to those that wait. */
  add(prompt: WaitingPrompt): void {
    for (const [slot, held] of this.#slots) {
      prompt.expect(held.map((reading, model) => (slot !== prompt.slot && this.#recurrent[model] ? reading.subarray(0, 0) : reading)));
    }
  }

  /** Its slot holds it. */
  done({ slot, readings }: WaitingPrompt): void {
    this.#slots.set(slot, readings);
  }

  /** A part for one of them or several begins. */
  begin(): void {
    this.#servedBefore = this.#served;
    this.#served = new Set();
  }

  /** Of these, in the order in which they came; undefined: there are none. */
  next(prompts: readonly WaitingPrompt[]): Turn | undefined {
    const [oldest] = prompts;
    if (oldest === undefined) return undefined;
    const due = this.#served.size === 0 && !this.#servedBefore.has(oldest);
    const wanted = due ? oldest : prompts.reduce((least, each) => (each.left < least.left ? each : least));
    this.#served.add(wanted);
    let turn: Turn = { prompt: wanted, most: Number.POSITIVE_INFINITY };
    for (let ahead: Turn | undefined = turn; ahead !== undefined; ahead = this.#aheadOf(turn.prompt, prompts)) turn = ahead;
    this.#served.add(turn.prompt);
    return turn;
  }

  /** Who is furthest in the beginning that it has in common with this one. */
  #aheadOf(prompt: WaitingPrompt, prompts: readonly WaitingPrompt[]): Turn | undefined {
    const { model } = prompt;
    if (model < 0 || this.#recurrent[model]) return undefined;
    let furthest: Turn | undefined;
    for (const other of prompts) {
      if (!other.begun || other.model !== model) continue;
      const held = other.held(model);
      const most = prompt.common(other.readings, model) - held;
      if (most > 0 && held > (furthest?.prompt ?? prompt).held(model)) furthest = { prompt: other, most };
    }
    return furthest;
  }
}
