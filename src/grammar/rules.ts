/** The rules of a grammar that is being made: names, and bodies that are kept once. */
import { MAX_GRAMMAR_LENGTH } from "./check-grammar.js";
import { schemaInvalid } from "./schema-error.js";

/** JSON's own rules, in llama.cpp's words. Blanks are bounded, or a model could go on with them for ever. */
const BUILTIN = {
  space: '| " " | "\\n"{1,2} [ \\t]{0,20}',
  // No half of a surrogate pair by its escape: what is read would not be Unicode, and a pair would count as two characters.
  char: '[^"\\\\\\x00-\\x1F\\x7F] | "\\\\" ( ["\\\\bfnrt] | "u" ( [0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2} ) )',
  "plain-char": '[^"\\\\\\x00-\\x1F\\x7F]',
  string: '"\\"" char* "\\""',
  // 16 digits, and exponents of two, so that every number is finite.
  integer: '"-"? ( "0" | [1-9] [0-9]{0,15} )',
  number: 'integer ( "." [0-9]{1,16} )? ( [eE] [-+]? [0-9]{1,2} )?',
  boolean: '"true" | "false"',
  null: '"null"',
  array: '"[" space ( value ( "," space value )* space )? "]"',
  object: '"{" space ( string ":" space value ( "," space string ":" space value )* space )? "}"',
  value: "object | array | string | number | boolean | null",
} as const;

export type Builtin = keyof typeof BUILTIN;

const NEEDS: { readonly [name in Builtin]?: readonly Builtin[] } = {
  string: ["char"],
  number: ["integer"],
  array: ["space", "value"],
  object: ["space", "string", "value"],
  value: ["object", "array", "string", "number", "boolean", "null"],
};

/** Of a name's readable part. */
const MAX_HINT = 40;

export class Rules {
  readonly #bodies = new Map<string, string>();
  readonly #places = new Map<string, string>();
  readonly #shared = new Map<string, string>();
  readonly #counts = new Map<string, number>([["root", 1], ...Object.keys(BUILTIN).map((name) => [name, 1] as const)]);
  #length = 0;

  builtin(name: Builtin): string {
    if (this.#bodies.has(name)) return name;
    this.#set(name, BUILTIN[name]);
    for (const need of NEEDS[name] ?? []) this.builtin(need);
    return name;
  }

  /** A name for what is at `place`, made of `hint`; define() must follow. */
  reserve(hint: string, place: string): string {
    const readable = hint.replace(/[^a-zA-Z0-9]+/g, "-").slice(0, MAX_HINT) || "part";
    const count = this.#counts.get(readable) ?? 0;
    this.#counts.set(readable, count + 1);
    // A double hyphen, which no readable part holds: "a-1" could be one.
    const name = count === 0 ? readable : `${readable}--${count}`;
    this.#places.set(name, place);
    return name;
  }

  define(name: string, body: string): void {
    this.#set(name, body);
  }

  /** The rule of that body, an old one where there is one. */
  add(hint: string, body: string, place: string): string {
    const known = this.#shared.get(body);
    if (known !== undefined) return known;
    const name = this.reserve(hint, place);
    this.#shared.set(body, name);
    this.define(name, body);
    return name;
  }

  /** Where the rule of that name comes from. */
  placeOf(name: string): string {
    return this.#places.get(name) ?? "#";
  }

  text(): string {
    return Array.from(this.#bodies, ([name, body]) => `${name} ::= ${body}\n`).join("");
  }

  #set(name: string, body: string): void {
    this.#length += name.length + body.length + 6;
    if (this.#length > MAX_GRAMMAR_LENGTH) {
      throw schemaInvalid(this.placeOf(name), `the grammar grows beyond ${MAX_GRAMMAR_LENGTH} characters here; ask for less`);
    }
    this.#bodies.set(name, body);
  }
}
