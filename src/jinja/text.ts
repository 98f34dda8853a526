/** Texts that know where they came from: what a template writes itself can be told from what it was given. */

/** A stretch of a text that is not the template's own. Offsets count UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** Who wrote it: a number above 0 that the caller chose. */
  readonly origin: number;
}

/** A stretch of one origin; 0 is the template's own. */
export interface Run {
  readonly text: string;
  readonly origin: number;
}

const NONE: readonly Span[] = [];

/** Python's str. */
export class Text {
  readonly value: string;
  /** Ascending; neighbours of one origin are one span. */
  readonly spans: readonly Span[];

  constructor(value: string, spans: readonly Span[] = NONE) {
    this.value = value;
    this.spans = spans;
  }

  static of(value: string, origin: number): Text {
    return new Text(value, origin === 0 || value === "" ? NONE : [{ start: 0, end: value.length, origin }]);
  }

  static join(parts: readonly Text[], separator: Text = EMPTY): Text {
    const total = parts.reduce((sum, { value }) => sum + value.length, 0) + Math.max(0, parts.length - 1) * separator.value.length;
    requireRoom(total);
    const builder = new TextBuilder();
    parts.forEach((part, index) => {
      if (index > 0) builder.add(separator);
      builder.add(part);
    });
    return builder.text();
  }

  /** Offsets count UTF-16 units, as in String.slice(), but not from the end. */
  slice(start: number, end: number = this.value.length): Text {
    if (start <= 0 && end >= this.value.length) return this;
    const spans = this.spans.flatMap((span) => {
      const [from, to] = [Math.max(span.start, start), Math.min(span.end, end)];
      return from < to ? [{ start: from - start, end: to - start, origin: span.origin }] : [];
    });
    return new Text(this.value.slice(start, end), spans);
  }

  /** The stretches of one origin each, in order. */
  runs(): Run[] {
    const runs: Run[] = [];
    let at = 0;
    for (const { start, end, origin } of this.spans) {
      if (start > at) runs.push({ text: this.value.slice(at, start), origin: 0 });
      runs.push({ text: this.value.slice(start, end), origin });
      at = end;
    }
    if (at < this.value.length) runs.push({ text: this.value.slice(at), origin: 0 });
    return runs;
  }

  /** Each stretch changed by itself; it stays whose it was. */
  map(change: (text: string) => string): Text {
    if (this.spans.length === 0) return new Text(change(this.value));
    return Text.join(this.runs().map(({ text, origin }) => Text.of(change(text), origin)));
  }
}

export const EMPTY = new Text("");

/** Puts texts behind each other. */
export class TextBuilder {
  readonly #parts: string[] = [];
  readonly #spans: Span[] = [];
  #length = 0;

  add({ value, spans }: Text): void {
    for (const { start, end, origin } of spans) {
      const last = this.#spans.at(-1);
      const [from, to] = [start + this.#length, end + this.#length];
      if (last?.end === from && last.origin === origin) this.#spans[this.#spans.length - 1] = { ...last, end: to };
      else this.#spans.push({ start: from, end: to, origin });
    }
    this.#parts.push(value);
    this.#length += value.length;
    requireRoom(this.#length);
  }

  text(): Text {
    return new Text(this.#parts.join(""), this.#spans);
  }
}

let most = Number.POSITIVE_INFINITY;

/** Runs work in which no text may be longer than so many characters. Rendering is synchronous: one bound at a time is enough. */
export function withTextsUpTo<T>(characters: number, work: () => T): T {
  const before = most;
  most = characters;
  try {
    return work();
  } finally {
    most = before;
  }
}

/** @throws Error before a text longer than the bound is made */
export function requireRoom(characters: number): void {
  if (characters > most) throw new Error(`it makes a text of more than ${most} characters`);
}
