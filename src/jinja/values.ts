/** Python's values, as far as chat templates meet them. An integer is a number; what has a fraction, or could have, is a Float. */
import { TemplateError } from "./errors.js";
import { Text } from "./text.js";

export type Value = null | boolean | number | Float | Text | List | Tuple | Dict | View | Lazy | Callable | Attributes | Undefined;

export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export class List {
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

export class Tuple {
  readonly items: readonly Value[];
  /** Names of a named tuple's items. */
  readonly names: readonly string[];
  constructor(items: readonly Value[], names: readonly string[] = []) {
    this.items = items;
    this.names = names;
  }
}

/** A message's content in parts. Who writes it as it is writes Python's way to show a list, and means a text. */
export class Parts extends List {}

/** What range() gives: a list in all but its looks. */
export class Range extends List {
  readonly shown: string;
  constructor(items: readonly number[], shown: string) {
    super(items);
    this.shown = shown;
  }
}

interface Entry {
  readonly key: Value;
  readonly value: Value;
}

export class Dict {
  readonly #entries = new Map<string, Entry>();

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    for (const [key, value] of entries) {
      const hash = hashOf(key);
      this.#entries.set(hash, { key: firstOf(this.#entries.get(hash)?.key, key), value });
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(hashOf(key))?.value;
  }

  has(key: Value): boolean {
    return this.#entries.has(hashOf(key));
  }

  entries(): (readonly [Value, Value])[] {
    return [...this.#entries.values()].map(({ key, value }) => [key, value] as const);
  }

  keys(): Value[] {
    return this.entries().map(([key]) => key);
  }

  without(keys: readonly Value[]): Dict {
    const hashes = new Set(keys.map(hashOf));
    return new Dict(this.entries().filter(([key]) => !hashes.has(hashOf(key))));
  }
}

/** What keys(), values() and items() of a dict give. */
export class View {
  readonly kind: "dict_keys" | "dict_values" | "dict_items";
  readonly items: readonly Value[];
  constructor(kind: View["kind"], items: readonly Value[]) {
    this.kind = kind;
    this.items = items;
  }
}

/** What select(), map() and their like give: something that is true, has no length, and can be gone through once. */
export class Lazy {
  readonly #items: readonly Value[];
  #at = 0;
  constructor(items: readonly Value[]) {
    this.#items = items;
  }

  next(): Value | undefined {
    return this.#items[this.#at++];
  }

  rest(): readonly Value[] {
    const rest = this.#items.slice(this.#at);
    this.#at = this.#items.length;
    return rest;
  }
}

/** Arguments of a call. */
export interface Arguments {
  readonly positional: readonly Value[];
  /** By texts: behind "**" a name is whoever wrote it. */
  readonly named: Dict;
}

/** Functions, methods and macros. */
export class Callable {
  readonly name: string;
  readonly call: (args: Arguments) => Value;
  constructor(name: string, call: (args: Arguments) => Value) {
    this.name = name;
    this.call = call;
  }
}

/** An object with attributes alone: a namespace, a loop, a macro's helper. */
export interface Attributes {
  readonly kind: "namespace" | "loop" | "object";
  attribute(name: string): Value | undefined;
}

export class Namespace implements Attributes {
  readonly kind = "namespace";
  readonly #values: Map<string, Value>;
  constructor(values: Iterable<readonly [string, Value]>) {
    this.#values = new Map(values);
  }

  attribute(name: string): Value | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }
}

/** What is not there. Writing it gives nothing, going through it nothing, anything else an error. */
export class Undefined {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }

  fail(): never {
    throw new TemplateError(this.reason);
  }
}

export function isAttributes(value: Value): value is Attributes {
  return typeof value === "object" && value !== null && "kind" in value && "attribute" in value;
}

export function isCallable(value: Value): value is Callable {
  return value instanceof Callable;
}

/**
 * JSON with what a program adds to it, of one origin: 1 and 1.0 are both integers, for JSON tells them apart only in its text.
 * From 1e21 on JavaScript itself writes a fraction's exponent.
 */
export function toValue(json: unknown, origin: number): Value {
  if (json === undefined) return new Undefined("a value is undefined");
  if (json === null || typeof json === "boolean") return json;
  if (typeof json === "number") return Number.isInteger(json) && Math.abs(json) < 1e21 ? json : new Float(json);
  if (typeof json === "string") return Text.of(json, origin);
  if (Array.isArray(json)) return new List(json.map((item) => toValue(item, origin)));
  if (typeof json !== "object") throw new TemplateError(`a ${typeof json} is no value for a template`);
  const entries = Object.entries(json).filter(([, value]) => value !== undefined);
  return new Dict(entries.map(([key, value]) => [Text.of(key, origin), toValue(value, origin)] as const));
}

/** The first that is there: none is a value, too, so "??" would pass over it. */
export function firstOf(...values: readonly [...(Value | undefined)[], Value]): Value {
  return values.find((value) => value !== undefined) as Value;
}

/** Python's name of a value's type. */
export function typeName(value: Value): string {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "int";
  if (value instanceof Float) return "float";
  if (value instanceof Text) return "str";
  if (value instanceof Range) return "range";
  if (value instanceof List) return "list";
  if (value instanceof Tuple) return "tuple";
  if (value instanceof Dict) return "dict";
  if (value instanceof View) return value.kind;
  if (value instanceof Lazy) return "generator";
  if (value instanceof Undefined) return "Undefined";
  if (isCallable(value)) return "function";
  return value.kind === "namespace" ? "Namespace" : "LoopContext";
}

export function isTrue(value: Value): boolean {
  if (value === null || typeof value === "boolean") return value === true;
  if (typeof value === "number") return value !== 0;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Text) return value.value !== "";
  if (value instanceof List || value instanceof Tuple || value instanceof View) return value.items.length > 0;
  if (value instanceof Dict) return value.size > 0;
  return !(value instanceof Undefined);
}

/** What a key is told from others by: 1, 1.0 and true are one. */
function hashOf(key: Value): string {
  const number = numberOf(key);
  if (number !== undefined) return `n${number}`;
  if (key instanceof Text) return `s${key.value}`;
  if (key === null) return "none";
  if (key instanceof Tuple) return `t${JSON.stringify(key.items.map(hashOf))}`;
  if (key instanceof Undefined) return "undefined";
  throw new TemplateError(`unhashable type: '${typeName(key)}'`);
}

/** The number that a value counts as: booleans are 1 and 0. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return value instanceof Float ? value.value : undefined;
}
