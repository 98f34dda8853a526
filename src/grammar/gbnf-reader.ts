/** A GBNF text into rules as llama.cpp expands them: groups and repetitions become rules of their own. */

/** An element that stands for a character, a class' part or a token; all others are the numbers of rules. */
export const TERMINAL = -1;

export interface ExpandedRule {
  /** Of the rule that was written; a group's and a repetition's is that of the rule they stand in. */
  readonly name: string;
  /** Where that rule begins, from 1. */
  readonly line: number;
  readonly alternatives: readonly (readonly number[])[];
}

/** What is wrong with a grammar, and on which line of it. */
export class GrammarFault extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** llama.cpp refuses repetitions of 2,000 and more, and takes an upper bound above that for none. */
export const MAX_REPETITION = 1999;
/** llama.cpp's parser calls itself for each open parenthesis. */
export const MAX_NESTING = 100;
/** Its copies of a rule's name, one for each group and repetition, grow with it. */
const MAX_NAME = 128;
/** Of all rules together, as expanded; llama.cpp walks through all of them when it copies a sampler. */
const MAX_ELEMENTS = 250_000;

/** @throws GrammarFault where llama.cpp's parser would fail, hang, or read something else than what is written */
export function readGrammar(text: string): { rules: ExpandedRule[]; root: number } {
  return new Reader(text).run();
}

