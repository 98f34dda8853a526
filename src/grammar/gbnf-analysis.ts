/** What follows from a grammar's rules: which may be empty, which can end, and what stands at their left ends. */
import { type ExpandedRule, TERMINAL } from "./gbnf-reader.js";

type Rules = readonly ExpandedRule[];

/** Which rules can give the empty text. */
export function nullable(rules: Rules): boolean[] {
  return fulfilled(rules, false);
}

/** Which rules can give a text that ends at all. */
export function productive(rules: Rules): boolean[] {
  return fulfilled(rules, true);
}

/** Which rules have an empty alternative; llama.cpp's search for left recursion takes no others for empty. */
export function emptyAsWritten(rules: Rules): boolean[] {
  return rules.map(({ alternatives }) => alternatives.some((elements) => elements.length === 0));
}

/** Rules with an alternative all of whose elements are fulfilled; `terminals` tells whether a terminal is. */
function fulfilled(rules: Rules, terminals: boolean): boolean[] {
  const done = rules.map(() => false);
  const waiting: { rule: number; left: number }[][] = rules.map(() => []);
  const ready: number[] = [];
  const settle = (rule: number) => {
    if (done[rule]) return;
    done[rule] = true;
    ready.push(rule);
  };
  rules.forEach(({ alternatives }, rule) => {
    for (const elements of alternatives) {
      if (!terminals && elements.includes(TERMINAL)) continue;
      const needed = elements.filter((element) => element !== TERMINAL);
      const alternative = { rule, left: needed.length };
      for (const element of needed) waiting[element].push(alternative);
      if (needed.length === 0) settle(rule);
    }
  });
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    for (const alternative of waiting[next]) if (--alternative.left === 0) settle(alternative.rule);
  }
  return done;
}

/** What a rule may begin with. */
export interface LeftCorner {
  readonly rules: readonly number[];
  /** Beside each of `rules`: nothing follows it in its alternative. */
  readonly last: readonly boolean[];
  /** How many alternatives may begin with a terminal. */
  readonly terminals: number;
  /** How many alternatives may be empty. */
  readonly empties: number;
}

export function leftCorners(rules: Rules, empty: readonly boolean[]): LeftCorner[] {
  return rules.map(({ alternatives }) => {
    const corner = { rules: [] as number[], last: [] as boolean[], terminals: 0, empties: 0 };
    for (const elements of alternatives) {
      let at = 0;
      for (; at < elements.length && elements[at] !== TERMINAL; at++) {
        corner.rules.push(elements[at]);
        corner.last.push(at === elements.length - 1);
        if (!empty[elements[at]]) break;
      }
      if (at === elements.length) corner.empties++;
      else if (elements[at] === TERMINAL) corner.terminals++;
    }
    return corner;
  });
}

/**
 * Strongly connected components of the graph of left corners, each before those that lead to it (Tarjan's algorithm, without
 * recursion, for a grammar may be a chain of thousands of rules).
 */
export function components(corners: readonly LeftCorner[]): number[][] {
  const found: number[][] = [];
  const index = corners.map(() => -1);
  const low = corners.map(() => 0);
  const open: number[] = [];
  const isOpen = corners.map(() => false);
  let count = 0;
  const enter = (rule: number) => {
    index[rule] = low[rule] = count++;
    open.push(rule);
    isOpen[rule] = true;
    return { rule, edge: 0 };
  };
  for (let start = 0; start < corners.length; start++) {
    if (index[start] >= 0) continue;
    const path = [enter(start)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = corners[top.rule].rules[top.edge++];
      if (next !== undefined) {
        if (index[next] < 0) path.push(enter(next));
        else if (isOpen[next]) low[top.rule] = Math.min(low[top.rule], index[next]);
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.rule;
      if (parent !== undefined) low[parent] = Math.min(low[parent], low[top.rule]);
      if (low[top.rule] !== index[top.rule]) continue;
      const members = open.splice(open.lastIndexOf(top.rule));
      for (const member of members) isOpen[member] = false;
      found.push(members);
    }
  }
  return found;
}
