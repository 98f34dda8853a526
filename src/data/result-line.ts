/** Lines of files of results: the fields of the line that each is of, as they were, and what was found. */
import { jsonMembers } from "../files/json-members.js";
import type { Place } from "../files/resumable-lines.js";
import type { Fields } from "./fields.js";

/** Where fields are kept that have a result's name. */
const KEPT = "input";

/**
 * A line's text, without its end: place, fields, results. Fields with one of the `names` that results may have stand below "input", whether or
 * not this line has such a result: a column then means one thing in all files.
 */
export function resultLine({ line, number }: Place, json: string, results: Fields, names: readonly string[]): string {
  const taken = new Set(["line", KEPT, ...names]);
  const members = [...jsonMembers(json)];
  const clashing = members.filter(([name]) => taken.has(name));
  const texts = Object.entries(results).flatMap(([name, value]) => (value === undefined ? [] : [[name, JSON.stringify(value)] as const]));
  return objectText([
    ["line", String(line)],
    ...(number === undefined ? [] : [["number", String(number)] as const]),
    ...members.filter(([name]) => !taken.has(name)),
    ...(clashing.length === 0 ? [] : [[KEPT, objectText(clashing)] as const]),
    ...texts,
  ]);
}

function objectText(members: readonly (readonly [name: string, text: string])[]): string {
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}
