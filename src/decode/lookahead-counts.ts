/** How far one response looked ahead, and how far it followed. */
import type { NativeStep } from "../engine/binding.js";
import type { LookaheadCounts } from "../types.js";

export class LookaheadTally {
  readonly #counts: LookaheadCounts = { windows: 0, proposed: 0, accepted: 0 };

  add({ window, ahead }: Pick<NativeStep, "window" | "ahead">): void {
    if (window === 1) return;
    if (ahead > 0) this.#counts.accepted++;
    else {
      this.#counts.windows++;
      this.#counts.proposed += window - 1;
    }
  }

  counts(): LookaheadCounts {
    return { ...this.#counts };
  }
}
