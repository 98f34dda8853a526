/** GBNF, read and obeyed without any of src/grammar: whether a text is in a grammar, and random texts of it. */
import type { Random } from "./random.js";

type Expression =
  | { kind: "set"; ranges: [number, number][]; negated: boolean }
  | { kind: "rule"; name: string }
  | { kind: "sequence"; parts: Expression[] }
  | { kind: "choice"; parts: Expression[] }
  | { kind: "repeat"; of: Expression; min: number; max: number };

/** Characters for what is open to nearly all. */
const SAMPLE = Array.from('aZ09 _-.:/é漢😀{}[],\u2028"\\\n\u007f');

export class Gbnf {
  readonly #rules: Map<string, Expression>;
  readonly #heights = new Map<string, number>();

  constructor(text: string) {
    this.#rules = new Parser(text).rules();
    for (let changed = true; changed; ) {
      changed = false;
      for (const [name, expression] of this.#rules) {
        const height = this.#height(expression) + 1;
        if (height >= (this.#heights.get(name) ?? Number.POSITIVE_INFINITY)) continue;
        this.#heights.set(name, height);
        changed = true;
      }
    }
  }

  accepts(text: string): boolean {
    const characters = Array.from(text, (each) => each.codePointAt(0) ?? 0);
    const known = new Map<string, Map<number, Set<number>>>();
    const ends = (expression: Expression, at: number): Set<number> => {
      switch (expression.kind) {
        case "set":
          return at < characters.length && holds(expression, characters[at]) ? new Set([at + 1]) : new Set();
        case "rule": {
          const memo = known.get(expression.name) ?? new Map<number, Set<number>>();
          known.set(expression.name, memo);
          const found = memo.get(at) ?? ends(this.#rule(expression.name), at);
          memo.set(at, found);
          return found;
        }
        case "choice":
          return new Set(expression.parts.flatMap((part) => [...ends(part, at)]));
        case "sequence": {
          let from = new Set([at]);
          for (const part of expression.parts) from = new Set([...from].flatMap((each) => [...ends(part, each)]));
          return from;
        }
        case "repeat": {
          const all = new Set<number>(expression.min === 0 ? [at] : []);
          let from = new Set([at]);
          for (let i = 1; i <= expression.max && from.size > 0; i++) {
            from = new Set([...from].flatMap((each) => [...ends(expression.of, each)]));
            if (i < expression.min) continue;
            from = new Set([...from].filter((each) => !all.has(each)));
            for (const each of from) all.add(each);
          }
          return all;
        }
      }
    };
    return ends(this.#rule("root"), 0).has(characters.length);
  }

  /** Rules nest to about `depth`, then the shortest way out is taken. */
  random(random: Random, depth = 12): string {
    const write = (expression: Expression, left: number): string => {
      switch (expression.kind) {
        case "set":
          return String.fromCodePoint(pickFrom(expression, random));
        case "rule":
          return write(this.#rule(expression.name), left - 1);
        case "sequence":
          return expression.parts.map((part) => write(part, left)).join("");
        case "choice": {
          const lowest = Math.min(...expression.parts.map((part) => this.#height(part)));
          const parts = left > 0 ? expression.parts : expression.parts.filter((part) => this.#height(part) === lowest);
          return write(random.pick(parts), left);
        }
        case "repeat": {
          const count = left > 0 ? random.integer(expression.min, Math.min(expression.max, expression.min + 3)) : expression.min;
          return Array.from({ length: count }, () => write(expression.of, left)).join("");
        }
      }
    };
    return write(this.#rule("root"), depth);
  }

  #rule(name: string): Expression {
    const rule = this.#rules.get(name);
    if (rule === undefined) throw new Error(`no rule ${name}`);
    return rule;
  }

  /** Rules inside each other that the shortest text takes. */
  #height(expression: Expression): number {
    switch (expression.kind) {
      case "set":
        return 0;
      case "rule":
        return this.#heights.get(expression.name) ?? Number.POSITIVE_INFINITY;
      case "sequence":
        return Math.max(0, ...expression.parts.map((part) => this.#height(part)));
      case "choice":
        return Math.min(...expression.parts.map((part) => this.#height(part)));
      case "repeat":
        return expression.min === 0 ? 0 : this.#height(expression.of);
    }
  }
}

function holds({ ranges, negated }: { ranges: [number, number][]; negated: boolean }, character: number): boolean {
  return ranges.some(([low, high]) => low <= character && character <= high) !== negated;
}

function pickFrom(set: { ranges: [number, number][]; negated: boolean }, random: Random): number {
  if (!set.negated) {
    const [low, high] = random.pick(set.ranges);
    const picked = random.integer(low, random.uniform() < 0.5 ? high : Math.min(high, low + 3));
    return picked >= 0xd800 && picked <= 0xdfff ? low : picked;
  }
  return random.pick(SAMPLE.map((each) => each.codePointAt(0) ?? 0).filter((each) => holds(set, each)));
}

class Parser {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  rules(): Map<string, Expression> {
    const rules = new Map<string, Expression>();
    for (this.#space(true); this.#at < this.#text.length; this.#space(true)) {
      const name = this.#take(/[\w-]+/y);
      this.#space(false);
      this.#take(/::=/y);
      this.#space(true);
      rules.set(name, this.#choice(false));
      this.#take(/\r?\n|$/y);
    }
    return rules;
  }

  #choice(nested: boolean): Expression {
    const parts = [this.#sequence(nested)];
    while (this.#text[this.#at] === "|") {
      this.#at++;
      this.#space(true);
      parts.push(this.#sequence(nested));
    }
    return parts.length === 1 ? parts[0] : { kind: "choice", parts };
  }

  #sequence(nested: boolean): Expression {
    const parts: Expression[] = [];
    for (;;) {
      const [min, max] = this.#count();
      if (min !== undefined) {
        const of = parts.pop();
        if (of === undefined) throw new Error(`nothing to repeat at ${this.#at}`);
        parts.push({ kind: "repeat", of, min, max });
      } else {
        const symbol = this.#symbol();
        if (symbol === undefined) return { kind: "sequence", parts };
        parts.push(symbol);
      }
      this.#space(nested);
    }
  }

  #count(): [number, number] | [undefined, undefined] {
    const found = /[*+?]|\{(\d+)(,?)(\d*)\}/y;
    found.lastIndex = this.#at;
    const match = found.exec(this.#text);
    if (match === null) return [undefined, undefined];
    this.#at = found.lastIndex;
    const [text, min, comma, max] = match;
    if (text === "*" || text === "+" || text === "?") return [text === "+" ? 1 : 0, text === "?" ? 1 : Number.POSITIVE_INFINITY];
    return [Number(min), max !== "" ? Number(max) : comma === "" ? Number(min) : Number.POSITIVE_INFINITY];
  }

  #symbol(): Expression | undefined {
    switch (this.#text[this.#at]) {
      case '"': {
        const parts: Expression[] = [];
        for (this.#at++; this.#text[this.#at] !== '"'; ) {
          const one = this.#character();
          parts.push({ kind: "set", ranges: [[one, one]], negated: false });
        }
        this.#at++;
        return { kind: "sequence", parts };
      }
      case "[":
        return this.#class();
      case ".":
        this.#at++;
        return { kind: "set", ranges: [[0, 0x10ffff]], negated: false };
      case "(": {
        this.#at++;
        this.#space(true);
        const inner = this.#choice(true);
        this.#take(/\)/y);
        return inner;
      }
      default: {
        const name = /[a-zA-Z0-9-]+/y;
        name.lastIndex = this.#at;
        return name.test(this.#text) ? { kind: "rule", name: this.#take(/[a-zA-Z0-9-]+/y) } : undefined;
      }
    }
  }

  #class(): Expression {
    const negated = this.#text[++this.#at] === "^";
    if (negated) this.#at++;
    const ranges: [number, number][] = [];
    while (this.#text[this.#at] !== "]") {
      const low = this.#character();
      const isRange = this.#text[this.#at] === "-" && this.#text[this.#at + 1] !== "]";
      if (isRange) this.#at++;
      ranges.push([low, isRange ? this.#character() : low]);
    }
    this.#at++;
    return { kind: "set", ranges, negated };
  }

  #character(): number {
    const text = this.#take(/\\x[\da-fA-F]{2}|\\u[\da-fA-F]{4}|\\U[\da-fA-F]{8}|\\[trn\\"[\]-]|[^\\]/uy);
    if (text[0] !== "\\") return text.codePointAt(0) ?? 0;
    if (text.length > 2) return Number.parseInt(text.slice(2), 16);
    return { t: 9, r: 13, n: 10 }[text[1]] ?? text.charCodeAt(1);
  }

  #space(lines: boolean): void {
    this.#take(lines ? /(?:\s|#.*)*/y : /(?:[ \t]|#.*)*/y);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) throw new Error(`expected ${pattern} at ${this.#text.slice(this.#at, this.#at + 20)}`);
    this.#at = pattern.lastIndex;
    return found[0];
  }
}
