/** What may follow "is". */

import { isLower, isUpper } from "./case.js";
import { compare, equal } from "./compare.js";
import { TemplateError } from "./errors.js";
import { binary } from "./operators.js";
import { contains } from "./sequences.js";
import { str } from "./show.js";
import { Text } from "./text.js";
import { type Arguments, Dict, Float, isCallable, Lazy, List, numberOf, Tuple, Undefined, type Value, View } from "./values.js";

type Test = (value: Value, argument: () => Value) => boolean;

const TESTS: Readonly<Record<string, Test>> = {
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  true: (value) => value === true,
  false: (value) => value === false,
  integer: (value) => typeof value === "number",
  float: (value) => value instanceof Float,
  number: (value) => numberOf(value) !== undefined,
  string: (value) => value instanceof Text,
  mapping: (value) => value instanceof Dict,
  sequence: (value) => [Text, List, Tuple, Dict, Undefined].some((type) => value instanceof type),
  iterable: (value) => [Text, List, Tuple, Dict, View, Lazy, Undefined].some((type) => value instanceof type),
  callable: (value) => isCallable(value) || value instanceof Undefined,
  escaped: () => false,
  lower: (value) => isLower(str(value).value),
  upper: (value) => isUpper(str(value).value),
  odd: (value) => remainder(value, 2) === 1,
  even: (value) => remainder(value, 2) === 0,
  divisibleby: (value, argument) => numberOf(binary("%", value, argument())) === 0,
  test: (value) => value instanceof Text && Object.hasOwn(NAMED, value.value),
  in: (value, argument) => contains(argument(), value),
  sameas: (value, argument) => same(value, argument()),
  eq: (value, argument) => equal(value, argument()),
  ne: (value, argument) => !equal(value, argument()),
  gt: (value, argument) => compare(value, argument(), ">") > 0,
  ge: (value, argument) => compare(value, argument(), ">=") >= 0,
  lt: (value, argument) => compare(value, argument(), "<") < 0,
  le: (value, argument) => compare(value, argument(), "<=") <= 0,
};

const ALIASES = { "==": "eq", equalto: "eq", "!=": "ne", ">": "gt", greaterthan: "gt", ">=": "ge", "<": "lt", lessthan: "lt", "<=": "le" };

const NAMED: Readonly<Record<string, Test>> = {
  ...TESTS,
  ...Object.fromEntries(Object.entries(ALIASES).map(([name, test]) => [name, TESTS[test] as Test])),
};

/** value is name(...). @throws TemplateError for a test that is not known */
export function applyTest(name: string, value: Value, { positional }: Arguments): boolean {
  const test = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
  if (test === undefined) throw new TemplateError(`No test named '${name}'.`);
  return test(value, () => {
    const [argument] = positional;
    if (argument === undefined) throw new TemplateError(`the test '${name}' takes an argument`);
    return argument;
  });
}

function remainder(value: Value, by: number): number {
  return numberOf(binary("%", value, by)) ?? Number.NaN;
}

/** Python has one none, one true, one false; small integers and equal literals are one in practice, too. */
function same(a: Value, b: Value): boolean {
  if (a instanceof Text && b instanceof Text) return a.value === b.value;
  return a === b;
}
