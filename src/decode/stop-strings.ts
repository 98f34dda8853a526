/** Finds stop strings in a text that arrives in pieces; holds back what might yet become one. */
export class StopFilter {
  readonly #stops: readonly string[];
  #held = "";
  #stopped = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** A stop string was found: the text ends before it. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** The text that waits: it may be the beginning of a stop string. */
  get held(): string {
    return this.#held;
  }

  /** The text that has become certain. Nothing more comes after a stop string. */
  push(text: string): string {
    if (this.#stopped) return "";
    const all = this.#held + text;
    const at = this.#earliest(all);
    this.#stopped = at >= 0;
    const certain = this.#stopped ? at : all.length - this.#pendingLength(all);
    this.#held = this.#stopped ? "" : all.slice(certain);
    return all.slice(0, certain);
  }

  /** The end: what was held back after all belongs to the text. */
  flush(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }

  #earliest(text: string): number {
    const found = this.#stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
    return found.length === 0 ? -1 : Math.min(...found);
  }

  /** Length of the longest end of the text that begins some stop string. */
  #pendingLength(text: string): number {
    return Math.max(0, ...this.#stops.map((stop) => overlap(text, stop)));
  }
}

/** Length of the longest proper beginning of `stop` that `text` ends with. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
