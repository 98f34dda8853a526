/** What a call gives, by the names of the parameters. */
import { TemplateError } from "./errors.js";
import { str } from "./show.js";
import { Text } from "./text.js";
import { type Arguments, Callable, Float, firstOf, numberOf, typeName, type Value } from "./values.js";

/** The arguments of one call, by their parameters' names; absent where none was given. */
export class Given {
  readonly #what: string;
  readonly #values: ReadonlyMap<string, Value>;

  constructor(what: string, values: ReadonlyMap<string, Value>) {
    this.#what = what;
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  value(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new TemplateError(`${this.#what}() missing the argument '${name}'`);
    return value;
  }

  or(name: string, otherwise: Value): Value {
    return firstOf(this.#values.get(name), otherwise);
  }

  text(name: string, otherwise?: string): Text {
    const value = otherwise === undefined ? this.value(name) : this.or(name, new Text(otherwise));
    if (value instanceof Text) return value;
    throw new TemplateError(`${this.#what}() argument '${name}' must be str, not ${typeName(value)}`);
  }

  integer(name: string, otherwise?: number): number {
    const value = otherwise === undefined ? this.value(name) : this.or(name, otherwise);
    const number = numberOf(value);
    if (number !== undefined && !(value instanceof Float)) return number;
    throw new TemplateError(`'${typeName(value)}' object cannot be interpreted as an integer`);
  }

  /** The text, or null where it was left out or is none. */
  optionalText(name: string): Text | null {
    return this.or(name, null) === null ? null : this.text(name);
  }
}

/** @throws TemplateError for arguments that the parameters do not have */
export function bind(what: string, parameters: readonly string[], { positional, named }: Arguments): Given {
  if (positional.length > parameters.length) {
    throw new TemplateError(`${what}() takes at most ${parameters.length} argument(s) (${positional.length} given)`);
  }
  const values = new Map(positional.map((value, index) => [parameters[index] as string, value]));
  for (const [key, value] of named.entries()) {
    const name = str(key).value;
    if (!parameters.includes(name)) throw new TemplateError(`${what}() got an unexpected keyword argument '${name}'`);
    if (values.has(name)) throw new TemplateError(`${what}() got multiple values for argument '${name}'`);
    values.set(name, value);
  }
  return new Given(what, values);
}

/** A function of named parameters. */
export function callable(name: string, parameters: readonly string[], run: (given: Given) => Value): Callable {
  return new Callable(name, (args) => run(bind(name, parameters, args)));
}
