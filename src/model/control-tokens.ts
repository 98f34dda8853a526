/** Control tokens in rendered templates: those that the template wrote are meant, spellings of them in what callers wrote are text. */
import type { NativeModel } from "../engine/binding.js";
import { native } from "../engine/native.js";
import type { Span } from "../jinja/text.js";
import { decodeText } from "./text-decoder.js";

interface ControlToken {
  id: number;
  spelling: string;
}

/** White space beside a token that belongs to it. */
interface Stripping {
  left: boolean;
  right: boolean;
}

export class ControlTokens {
  readonly #model: NativeModel;
  readonly #strippings = new Map<number, Stripping>();

  constructor(model: NativeModel) {
    this.#model = model;
  }

  /** Whether one of a text's tokens could have been spelled, if only in part, by a caller. */
  spelledIn(tokens: Int32Array, text: string, spans: readonly Span[]): boolean {
    if (spans.length === 0) return false;
    return this.#amongst(tokens).some(({ spelling }) => {
      return placesOf(spelling, text).some((place) => touches(spans, place, place + spelling.length));
    });
  }

  /**
   * Cuts a text at its control tokens, as llama.cpp does, but for those that a caller wrote or completed. What stands between
   * them holds none.
   */
  split(text: string, spans: readonly Span[]): (string | number)[] {
    const pieces: (string | number)[] = [];
    let at = 0;
    for (const { id, spelling, place } of stretchesWithout(spans, text.length).flatMap(([start, end]) => this.#find(text, start, end))) {
      const { left, right } = this.#stripping(id, spelling);
      const before = text.slice(at, place);
      pieces.push(left ? before.replace(ENDING_SPACE, "") : before, id);
      at = place + spelling.length;
      if (right) at += STARTING_SPACE.exec(text.slice(at))?.[0].length ?? 0;
    }
    return [...pieces, text.slice(at)].filter((piece) => piece !== "");
  }

  /** The control tokens of a stretch of the text, in order, with their places. */
  #find(text: string, start: number, end: number): (ControlToken & { place: number })[] {
    const stretch = text.slice(0, end);
    const tokens = this.#tokenize(stretch.slice(start));
    const control = new Map(this.#amongst(tokens).map((token) => [token.id, token]));
    let at = start;
    return [...tokens].flatMap((id) => {
      const token = control.get(id);
      const place = token === undefined ? -1 : stretch.indexOf(token.spelling, at);
      if (token === undefined || place < 0) return [];
      at = place + token.spelling.length;
      return [{ ...token, place }];
    });
  }

  /** What the vocabulary's attributes say shows in what it makes of a space beside the token. */
  #stripping(id: number, spelling: string): Stripping {
    const known = this.#strippings.get(id);
    if (known) return known;
    const stripping = { left: this.#tokenize(` ${spelling}`).length === 1, right: this.#tokenize(`${spelling} `).length === 1 };
    this.#strippings.set(id, stripping);
    return stripping;
  }

  /** Those of the tokens that have no text of their own, but a spelling by which templates write them. */
  #amongst(tokens: Int32Array): ControlToken[] {
    const distinct = Int32Array.from(new Set(tokens));
    const [plain, special] = [false, true].map((special) => native(() => this.#model.pieces(distinct, special)));
    return [...distinct].flatMap((id, index) => {
      const spelling = special?.[index];
      return plain?.[index]?.length === 0 && spelling && spelling.length > 0 ? [{ id, spelling: decodeText(spelling) }] : [];
    });
  }

  #tokenize(text: string): Int32Array {
    return native(() => this.#model.tokenize(text, false, true));
  }
}

const ENDING_SPACE = /[ \t-\r]+$/;
const STARTING_SPACE = /^[ \t-\r]+/;

/** Where a spelling begins in a text, one occurrence inside another included. */
function placesOf(spelling: string, text: string): number[] {
  const places: number[] = [];
  for (let place = text.indexOf(spelling); place >= 0; place = text.indexOf(spelling, place + 1)) places.push(place);
  return places;
}

/** The stretches of a text of that length between the spans. */
function stretchesWithout(spans: readonly Span[], length: number): [start: number, end: number][] {
  const ends = [0, ...spans.map(({ end }) => end)];
  return ends.map((end, index): [number, number] => [end, spans[index]?.start ?? length]).filter(([start, end]) => start < end);
}

/** Whether a stretch holds anything that a caller wrote. */
function touches(spans: readonly Span[], start: number, end: number): boolean {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle] as Span).end > start) high = middle;
    else low = middle + 1;
  }
  const first = spans[low];
  return first !== undefined && first.start < end;
}
