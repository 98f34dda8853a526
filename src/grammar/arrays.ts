/** What a schema asks of arrays. */
import type { Node, SchemaDocument } from "./document.js";
import { MAX_REPETITION } from "./gbnf-reader.js";
import { canRepeat, sequence, times } from "./gbnf-text.js";
import { isArray } from "./json.js";
import type { Keywords } from "./keywords.js";
import type { Rules } from "./rules.js";
import { inside, schemaInvalid } from "./schema-error.js";

/** All of these schemas at once; of none: anything. */
export type Nodes = readonly Node[];

export interface ArrayConstraints {
  readonly prefix: readonly Nodes[];
  /** Items after the prefix; undefined where nothing is said of them. */
  readonly rest: Nodes | undefined;
  /** Undefined where nothing is said: a prefix is then written whole. */
  readonly min: number | undefined;
  readonly max: number;
  /** Where uniqueItems is asked. */
  readonly unique: string | undefined;
  /** Of a bound of the length. */
  readonly place: string;
}

export const ANY_ARRAY: ArrayConstraints = {
  prefix: [],
  rest: undefined,
  min: undefined,
  max: Number.POSITIVE_INFINITY,
  unique: undefined,
  place: "#",
};
export const ARRAY_KEYWORDS = ["items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"];

export function readArrays(keywords: Keywords, document: SchemaDocument): ArrayConstraints {
  const items = keywords.get("items");
  // Until 2019 a list of `items` was what `prefixItems` is now, and `additionalItems` what `items` is.
  const [prefixName, restName] = isArray(items) ? ["items", "additionalItems"] : ["prefixItems", "items"];
  if (isArray(items) && keywords.has("prefixItems"))
    throw schemaInvalid(keywords.at("items"), "a list of items beside prefixItems; keep one");
  const rest = keywords.get(restName);
  return {
    prefix: (keywords.list(prefixName) ?? []).map((each, i) => [document.node(each, inside(keywords.at(prefixName), i))]),
    rest: rest === undefined ? undefined : [document.node(rest, keywords.at(restName))],
    min: keywords.count("minItems"),
    max: keywords.count("maxItems") ?? Number.POSITIVE_INFINITY,
    unique: keywords.flag("uniqueItems") ? keywords.at("uniqueItems") : undefined,
    place: keywords.at(keywords.has("maxItems") ? "maxItems" : "minItems"),
  };
}

export function bothArrays(a: ArrayConstraints, b: ArrayConstraints): ArrayConstraints {
  const length = Math.max(a.prefix.length, b.prefix.length);
  return {
    prefix: Array.from({ length }, (_, i) => [...itemAt(a, i), ...itemAt(b, i)]),
    rest: a.rest === undefined && b.rest === undefined ? undefined : [...(a.rest ?? []), ...(b.rest ?? [])],
    min: a.min === undefined && b.min === undefined ? undefined : Math.max(a.min ?? 0, b.min ?? 0),
    max: Math.min(a.max, b.max),
    unique: a.unique ?? b.unique,
    place: b.min !== undefined || b.max < Number.POSITIVE_INFINITY ? b.place : a.place,
  };
}

function itemAt({ prefix, rest }: ArrayConstraints, i: number): Nodes {
  return prefix[i] ?? rest ?? [];
}

export interface ItemRules {
  readonly rules: Rules;
  /** Whether anything may fulfil all of `nodes`. */
  possible(nodes: Nodes): boolean;
  /** The rule of what fulfils all of `nodes`. */
  rule(nodes: Nodes, hint: string): string;
}

/** A rule's body, or undefined where no array fits. */
export function arrayBody(constraints: ArrayConstraints, items: ItemRules): string | undefined {
  const { rules, possible } = items;
  const { rest, place } = constraints;
  const { prefix, min, max } = lengths(constraints, possible);
  if (min > max) return undefined;
  if (constraints.unique !== undefined && max > 1) {
    throw schemaInvalid(constraints.unique, "a grammar cannot keep items apart; leave it out, or list the arrays as enum");
  }
  if (!canRepeat(Math.max(0, min - prefix.length), max)) {
    throw schemaInvalid(place, `more than ${MAX_REPETITION} items cannot be counted by llama.cpp; ask for fewer, or leave it out`);
  }
  const space = rules.builtin("space");
  if (max === 0) return `"[" ${space} "]"`;

  const names = prefix.slice(0, max).map((nodes, i) => items.rule(nodes, `item-${i}`));
  // What follows i items, from the end on.
  let after = "";
  if (max > names.length) {
    const each = rules.add("more", `"," ${space} ${items.rule(rest ?? [], "item")}`, place);
    // Before the first item there is no comma, so that one is counted apart.
    const before = Math.max(1, names.length);
    after = times(each, Math.max(0, min - before), max - before);
  }
  for (let i = names.length - 1; i >= 1; i--) {
    const element = sequence(`"," ${space} ${names[i]}`, after);
    after = i < min ? element : `${rules.add("more", element, place)}?`;
  }
  const first = names[0] ?? items.rule(rest ?? [], "item");
  const all = sequence(first, after, space);
  return `"[" ${space} ${min === 0 ? `( ${all} )?` : all} "]"`;
}

/** The numbers of items that are asked for and possible. */
function lengths(
  constraints: ArrayConstraints,
  possible: (nodes: Nodes) => boolean,
): { prefix: readonly Nodes[]; min: number; max: number } {
  const { prefix, rest } = constraints;
  const asked = constraints.min ?? Math.min(prefix.length, constraints.max);
  const silent = rest === undefined && prefix.length > 0 && asked <= prefix.length;
  let max = silent || (rest !== undefined && !possible(rest)) ? Math.min(constraints.max, prefix.length) : constraints.max;
  const impossible = prefix.findIndex((nodes) => !possible(nodes));
  if (impossible >= 0) max = Math.min(max, impossible);
  return { prefix, min: constraints.min ?? Math.min(asked, max), max };
}
