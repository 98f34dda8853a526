import { bind, type Given } from "./arguments.js";
import type { Arguments, Value } from "./values.js";

/** A value changed by what stands behind "|". */
export type Filter = (value: Value, args: Arguments) => Value;

/** A filter of named parameters, the value aside. */
export function filter(name: string, parameters: readonly string[], run: (value: Value, given: Given) => Value): readonly [string, Filter] {
  return [name, (value, args) => run(value, bind(name, parameters, args))];
}
