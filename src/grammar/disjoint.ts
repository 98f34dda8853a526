/** Whether what is written for some constraints can never fulfil others: the promise of oneOf and not. */
import type { AlternativesOf } from "./alternatives.js";
import { type Constraints, holds, type Kind, kindOf, writtenKinds } from "./constraints.js";
import { numbersApart } from "./numbers.js";
import { mayWrite, type ObjectConstraints, propertyOf } from "./objects.js";

/** Objects inside each other that are looked into. */
const MAX_DEPTH = 4;

/** True where nothing that is written for `a` fulfils `b`; false where that cannot be told. */
export function neverFulfils(a: Constraints, b: Constraints, alternatives: AlternativesOf, depth = 0): boolean {
  return [...writtenKinds(a)].every((kind) => neverOfKind(kind, a, b, alternatives, depth));
}

function neverOfKind(kind: Kind, a: Constraints, b: Constraints, alternatives: AlternativesOf, depth: number): boolean {
  if (b.kinds !== undefined && !b.kinds.has(kind)) return true;
  const mine = a.values?.filter((value) => kindOf(value) === kind);
  if (mine !== undefined) return mine.every((value) => holds(value, b) === false);
  const others = b.values?.filter((value) => kindOf(value) === kind);
  if (others?.every((value) => holds(value, { ...a, values: undefined }) === false)) return true;
  if (kind === "number") return numbersApart(a.numbers, b.numbers);
  if (kind === "string") return a.strings.min > b.strings.max || a.strings.max < b.strings.min;
  if (kind === "array") return (a.arrays.min ?? 0) > b.arrays.max || a.arrays.max < (b.arrays.min ?? 0);
  return kind === "object" && objectsApart(a.objects, b.objects, alternatives, depth);
}

function objectsApart(a: ObjectConstraints, b: ObjectConstraints, alternatives: AlternativesOf, depth: number): boolean {
  if (depth >= MAX_DEPTH) return false;
  const never = (name: string) => {
    const [mine, other] = [alternatives.all(propertyOf(a, name)), alternatives.all(propertyOf(b, name))];
    return mine.every((each) => other.every((one) => neverFulfils(each, one, alternatives, depth + 1)));
  };
  for (const name of b.required) {
    if (!mayWrite(a, name, alternatives.possible) || never(name)) return true;
  }
  for (const name of a.required) {
    if (never(name)) return true;
  }
  return false;
}
