/**
 * Grammars (GBNF) that llama.cpp would fail on. Its parser prints a bad grammar to standard error and gives no reason; some that it
 * accepts then take all memory, overflow its stack or abort the process.
 */
import { ArgsearchError } from "../errors.js";
import { components, emptyAsWritten, type LeftCorner, leftCorners, nullable } from "./gbnf-analysis.js";
import { type ExpandedRule, GrammarFault, readGrammar } from "./gbnf-reader.js";

/** Characters of a grammar. */
export const MAX_GRAMMAR_LENGTH = 1_000_000;
/** How many rules may begin with each other: llama.cpp's search for left recursion calls itself for each. */
const MAX_LEFT_DEPTH = 1000;
/** In how many ways a text may begin, all of which llama.cpp follows at once. */
const MAX_BEGINNINGS = 10_000;

/**
 * Refuses a grammar that llama.cpp cannot use, or not without harm. What it cannot see beforehand: a grammar that is ambiguous in a way that
 * doubles with every character (`x ::= "a" x "b" | "a" x "c" | ""`) costs memory without bound as the text grows.
 *
 * @throws ArgsearchError GRAMMAR_INVALID, with the line
 */
export function checkGrammar(text: string): void {
  try {
    checkRules(readText(text).rules);
  } catch (error) {
    if (!(error instanceof GrammarFault)) throw error;
    throw new ArgsearchError("GRAMMAR_INVALID", `grammar, line ${error.line}: ${error.message}`, { option: "grammar", cause: error });
  }
}

/** @throws GrammarFault */
export function readText(text: string): { rules: ExpandedRule[]; root: number } {
  if (text.length > MAX_GRAMMAR_LENGTH) throw new GrammarFault(`it has more than ${MAX_GRAMMAR_LENGTH} characters`, 1);
  const broken = /\0|\p{Surrogate}/u.exec(text);
  if (broken !== null) {
    const what = broken[0] === "\0" ? "a NUL character, which ends the text for llama.cpp" : "half a surrogate pair, which is no character";
    throw new GrammarFault(`${what}; write it as an escape`, text.slice(0, broken.index).split("\n").length);
  }
  return readGrammar(text);
}

/** @throws GrammarFault */
export function checkRules(rules: readonly ExpandedRule[]): void {
  const asWritten = leftCorners(rules, emptyAsWritten(rules));
  const order = components(asWritten);
  for (const members of order) {
    const first = members[0];
    if (members.length > 1 || asWritten[first].rules.includes(first)) fault(rules, first, "begins with itself (left recursion)");
  }
  checkDepth(rules, asWritten, order.flat());

  const corners = leftCorners(rules, nullable(rules));
  const groups = components(corners);
  checkGrowth(rules, corners, groups);
  checkBeginnings(rules, corners, groups);
}

/** `order`: each rule after those that it begins with. */
function checkDepth(rules: readonly ExpandedRule[], corners: readonly LeftCorner[], order: readonly number[]): void {
  const depth = rules.map(() => 1);
  for (const rule of order) {
    for (const next of corners[rule].rules) depth[rule] = Math.max(depth[rule], depth[next] + 1);
    if (depth[rule] > MAX_LEFT_DEPTH) fault(rules, rule, `begins with a chain of more than ${MAX_LEFT_DEPTH} rules`);
  }
}

/** A rule that comes back to itself behind what may be empty, with something after it: llama.cpp expands it for ever. */
function checkGrowth(rules: readonly ExpandedRule[], corners: readonly LeftCorner[], groups: readonly (readonly number[])[]): void {
  const group = groupOf(rules, groups);
  corners.forEach((corner, rule) => {
    const grows = corner.rules.some((next, i) => group[next] === group[rule] && !corner.last[i]);
    if (grows) fault(rules, rule, "begins with itself, behind rules that may be empty (left recursion)");
  });
}

/**
 * Counts what llama.cpp follows at once where each rule begins. Nothing is as bad as too much: it aborts the process then. That is where
 * a rule comes back to itself behind what is always empty.
 */
function checkBeginnings(rules: readonly ExpandedRule[], corners: readonly LeftCorner[], groups: readonly (readonly number[])[]): void {
  const group = groupOf(rules, groups);
  const beginnings: { count: number; characters: boolean }[] = [];
  groups.forEach((members, at) => {
    const found = { count: 0, characters: false };
    for (const rule of members) {
      const { terminals, empties, rules: next } = corners[rule];
      const others = next.flatMap((each) => (group[each] === at ? [] : [beginnings[group[each]]]));
      found.count += others.reduce((sum, { count }) => sum + count, terminals + empties);
      found.characters ||= terminals > 0 || others.some(({ characters }) => characters);
    }
    beginnings.push(found);
    const empty = members.some((rule) => corners[rule].empties > 0);
    if (!found.characters && !empty) fault(rules, members[0], "comes back to itself without ever giving a character");
    if (found.count > MAX_BEGINNINGS) fault(rules, members[0], `can begin in more than ${MAX_BEGINNINGS} ways`);
  });
}

function groupOf(rules: readonly ExpandedRule[], groups: readonly (readonly number[])[]): number[] {
  const group = rules.map(() => 0);
  groups.forEach((members, at) => {
    for (const rule of members) group[rule] = at;
  });
  return group;
}

function fault(rules: readonly ExpandedRule[], rule: number, what: string): never {
  const { name, line } = rules[rule];
  throw new GrammarFault(`the rule ${JSON.stringify(name)} ${what}`, line);
}
