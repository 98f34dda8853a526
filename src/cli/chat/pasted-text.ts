/** Bracketed paste: a terminal that was asked to puts marks around what is pasted, so that it can be told from keys. */

export const PASTE_ON = "\u001b[?2004h";
export const PASTE_OFF = "\u001b[?2004l";

const BEGIN = "\u001b[200~";
const END = "\u001b[201~";
const CTRL_C = "\u0003";

/** A piece of what a terminal sends. */
export interface Input {
  text: string;
  pasted: boolean;
}

/** Splits what a terminal sends into keys and pasted texts, however it comes in pieces. */
export class PasteSplitter {
  #pasting = false;
  #held = "";

  /** A paste comes in one piece, when it is whole. */
  *take(chunk: string): Generator<Input> {
    // Nobody would wait for a mark that never comes.
    if (this.#pasting && chunk === CTRL_C) {
      this.#pasting = false;
      this.#held = "";
    }
    let rest = this.#held + chunk;
    this.#held = "";
    for (;;) {
      const mark = this.#pasting ? END : BEGIN;
      const at = rest.indexOf(mark);
      if (at < 0) break;
      if (at > 0 || this.#pasting) yield { text: rest.slice(0, at), pasted: this.#pasting };
      this.#pasting = !this.#pasting;
      rest = rest.slice(at + mark.length);
    }
    const kept = this.#pasting ? rest.length : begunMark(rest);
    this.#held = rest.slice(rest.length - kept);
    if (kept < rest.length) yield { text: rest.slice(0, rest.length - kept), pasted: false };
  }

  /** Keys that might have been the beginning of a mark, and were not: Escape, for one. */
  flush(): string {
    if (this.#pasting) return "";
    const held = this.#held;
    this.#held = "";
    return held;
  }

  /** There is something to flush. */
  get waits(): boolean {
    return !this.#pasting && this.#held !== "";
  }
}

/** How many characters at the end may begin a mark. */
function begunMark(text: string): number {
  for (let length = Math.min(BEGIN.length - 1, text.length); length > 0; length--) {
    if (BEGIN.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