class Reader {
  readonly #text: string;
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];
  /** The line where each name was met first. */
  readonly #firstUse: number[] = [];
  readonly #rules: (ExpandedRule | undefined)[] = [];
  #at = 0;
  #nesting = 0;
  #elements = 0;
  /** The rule that is being read. */
  #name = "";
  #line = 1;
  #counted = 0;
  #lines = 1;

  constructor(text: string) {
    this.#text = text;
  }

  run(): { rules: ExpandedRule[]; root: number } {
    this.#space(true);
    while (this.#at < this.#text.length) this.#rule();
    const rules = this.#rules.map((rule, number) => rule ?? this.#undefinedRule(number));
    const root = this.#numbers.get("root");
    if (root === undefined) throw new GrammarFault('there is no rule "root", with which a text begins', 1);
    return { rules, root };
  }

  #undefinedRule(number: number): never {
    throw new GrammarFault(`the rule ${JSON.stringify(this.#names[number])} is used but never defined`, this.#firstUse[number]);
  }

  #rule(): void {
    this.#line = this.#lineHere();
    this.#name = this.#word();
    const number = this.#numberOf(this.#name);
    if (this.#rules[number] !== undefined) this.#fail(`the rule ${JSON.stringify(this.#name)} is defined twice: llama.cpp keeps the last`);
    this.#space(false);
    if (!this.#text.startsWith("::=", this.#at)) this.#fail("expected ::= after a rule's name");
    this.#at += 3;
    this.#space(true);
    this.#define(number, this.#alternatives(false));
    const end = /\r\n?|\n|$/y;
    end.lastIndex = this.#at;
    if (!end.test(this.#text)) this.#fail(`a rule cannot go on with ${this.#shown()}`);
    this.#space(true);
  }

  #alternatives(nested: boolean): number[][] {
    const alternatives = [this.#sequence(nested)];
    while (this.#text[this.#at] === "|") {
      this.#at++;
      this.#space(true);
      alternatives.push(this.#sequence(nested));
    }
    return alternatives;
  }

  #sequence(nested: boolean): number[] {
    const elements: number[] = [];
    /** Where the last symbol begins, which a repetition repeats, and how many rules it is made of. */
    let start = 0;
    let rules = 1;
    for (;;) {
      const repetition = this.#repetition(nested);
      if (repetition !== undefined) {
        rules = this.#repeat(elements, start, rules, repetition);
        continue;
      }
      const before = this.#names.length;
      const symbol = this.#symbol(nested);
      if (symbol === undefined) return elements;
      rules = this.#text[symbol.from] === "(" ? Math.max(1, this.#names.length - before) : 1;
      start = elements.length;
      this.#spend(symbol.elements.length);
      for (const element of symbol.elements) elements.push(element);
      this.#space(nested);
    }
  }

  #symbol(nested: boolean): { from: number; elements: readonly number[] } | undefined {
    const from = this.#at;
    const first = this.#text[from];
    if (first === undefined) return undefined;
    if (first === '"') return { from, elements: this.#literal() };
    if (first === "[") return { from, elements: this.#class() };
    if (first === "<" || first === "!") return { from, elements: this.#token() };
    if (first === "(") return { from, elements: this.#group() };
    if (first === ".") {
      this.#at++;
      return { from, elements: [TERMINAL] };
    }
    if (/[a-zA-Z0-9-]/.test(first)) return { from, elements: [this.#numberOf(this.#word())] };
    if (nested && first !== "|" && first !== ")") this.#fail(`a group cannot go on with ${this.#shown()}`);
    return undefined;
  }

  #literal(): number[] {
    const elements: number[] = [];
    for (this.#at++; this.#text[this.#at] !== '"'; ) {
      this.#character();
      elements.push(TERMINAL);
    }
    this.#at++;
    return elements;
  }

  #class(): number[] {
    const elements: number[] = [];
    this.#at += this.#text[this.#at + 1] === "^" ? 2 : 1;
    while (this.#text[this.#at] !== "]") {
      const low = this.#character();
      elements.push(TERMINAL);
      if (this.#text[this.#at] !== "-" || this.#text[this.#at + 1] === "]") continue;
      this.#at++;
      if (this.#character() < low) this.#fail("a range in brackets runs backwards: no character is in it");
      elements.push(TERMINAL);
    }
    if (elements.length === 0) this.#fail("empty brackets: llama.cpp takes them for the empty text");
    this.#at++;
    return elements;
  }

  /** A token by number, `<[7]>`, or by text, `<think>`; `!` for every other one. */
  #token(): number[] {
    const found = this.#match(/!?<(?:\[\d{1,9}\]|[^[>\n][^>\n]*)>/y);
    if (found === undefined) this.#fail("a token is written as <text> or <[number]>");
    return [TERMINAL];
  }

  #group(): number[] {
    if (++this.#nesting > MAX_NESTING) this.#fail(`more than ${MAX_NESTING} parentheses inside each other: give inner ones a rule's name`);
    this.#at++;
    this.#space(true);
    const number = this.#newNumber(this.#name);
    this.#define(number, this.#alternatives(true));
    if (this.#text[this.#at] !== ")") this.#fail("a parenthesis is not closed");
    this.#at++;
    this.#nesting--;
    return [number];
  }

  #repetition(nested: boolean): { min: number; max: number } | undefined {
    const first = this.#text[this.#at];
    if (first !== "*" && first !== "+" && first !== "?" && first !== "{") return undefined;
    if (first === "{") return this.#counts(nested);
    this.#at++;
    this.#space(nested);
    return { min: first === "+" ? 1 : 0, max: first === "?" ? 1 : Number.POSITIVE_INFINITY };
  }

  #counts(nested: boolean): { min: number; max: number } {
    const gap = nested ? "[ \\t\\r\\n]*" : "[ \\t]*";
    const found = this.#match(new RegExp(`\\{${gap}(\\d+)${gap}(?:(,)${gap}(\\d+)?${gap})?\\}`, "y"));
    if (found === undefined) this.#fail("a repetition is written as {3}, {3,} or {3,5}");
    this.#space(nested);
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === undefined ? Number.POSITIVE_INFINITY : Number(found[3]);
    if (min > MAX_REPETITION || (max !== Number.POSITIVE_INFINITY && max > MAX_REPETITION)) {
      this.#fail(`a repetition may count to ${MAX_REPETITION}; {0,} has no end`);
    }
    if (max < min) this.#fail(`a repetition from ${min} to ${max} runs backwards`);
    return { min, max };
  }

  /** S{2,4} becomes S S S2, S2 ::= S S1 |, S1 ::= S |. Returns how many rules llama.cpp counts for the whole. */
  #repeat(elements: number[], start: number, rules: number, { min, max }: { min: number; max: number }): number {
    const symbol = elements.slice(start);
    if (symbol.length === 0) this.#fail("nothing stands before a repetition that could be repeated");
    const endless = max === Number.POSITIVE_INFINITY;
    const counted = Math.max(1, endless ? min : max > 0 ? max : min);
    if (rules * counted > MAX_REPETITION) {
      this.#fail(`a repetition of ${counted} around ${rules} groups is too large for llama.cpp: give what it repeats a rule's name`);
    }
    if (min === 0) elements.length = start;
    this.#spend(symbol.length * Math.max(0, min - 1));
    for (let i = 1; i < min; i++) for (const element of symbol) elements.push(element);

    let last: number | undefined;
    for (let i = 0; i < (endless ? 1 : max - min); i++) {
      const number = this.#newNumber(this.#name);
      const next = endless ? number : last;
      this.#spend(symbol.length);
      this.#define(number, [next === undefined ? symbol : [...symbol, next], []]);
      last = number;
    }
    if (last !== undefined) elements.push(last);
    return rules * counted;
  }

  /** One character of a literal or class, as a code point. */
  #character(): number {
    const found = this.#match(/\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[trn\\"[\]-])|[^\\]/uy);
    if (found === undefined)
      this.#fail(this.#at < this.#text.length ? `unknown escape ${this.#shown()}` : "the text ends inside quotes or brackets");
    const [character] = found;
    if (character[0] !== "\\") return character.codePointAt(0) ?? 0;
    if ("xuU".includes(character[1])) return Number.parseInt(character.slice(2), 16);
    return ({ t: 9, r: 13, n: 10 } as Record<string, number>)[character[1]] ?? character.charCodeAt(1);
  }

  #word(): string {
    const found = this.#match(/[a-zA-Z0-9-]+/y);
    if (found === undefined) this.#fail(`expected a rule's name (letters, digits, hyphens), found ${this.#shown()}`);
    if (found[0].length > MAX_NAME) this.#fail(`a rule's name has more than ${MAX_NAME} characters`);
    return found[0];
  }

  /** Blanks and comments, with `lines` also ends of lines. */
  #space(lines: boolean): void {
    this.#match(lines ? /(?:[ \t\r\n]|#[^\r\n]*)*/y : /(?:[ \t]|#[^\r\n]*)*/y);
  }

  #numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#newNumber(name);
    this.#numbers.set(name, number);
    return number;
  }

  #newNumber(name: string): number {
    this.#rules.push(undefined);
    this.#firstUse.push(this.#lineHere());
    return this.#names.push(name) - 1;
  }

  #define(number: number, alternatives: readonly (readonly number[])[]): void {
    this.#spend(alternatives.length + 1);
    this.#rules[number] = { name: this.#name, line: this.#line, alternatives };
  }

  #spend(elements: number): void {
    this.#elements += elements;
    if (this.#elements > MAX_ELEMENTS) this.#fail(`the rules have more than ${MAX_ELEMENTS} elements once repetitions are written out`);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found ?? undefined;
  }

  #shown(): string {
    return this.#at < this.#text.length ? JSON.stringify(this.#text.slice(this.#at, this.#at + 12)) : "the end of the text";
  }

  /** Lines are counted as reading goes on, which it does forwards alone. */
  #lineHere(): number {
    for (; this.#counted < this.#at; this.#counted++) if (this.#text[this.#counted] === "\n") this.#lines++;
    return this.#lines;
  }

  #fail(message: string): never {
    throw new GrammarFault(message, this.#lineHere());
  }
}
