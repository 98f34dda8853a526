/** Regular expressions of `pattern`, as JavaScript reads them with the flag u, into trees. */
import { ALL, type CharSet, charSet, complement, DIGITS, LINE_ENDS, SPACES, union, WORD } from "./charset.js";

export type Expression =
  | { readonly kind: "characters"; readonly set: CharSet }
  | { readonly kind: "sequence"; readonly parts: readonly Expression[] }
  | { readonly kind: "choice"; readonly parts: readonly Expression[] }
  | { readonly kind: "repetition"; readonly of: Expression; readonly min: number; readonly max: number };

/** One alternative of the whole: whether its ends are those of the string. */
export interface Anchored {
  readonly expression: Expression;
  readonly start: boolean;
  readonly end: boolean;
}

/** What a grammar cannot keep, or JavaScript cannot read. */
export class PatternFault extends Error {}

const MAX_PATTERN_LENGTH = 2000;
/** Groups inside each other. */
const MAX_DEPTH = 50;

/** @throws PatternFault */
export function parsePattern(source: string): Anchored[] {
  if (source.length > MAX_PATTERN_LENGTH) throw new PatternFault(`it has more than ${MAX_PATTERN_LENGTH} characters`);
  try {
    new RegExp(source, "u");
  } catch (error) {
    throw new PatternFault(`it is no regular expression: ${(error as Error).message}`);
  }
  return new Parser(source).run();
}

/** Valid by RegExp's word, so that only what a grammar cannot keep is looked for. */
class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Anchored[] {
    const alternatives: Anchored[] = [];
    do {
      const start = this.#take("^");
      const expression = this.#sequence();
      const end = this.#take("$");
      if (this.#at < this.#source.length && this.#source[this.#at] !== "|") this.#refuse("an anchor in the middle");
      alternatives.push({ expression, start, end });
    } while (this.#take("|"));
    return alternatives;
  }

  #choice(): Expression {
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    return parts.length === 1 ? parts[0] : { kind: "choice", parts };
  }

  #sequence(): Expression {
    const parts: Expression[] = [];
    while (this.#at < this.#source.length && !"|)$".includes(this.#source[this.#at])) parts.push(this.#repeated());
    return parts.length === 1 ? parts[0] : { kind: "sequence", parts };
  }

  #repeated(): Expression {
    const atom = this.#atom();
    const found = this.#match(/(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/y);
    if (found === undefined) return atom;
    const [text, min, comma, max] = found;
    if (text[0] === "*") return { kind: "repetition", of: atom, min: 0, max: Number.POSITIVE_INFINITY };
    if (text[0] === "+") return { kind: "repetition", of: atom, min: 1, max: Number.POSITIVE_INFINITY };
    if (text[0] === "?") return { kind: "repetition", of: atom, min: 0, max: 1 };
    const most = max !== "" ? Number(max) : comma === "" ? Number(min) : Number.POSITIVE_INFINITY;
    return { kind: "repetition", of: atom, min: Number(min), max: most };
  }

  #atom(): Expression {
    if (this.#source[this.#at] === "(") return this.#group();
    if (this.#source[this.#at] === "[") return { kind: "characters", set: this.#class() };
    if (this.#take(".")) return { kind: "characters", set: complement(LINE_ENDS) };
    if (this.#source[this.#at] === "^") this.#refuse("an anchor in the middle");
    return { kind: "characters", set: this.#character(false) };
  }

  #group(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new PatternFault(`it has more than ${MAX_DEPTH} groups inside each other`);
    if (this.#match(/\((?:\?:|\?<[^=!][^>]*>|(?!\?))/y) === undefined) this.#refuse("looking ahead or behind, or a group's own flags,");
    const inner = this.#choice();
    if (!this.#take(")")) this.#refuse("an anchor in the middle");
    this.#depth--;
    return inner;
  }

  #class(): CharSet {
    const negated = this.#match(/\[(\^?)/y)?.[1] === "^";
    const sets: CharSet[] = [];
    while (!this.#take("]")) {
      const low = this.#character(true);
      if (this.#match(/-(?!\])/y) === undefined) sets.push(low);
      else sets.push(charSet([low[0][0], this.#character(true)[0][0]]));
    }
    const set = union(...sets);
    return negated ? complement(set) : set;
  }

  #character(inClass: boolean): CharSet {
    const plain = this.#match(/[^\\]/uy)?.[0];
    if (plain !== undefined) return single(plain.codePointAt(0) ?? 0);
    const [, shorthand, hex, control, plainEscape = ""] = this.#match(/\\(?:([dDwWsS])|x([\da-fA-F]{2})|c([a-zA-Z])|u|(.))/suy) ?? [];
    if (shorthand !== undefined) return shorthandSet(shorthand);
    if (hex !== undefined) return single(Number.parseInt(hex, 16));
    if (control !== undefined) return single(control.charCodeAt(0) % 32);
    if (plainEscape === "") return this.#unicode();
    const known = ({ t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 } as Record<string, number>)[plainEscape];
    if (known !== undefined) return single(known);
    if (plainEscape === "b" && inClass) return single(8);
    if (/[\da-zA-Z]/.test(plainEscape)) this.#refuse(`\\${plainEscape}`);
    return single(plainEscape.codePointAt(0) ?? 0);
  }

  /** After \u. */
  #unicode(): CharSet {
    const [, braces, high, low, four = ""] =
      this.#match(/(?:\{([\da-fA-F]+)\}|(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})|([\da-fA-F]{4}))/iy) ?? [];
    if (braces !== undefined) return single(Number.parseInt(braces, 16));
    if (high === undefined) return single(Number.parseInt(four, 16));
    return single(0x10000 + ((Number.parseInt(high, 16) & 0x3ff) << 10) + (Number.parseInt(low, 16) & 0x3ff));
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found !== null) this.#at += found[0].length;
    return found ?? undefined;
  }

  #refuse(what: string): never {
    throw new PatternFault(`${what} cannot be kept by a grammar (at character ${this.#at + 1})`);
  }
}

function single(codePoint: number): CharSet {
  return [[codePoint, codePoint]];
}

function shorthandSet(letter: string): CharSet {
  const set = ({ d: DIGITS, w: WORD, s: SPACES } as Record<string, CharSet>)[letter.toLowerCase()] ?? ALL;
  return letter === letter.toLowerCase() ? set : complement(set);
}
