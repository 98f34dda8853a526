/** JSON values that come from outside: copied once, with bounds, so that everything after may trust them. */
import { inside, schemaInvalid } from "./schema-error.js";

export type Json = null | boolean | number | string | JsonArray | JsonObject;
export type JsonArray = readonly Json[];
/** Without a prototype: "__proto__" is a name like others. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** Objects and arrays inside each other. */
const MAX_DEPTH = 100;
/** Values of a schema, all together. */
const MAX_VALUES = 100_000;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isArray(value: Json | undefined): value is JsonArray {
  return Array.isArray(value);
}

/** @throws ArgsearchError SCHEMA_INVALID for what JSON cannot write, and for what is too deep or too large */
export function jsonOf(value: unknown): Json {
  let count = 0;
  const copy = (each: unknown, place: string, depth: number): Json => {
    if (++count > MAX_VALUES) throw schemaInvalid("#", `it has more than ${MAX_VALUES} values; split it, or ask for less`);
    if (depth > MAX_DEPTH) throw schemaInvalid(place, `more than ${MAX_DEPTH} values inside each other; use $defs and $ref`);
    if (each === null || typeof each === "boolean" || typeof each === "string") return each;
    if (typeof each === "number" && Number.isFinite(each)) return each;
    if (Array.isArray(each)) return Array.from(each, (item, i) => copy(item, inside(place, i), depth + 1));
    if (typeof each !== "object") throw schemaInvalid(place, `a JSON value is needed here, not ${String(each).slice(0, 40)}`);
    const object: Record<string, Json> = Object.create(null);
    for (const [name, member] of Object.entries(each))
      if (member !== undefined) object[name] = copy(member, inside(place, name), depth + 1);
    return object;
  };
  return copy(value, "#", 0);
}

/** Equal as JSON Schema has it: 1 is 1.0, and the order of members does not matter. */
export function canonical(value: Json): string {
  if (isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
}
