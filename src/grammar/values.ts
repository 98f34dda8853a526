/** The values of enum and const, written out. */
import { type Constraints, holds } from "./constraints.js";
import { literal } from "./gbnf-text.js";
import { isArray, isObject, type Json } from "./json.js";
import type { Rules } from "./rules.js";
import { schemaInvalid } from "./schema-error.js";

/** A rule's body: those of `values` that fulfil the other constraints; undefined where none does. */
export function valuesBody(values: readonly Json[], constraints: Constraints, rules: Rules): string | undefined {
  const kept = values.filter((value) => {
    const fits = holds(value, { ...constraints, values: undefined });
    if (fits === undefined)
      throw schemaInvalid(constraints.place, "values beside other keywords cannot be kept; list those that fit, alone");
    return fits;
  });
  if (kept.length === 0) return undefined;
  return kept.map((value) => written(value, rules)).join(" | ");
}

function written(value: Json, rules: Rules): string {
  if (isArray(value))
    return enclosed(
      "[",
      value.map((item) => written(item, rules)),
      "]",
      rules,
    );
  if (!isObject(value)) return literal(JSON.stringify(value));
  const space = rules.builtin("space");
  const members = Object.entries(value).map(([name, member]) => `${literal(JSON.stringify(name))} ":" ${space} ${written(member, rules)}`);
  return enclosed("{", members, "}", rules);
}

function enclosed(open: string, elements: readonly string[], close: string, rules: Rules): string {
  const space = rules.builtin("space");
  if (elements.length === 0) return `"${open}" ${space} "${close}"`;
  return `"${open}" ${space} ${elements.join(` "," ${space} `)} ${space} "${close}"`;
}
