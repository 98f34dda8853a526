/** What resampling draws, one row a resample: of the same seed and number of values always the same. */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

type Random = ReturnType<typeof xoroshiro128plus>;
type Row = Uint32Array | Int8Array;

interface Kind<T extends Row> {
  make: (length: number) => T;
  fill: (random: Random, row: T) => void;
  /** Sets the generators of two kinds apart. */
  salt: number;
}

/** Most numbers that are kept, about 40 MB: 1,000 values in 10,000 rows. */
const MOST_KEPT = 10_000_000;

/** Places to draw from, 0…length-1, with replacement. */
export const PLACES: Kind<Uint32Array> = {
  make: (length) => new Uint32Array(length),
  fill: (random, row) => {
    // 32 random bits over so few values: no place is favoured by more than a millionth.
    const scale = row.length / 2 ** 32;
    for (let at = 0; at < row.length; at++) row[at] = Math.floor((random.next() >>> 0) * scale);
  },
  salt: 0,
};

/** 1 or -1 at each place. */
export const SIGNS: Kind<Int8Array> = {
  make: (length) => new Int8Array(length),
  fill: (random, row) => {
    let bits = 0;
    for (let at = 0; at < row.length; at++) {
      if (at % 32 === 0) bits = random.next();
      row[at] = bits & 1 ? 1 : -1;
      bits >>>= 1;
    }
  },
  salt: 0x9e3779b9,
};

/** Rows of draws, kept for the next values of the same number: drawing takes longer than adding up. */
export class Draws<T extends Row> {
  readonly #kind: Kind<T>;
  readonly #seed: number;
  readonly #rows: number;
  readonly #keep: boolean;
  #kept: { length: number; rows: T[] } | undefined;

  constructor(kind: Kind<T>, { seed, rows, keep }: { seed: number; rows: number; keep: boolean }) {
    this.#kind = kind;
    this.#seed = seed;
    this.#rows = rows;
    this.#keep = keep;
  }

  /** A row may be overwritten by the next one. */
  of(length: number): Iterable<T> {
    if (!this.#keep || length * this.#rows > MOST_KEPT) return this.#draw(length, true);
    if (this.#kept?.length !== length) this.#kept = { length, rows: [...this.#draw(length, false)] };
    return this.#kept.rows;
  }

  *#draw(length: number, reuse: boolean): Generator<T> {
    const { make, fill, salt } = this.#kind;
    const random = xoroshiro128plus(this.#seed ^ salt);
    let row = make(length);
    for (let at = 0; at < this.#rows; at++) {
      if (!reuse && at > 0) row = make(length);
      fill(random, row);
      yield row;
    }
  }
}
