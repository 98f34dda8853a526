import { syntaxError } from "./errors.js";
import type { Token, TokenKind } from "./lexer.js";

/** Tokens, one looked at after the other. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#at] as Token;
  }

  /** The token behind the current one. */
  get following(): Token | undefined {
    return this.#tokens[this.#at + 1];
  }

  /** Returns the current token and goes on; the end stays. */
  next(): Token {
    const { current } = this;
    if (current.kind !== "end") this.#at++;
    return current;
  }

  is(kind: TokenKind, ...values: readonly string[]): boolean {
    const { current } = this;
    return current.kind === kind && (values.length === 0 || values.includes(current.value));
  }

  isOperator(...values: readonly string[]): boolean {
    return this.is("operator", ...values);
  }

  isName(...values: readonly string[]): boolean {
    return this.is("name", ...values);
  }

  /** Goes on where the current token is of these, and says whether. */
  skip(kind: TokenKind, ...values: readonly string[]): boolean {
    const found = this.is(kind, ...values);
    if (found) this.next();
    return found;
  }

  expect(kind: TokenKind, ...values: readonly string[]): Token {
    if (this.is(kind, ...values)) return this.next();
    return this.fail(`expected token '${values[0] ?? KINDS[kind]}', got '${shown(this.current)}'`);
  }

  fail(message: string): never {
    throw syntaxError(message, this.current.line);
  }
}

const KINDS: Readonly<Record<TokenKind, string>> = {
  data: "template data / text",
  variable_begin: "begin of print statement",
  variable_end: "end of print statement",
  block_begin: "begin of statement block",
  block_end: "end of statement block",
  name: "name",
  string: "string",
  integer: "integer",
  float: "float",
  operator: "operator",
  end: "end of template",
};

/** A token as a message names it. */
export function shown({ kind, value }: Token): string {
  return kind === "name" || kind === "operator" || kind === "string" || kind === "integer" || kind === "float" ? value : KINDS[kind];
}
