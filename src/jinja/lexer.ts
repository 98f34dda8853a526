/** A template's source as tokens, with whitespace around tags as transformers sets jinja2 up: trim_blocks and lstrip_blocks. */
import { syntaxError } from "./errors.js";

export type TokenKind =
  | "data"
  | "variable_begin"
  | "variable_end"
  | "block_begin"
  | "block_end"
  | "name"
  | "string"
  | "integer"
  | "float"
  | "operator"
  | "end";

export interface Token {
  readonly kind: TokenKind;
  /** A string's content; an integer's or float's digits. */
  readonly value: string;
  readonly line: number;
}

/** Python's whitespace; JavaScript's \s is another set. */
export const SPACE = "\\t-\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const S = `[${SPACE}]*`;

const RAW_BEGIN = new RegExp(`\\{%([-+]?)${S}raw${S}(?:-%\\}${S}|%\\})`, "y");
const RAW_END = new RegExp(`\\{%([-+]?)${S}endraw${S}(?:\\+%\\}|-%\\}${S}|%\\}\\n?)`, "g");
const COMMENT_END = new RegExp(`(?:\\+#\\}|-#\\}${S}|#\\}\\n?)`, "g");
const BLOCK_END = new RegExp(`(?:\\+%\\}|-%\\}${S}|%\\}\\n?)`, "y");
const VARIABLE_END = new RegExp(`(?:-\\}\\}${S}|\\}\\})`, "y");

const SPACES = new RegExp(`[${SPACE}]+`, "y");
const FLOAT = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy;
const STRING = /'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"/sy;
const OPERATOR = /\/\/|\*\*|==|!=|>=|<=|[+\-*/%~[\](){}<>=.:|,;]/y;

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** @throws TemplateError with the line */
export function tokenize(source: string): Token[] {
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  /** What went before ended a line. */
  #lineStarting = true;

  constructor(source: string) {
    this.#source = source.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  }

  run(): Token[] {
    while (this.#at < this.#source.length) this.#text();
    this.#push("end", "");
    return this.#tokens;
  }

  /** Text up to a tag, and the tag. */
  #text(): void {
    const found = this.#nextTag();
    if (found < 0) {
      this.#data(this.#source.slice(this.#at));
      this.#at = this.#source.length;
      return;
    }
    const text = this.#source.slice(this.#at, found);
    const raw = matchAt(RAW_BEGIN, this.#source, found);
    if (raw) {
      this.#data(this.#beforeTag(text, raw[1] ?? "", true));
      this.#pass(text + raw[0]);
      this.#raw();
      return;
    }
    const kind = this.#source[found + 1];
    const next = this.#source[found + 2] ?? "";
    const sign = next === "-" || next === "+" ? next : "";
    this.#data(this.#beforeTag(text, sign, kind !== "{"));
    this.#pass(text);
    const begin = `{${kind}${sign}`;
    if (kind === "#") {
      this.#pass(begin);
      this.#comment();
    } else {
      this.#push(kind === "{" ? "variable_begin" : "block_begin", begin);
      this.#pass(begin);
      this.#inside(kind === "{" ? VARIABLE_END : BLOCK_END, kind === "{" ? "variable_end" : "block_end");
    }
  }

  #nextTag(): number {
    for (let at = this.#source.indexOf("{", this.#at); at >= 0; at = this.#source.indexOf("{", at + 1)) {
      if ("{%#".includes(this.#source[at + 1] ?? " ")) return at;
    }
    return -1;
  }

  /** What "-" and lstrip_blocks leave of the text before a tag. */
  #beforeTag(text: string, sign: string, strips: boolean): string {
    if (sign === "-") return trimEnd(text);
    if (sign === "+" || !strips) return text;
    const start = text.lastIndexOf("\n") + 1;
    const blank = start < text.length && trimEnd(text.slice(start)) === "";
    return blank && (start > 0 || this.#lineStarting) ? text.slice(0, start) : text;
  }

  #raw(): void {
    const end = this.#search(RAW_END, "Missing end of raw directive");
    const text = this.#source.slice(this.#at, end.index);
    this.#data(this.#beforeTag(text, end[1] ?? "", true));
    this.#pass(text + end[0]);
  }

  #comment(): void {
    const end = this.#search(COMMENT_END, "Missing end of comment tag");
    this.#pass(this.#source.slice(this.#at, end.index) + end[0]);
  }

  #search(pattern: RegExp, failure: string): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const end = pattern.exec(this.#source);
    if (end === null) throw syntaxError(failure, this.#line);
    return end;
  }

  /** The tokens of a tag, its end included. */
  #inside(end: RegExp, kind: TokenKind): void {
    const open: string[] = [];
    while (this.#at < this.#source.length) {
      const closing = open.length === 0 ? matchAt(end, this.#source, this.#at) : null;
      if (closing) {
        this.#push(kind, closing[0]);
        this.#pass(closing[0]);
        return;
      }
      this.#token(open);
    }
  }

  #token(open: string[]): void {
    const spaces = matchAt(SPACES, this.#source, this.#at);
    if (spaces) {
      this.#pass(spaces[0]);
      return;
    }
    for (const [kind, pattern] of TAG_RULES) {
      const found = matchAt(pattern, this.#source, this.#at);
      if (!found) continue;
      const [text] = found;
      if (kind === "operator") this.#balance(text, open);
      this.#push(kind, kind === "string" ? unescaped(text.slice(1, -1), this.#line) : text);
      this.#pass(text);
      return;
    }
    const found = this.#source[this.#at];
    throw syntaxError(`unexpected char ${found === "'" ? `"'"` : `'${found}'`}`, this.#line);
  }

  #balance(text: string, open: string[]): void {
    const closing = CLOSING[text];
    if (closing !== undefined) open.push(closing);
    if (!")]}".includes(text)) return;
    const expected = open.pop();
    if (expected === text) return;
    throw syntaxError(`unexpected '${text}'${expected === undefined ? "" : `, expected '${expected}'`}`, this.#line);
  }

  #data(text: string): void {
    if (text !== "") this.#push("data", text);
  }

  #push(kind: TokenKind, value: string): void {
    this.#tokens.push({ kind, value, line: this.#line });
  }

  #pass(text: string): void {
    this.#at += text.length;
    this.#line += text.split("\n").length - 1;
    this.#lineStarting = text.endsWith("\n");
  }
}

