import type { Random } from "../helpers/random.js";

type Schema = Record<string, unknown> | boolean;

const NAMES = ["a", "b", "ab"];
const VALUES = [null, true, 0, 1, -2, 1.5, "a", "ab", "", [], [1], {}, { a: 1 }];

/** A schema of 2020-12 with all kinds of keywords beside each other, and references to definitions a, b and ab. */
export function randomSchema(random: Random): Schema {
  return { ...schemaObject(random, 3), $defs: Object.fromEntries(NAMES.map((name) => [name, schemaObject(random, 2)])) };
}

function schema(random: Random, depth: number): Schema {
  if (random.uniform() < 0.06) return random.uniform() < 0.7;
  return schemaObject(random, depth);
}

function schemaObject(random: Random, depth: number): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  const chance = (share: number) => random.uniform() < share;
  const list = () => Array.from({ length: random.integer(1, 3) }, () => schema(random, depth - 1));
  const types = ["null", "boolean", "integer", "number", "string", "array", "object"];
  const type = random.pick(types);
  if (chance(0.8)) made.type = chance(0.25) ? [...new Set([type, random.pick(types)])] : type;
  if (chance(0.08)) made.enum = Array.from({ length: 4 }, () => random.pick(VALUES)).filter((each, i, all) => all.indexOf(each) === i);
  if (chance(0.04)) made.const = random.pick(VALUES);
  if (type === "string" || chance(0.05)) {
    const kind = random.pick(["length", "pattern", "format", "none"]);
    if (kind === "length") [made.minLength, made.maxLength] = [random.integer(0, 2), random.integer(1, 4)];
    if (kind === "pattern") made.pattern = random.pick(["^[^a]b?$", "a|b", "^(x[0-9]{2,3}|y)*$", '["\\\\]', "\\s$"]);
  }
  if (type === "integer" || type === "number" || chance(0.05)) {
    if (chance(0.5)) made[random.pick(["minimum", "exclusiveMinimum"])] = random.pick([-12, -1.25, 0, 0.5, 3, 99]);
    if (chance(0.5)) made[random.pick(["maximum", "exclusiveMaximum"])] = random.pick([-11, 0, 0.75, 7, 100.5, 1001]);
  }
  if (depth <= 0) return made;
  if (type === "array" || chance(0.05)) {
    if (chance(0.7)) made.items = schema(random, depth - 1);
    if (chance(0.3)) made.prefixItems = list();
    if (chance(0.4)) made.minItems = random.integer(0, 2);
    if (chance(0.4)) made.maxItems = random.integer(1, 4);
  }
  if (type === "object" || chance(0.05)) {
    made.properties = Object.fromEntries(NAMES.filter(() => chance(0.6)).map((name) => [name, schema(random, depth - 1)]));
    if (chance(0.5)) made.required = NAMES.filter(() => chance(0.4));
    if (chance(0.5)) made.additionalProperties = schema(random, depth - 1);
  }
  if (chance(0.12)) made.$ref = `#/$defs/${random.pick(NAMES)}`;
  if (chance(0.12)) made.anyOf = list();
  if (chance(0.1)) made.oneOf = list();
  if (chance(0.1)) made.allOf = list();
  if (chance(0.03)) made.not = schema(random, depth - 1);
  return made;
}
