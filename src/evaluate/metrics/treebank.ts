/**
 * Words after the Penn Treebank, as NLTK's word tokenizer cuts them: the rules behind `nltk.word_tokenize`, applied to the
 * whole text (`preserve_line=True`). The rules are Robert MacIntyre's Treebank script with NLTK's additions for typographic
 * quotes, dashes and asterisks (NLTK is licensed under Apache 2.0, https://www.nltk.org).
 *
 * NLTK first splits sentences with a trained model (Punkt), which separates the full stops inside a text as well; its
 * training data is not part of this package. docs/evaluation.md says what that changes.
 */

/** Python's whitespace, which JavaScript's \s differs from in seven characters. */
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const WORD = "\\p{L}\\p{N}_";
const START = `(?<![${WORD}])`;
const END = `(?![${WORD}])`;

type Rule = readonly [pattern: RegExp, replacement: string];

const rule = (pattern: string, replacement: string, flags = "gu"): Rule => [new RegExp(pattern, flags), replacement];

const STARTING_QUOTES: readonly Rule[] = [
  rule("([«“‘„]|`+)", " $1 "),
  rule('^"', "``"),
  rule("(``)", " $1 "),
  rule(`([ (\\[{<])("|'{2})`, "$1 `` "),
  rule(`(?<![${WORD}])(')(?!(?:re|ve|ll|m|t|s|d|n)${END})(?=[${WORD}])`, "$1 ", "giu"),
];

const PUNCTUATION: readonly Rule[] = [
  // The lookahead keeps what it matched: a long run of spaces costs no second try.
  rule(`([^.])(\\.)(?=([\\])}>"'»”’ ]*))\\3[${SPACE}]*$`, "$1 $2 $3 "),
  rule("([:,])([^\\p{Nd}])", " $1 $2"),
  rule("([:,])(?=\\n?$)", " $1 "),
  rule("\\.{2,}", " $& "),
  rule("[;@#$%&]", " $& "),
  rule("[\\u2012-\\u2015]", " $& "),
  rule(`([^.])(\\.)([\\])}>"']*)[${SPACE}]*$`, "$1 $2$3 "),
  rule("[?!]", " $& "),
  rule("([^'])' ", "$1 ' "),
  rule("[*]", " $& "),
];

const BRACKETS: readonly Rule[] = [rule("[\\]\\[(){}<>]", " $& "), rule("--", " -- ")];

const ENDING_QUOTES: readonly Rule[] = [
  rule("([»”’])", " $1 "),
  rule("''", " '' "),
  rule('"', " '' "),
  rule(`[${SPACE}]+`, " "),
  rule("([^' ])('[sS]|'[mM]|'[dD]|') ", "$1 $2 "),
  rule("([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", "$1 $2 "),
];

const CONTRACTIONS: readonly Rule[] = [
  ...["(can)(not)", "(d)('ye)", "(gim)(me)", "(gon)(na)", "(got)(ta)", "(lem)(me)", "(more)('n)"].map((pair) =>
    rule(`${START}${pair}${END}`, " $1 $2 ", "giu"),
  ),
  rule(`${START}(wan)(na)(?=[${SPACE}])`, " $1 $2 ", "giu"),
  rule(` ('t)(is)${END}`, " $1 $2 ", "giu"),
  rule(` ('t)(was)${END}`, " $1 $2 ", "giu"),
];

const SPACES = new RegExp(`[${SPACE}]+`, "u");

/** The words and punctuation marks of a text; quotation marks come out as `` and ''. */
export function treebankWords(text: string): string[] {
  const opened = apply(text, [...STARTING_QUOTES, ...PUNCTUATION, ...BRACKETS]);
  return apply(` ${opened} `, [...ENDING_QUOTES, ...CONTRACTIONS])
    .split(SPACES)
    .filter((word) => word !== "");
}

function apply(text: string, rules: readonly Rule[]): string {
  return rules.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}
