import { firstOf, Undefined, type Value } from "./values.js";

/** Variables of a place in a template, and of the places around it. */
export class Scope {
  readonly #values = new Map<string, Value>();
  readonly #outer: Scope | null;

  constructor(outer: Scope | null = null) {
    this.#outer = outer;
  }

  get(name: string): Value {
    return firstOf(this.#find(name), new Undefined(`'${name}' is undefined`));
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  #find(name: string): Value | undefined {
    for (let scope: Scope | null = this; scope !== null; scope = scope.#outer) {
      const value = scope.#values.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}