const TAG_RULES: readonly (readonly [TokenKind, RegExp])[] = [
  ["float", FLOAT],
  ["integer", INTEGER],
  ["name", NAME],
  ["string", STRING],
  ["operator", OPERATOR],
];

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const END_SPACES = new RegExp(`[${SPACE}]+$`);

function trimEnd(text: string): string {
  return text.replace(END_SPACES, "");
}

const ESCAPE = /\\(?:\n|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|.)/gs;
const ESCAPED: Readonly<Record<string, string>> = {
  ...{ "\n": "", "\\": "\\", "'": "'", '"': '"', a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
};

/** A string literal's escapes, as Python reads them: an unknown one stays as it is. */
function unescaped(text: string, line: number): string {
  return text.replace(ESCAPE, (whole) => {
    const body = whole.slice(1);
    const known = ESCAPED[body];
    if (known !== undefined) return known;
    if (/^[0-7]/.test(body)) return String.fromCharCode(Number.parseInt(body, 8));
    if (/^[xuU]./.test(body)) return codePoint(Number.parseInt(body.slice(1), 16), line);
    if (body === "N") throw syntaxError("\\N{…}, a character by its name, is not supported", line);
    if (/^[xuU]/.test(body)) throw syntaxError(`truncated \\${body} escape`, line);
    return whole;
  });
}

function codePoint(code: number, line: number): string {
  if (code > 0x10ffff) throw syntaxError("illegal Unicode character", line);
  return String.fromCodePoint(code);
}
