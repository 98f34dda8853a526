/** Whether what is written for some constraints can never fulfil others: the promise of oneOf and not. */
import type { AlternativesOf } from "./alternatives.js";
import { type Constraints, holds, type Kind, kindOf, writtenKinds } from "./constraints.js";
import { numbersApart } from "./numbers.js";
import { mayWrite, type ObjectConstraints, propertyOf } from "./objects.js";
import { schemaInvalid } from "./schema-error.js";

/** Objects inside each other that are looked into. */
const MAX_DEPTH = 4;
/** In the whole of a document. */
const MAX_COMPARISONS = 1_000_000;

export class Disjoint {
  readonly #alternatives: AlternativesOf;
  #comparisons = 0;

  constructor(alternatives: AlternativesOf) {
    this.#alternatives = alternatives;
  }

  /** True where nothing that is written for `a` fulfils `b`; false where that cannot be told. */
  neverFulfils(a: Constraints, b: Constraints, depth = 0): boolean {
    if (++this.#comparisons > MAX_COMPARISONS) throw schemaInvalid(a.place, "oneOf asks for too many comparisons here; use anyOf");
    return [...writtenKinds(a)].every((kind) => this.#neverOfKind(kind, a, b, depth));
  }

  #neverOfKind(kind: Kind, a: Constraints, b: Constraints, depth: number): boolean {
    if (b.kinds !== undefined && !b.kinds.has(kind)) return true;
    const mine = a.values?.filter((value) => kindOf(value) === kind);
    if (mine !== undefined) return mine.every((value) => holds(value, b) === false);
    const others = b.values?.filter((value) => kindOf(value) === kind);
    if (others?.every((value) => holds(value, { ...a, values: undefined }) === false)) return true;
    if (kind === "number") return numbersApart(a.numbers, b.numbers);
    if (kind === "string") return a.strings.min > b.strings.max || a.strings.max < b.strings.min;
    if (kind === "array") return (a.arrays.min ?? 0) > b.arrays.max || a.arrays.max < (b.arrays.min ?? 0);
    return kind === "object" && this.#objects(a.objects, b.objects, depth);
  }

  #objects(a: ObjectConstraints, b: ObjectConstraints, depth: number): boolean {
    if (depth >= MAX_DEPTH) return false;
    for (const name of b.required) {
      if (!mayWrite(a, name, this.#alternatives.possible) || this.#property(name, a, b, depth)) return true;
    }
    for (const name of a.required) {
      if (this.#property(name, a, b, depth)) return true;
    }
    return false;
  }

  /** What is written of that property for `a` never fulfils `b`. */
  #property(name: string, a: ObjectConstraints, b: ObjectConstraints, depth: number): boolean {
    const [mine, other] = [this.#alternatives.all(propertyOf(a, name)), this.#alternatives.all(propertyOf(b, name))];
    return mine.every((each) => other.every((one) => this.neverFulfils(each, one, depth + 1)));
  }
}
