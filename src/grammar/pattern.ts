/** A `pattern` into rules for strings that match it, in JSON's spelling. */
import { ALL, type CharSet, charSet, intersection, without } from "./charset.js";
import { canRepeat, classCharacter, literal, sequence, times } from "./gbnf-text.js";
import { type Anchored, type Expression, PatternFault, parsePattern } from "./regular-expression.js";
import type { Rules } from "./rules.js";
import { schemaInvalid } from "./schema-error.js";

/** What JSON writes as an escape: control characters, the quote, the backslash. DEL as well, as llama.cpp does. */
const ESCAPED = charSet([0, 0x1f], [0x22, 0x22], [0x5c, 0x5c], [0x7f, 0x7f]);
const SURROGATES = charSet([0xd800, 0xdfff]);

/** The inside of a string that matches `source`, at `place`. */
export function patternBody(source: string, place: string, rules: Rules): string {
  try {
    return new PatternRules(rules, place).all(parsePattern(source));
  } catch (error) {
    if (!(error instanceof PatternFault)) throw error;
    throw schemaInvalid(place, `the pattern cannot be kept: ${error.message}; simplify it, or leave it out`, error);
  }
}

class PatternRules {
  readonly #rules: Rules;
  readonly #place: string;

  constructor(rules: Rules, place: string) {
    this.#rules = rules;
    this.#place = place;
  }

  /** A pattern that is not anchored may be found anywhere in the string. */
  all(alternatives: readonly Anchored[]): string {
    const anything: Expression = { kind: "repetition", of: { kind: "characters", set: ALL }, min: 0, max: Number.POSITIVE_INFINITY };
    const parts = alternatives.map(({ expression, start, end }) => {
      const wide = [...(start ? [] : [anything]), expression, ...(end ? [] : [anything])];
      return wide.length === 1 ? expression : ({ kind: "sequence", parts: wide } as const);
    });
    return this.#symbol(parts.length === 1 ? parts[0] : { kind: "choice", parts });
  }

  /** One symbol, so that it may be repeated. */
  #symbol(expression: Expression): string {
    const body = this.#body(expression) || '""';
    return /^(?:\[[^\]\\]*\]|[a-zA-Z0-9-]+|"[^"\\]+")$/.test(body) ? body : this.#rules.add("pattern", body, this.#place);
  }

  #body(expression: Expression): string {
    switch (expression.kind) {
      case "characters":
        return characters(expression.set);
      case "choice":
        return expression.parts.map((part) => this.#symbol(part)).join(" | ");
      case "sequence":
        return this.#sequence(expression.parts);
      case "repetition":
        return this.#repetition(expression.of, expression.min, expression.max);
    }
  }

  #sequence(parts: readonly Expression[]): string {
    return sequence(...parts.map((part) => (part.kind === "repetition" ? this.#body(part) : this.#symbol(part))));
  }

  #repetition(of: Expression, min: number, max: number): string {
    if (max < min || !canRepeat(min, max)) throw new PatternFault("a repetition counts beyond 1999");
    if (!mayBeEmpty(of)) return times(this.#symbol(of), min, max);
    if (max === 1) return this.#symbol(of);
    throw new PatternFault("what may be empty is repeated");
  }
}

function mayBeEmpty(expression: Expression): boolean {
  switch (expression.kind) {
    case "characters":
      return false;
    case "choice":
      return expression.parts.some(mayBeEmpty);
    case "sequence":
      return expression.parts.every(mayBeEmpty);
    case "repetition":
      return expression.min === 0 || mayBeEmpty(expression.of);
  }
}

/** Characters as they stand in JSON, and the escapes of those that cannot. */
function characters(set: CharSet): string {
  const plain = without(without(set, ESCAPED), SURROGATES);
  const parts = plain.length === 0 ? [] : [plainCharacters(plain)];
  for (const [low, high] of intersection(set, ESCAPED)) {
    for (let codePoint = low; codePoint <= high; codePoint++) parts.push(literal(escapeOf(codePoint)));
  }
  if (parts.length === 0) throw new PatternFault("a class has no characters");
  return parts.join(" | ");
}

function plainCharacters(set: CharSet): string {
  if (set.length === 1 && set[0][0] === set[0][1]) return literal(String.fromCodePoint(set[0][0]));
  return `[${set.map(([low, high]) => (low === high ? classCharacter(low) : `${classCharacter(low)}-${classCharacter(high)}`)).join("")}]`;
}

function escapeOf(codePoint: number): string {
  return codePoint === 0x7f ? "\\u007f" : JSON.stringify(String.fromCodePoint(codePoint)).slice(1, -1);
}
