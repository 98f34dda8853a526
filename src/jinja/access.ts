/** value.name and value[key], as jinja2's sandbox finds them. */
import { callable } from "./arguments.js";
import { collectionMethod } from "./collection-methods.js";
import { TemplateError } from "./errors.js";
import { format, type Lookup } from "./format.js";
import { characterCount, offsetOf, slice } from "./sequences.js";
import { repr } from "./show.js";
import { Text } from "./text.js";
import { textMethod } from "./text-methods.js";
import {
  Callable,
  Dict,
  Float,
  firstOf,
  isAttributes,
  isCallable,
  List,
  numberOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.js";

/** value.name: an attribute or method, else the item of that name. */
export function attributeOf(value: Value, name: string): Value {
  if (value instanceof Undefined) return value.fail();
  const key = new Text(name);
  return firstOf(ownAttribute(value, name), value instanceof Dict ? value.get(key) : undefined, missing(value, key));
}

/** value[key]: an item, else the attribute or method of that name. */
export function itemOf(value: Value, key: Value): Value {
  if (value instanceof Undefined) return value.fail();
  return firstOf(item(value, key), key instanceof Text ? ownAttribute(value, key.value) : undefined, missing(value, key));
}

/** The attribute or method alone. */
export function onlyAttributeOf(value: Value, name: string): Value {
  if (value instanceof Undefined) return value.fail();
  return firstOf(ownAttribute(value, name), missing(value, new Text(name)));
}

/** value[start:stop:step]. */
export function sliceOf(value: Value, bounds: readonly (Value | undefined)[]): Value {
  return slice(value, bounds);
}

function item(value: Value, key: Value): Value | undefined {
  if (value instanceof Dict) return value.get(key);
  const place = numberOf(key);
  if (place === undefined || key instanceof Float) return undefined;
  if (value instanceof List || value instanceof Tuple) return value.items.at(place);
  if (!(value instanceof Text)) return undefined;
  const length = characterCount(value.value);
  const from = place < 0 ? place + length : place;
  return from >= 0 && from < length ? value.slice(offsetOf(value.value, from), offsetOf(value.value, from + 1)) : undefined;
}

/** What changes a list or a dict: the sandbox forbids it. */
const CHANGING: Readonly<Record<string, readonly string[]>> = {
  list: ["append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"],
  dict: ["clear", "pop", "popitem", "setdefault", "update"],
};

function ownAttribute(value: Value, name: string): Value | undefined {
  if (value instanceof Text) return formatMethod(value, name) ?? textMethod(value, name);
  if (CHANGING[typeName(value)]?.includes(name)) {
    return new Undefined(`access to attribute '${name}' of '${typeName(value)}' object is unsafe.`);
  }
  if (value instanceof Tuple && value.names.includes(name)) return value.items[value.names.indexOf(name)];
  if (isCallable(value)) return name === "name" ? new Text(value.name) : undefined;
  if (isAttributes(value)) return value.attribute(name);
  return collectionMethod(value, name);
}

const LOOKUP: Lookup = { attribute: attributeOf, item: itemOf };

function formatMethod(text: Text, name: string): Callable | undefined {
  if (name === "format") return new Callable(name, (args) => format(text, args, LOOKUP));
  if (name !== "format_map") return undefined;
  return callable(name, ["mapping"], (given) => {
    const mapping = given.value("mapping");
    if (!(mapping instanceof Dict)) throw new TemplateError("format_map() takes a mapping");
    return format(text, { positional: [], named: mapping }, LOOKUP);
  });
}

function missing(value: Value, key: Value): Undefined {
  const owner = value === null ? "None" : `${typeName(value)} object`;
  if (key instanceof Text) return new Undefined(`'${owner}' has no attribute ${repr(key).value}`);
  return new Undefined(`${owner} has no element ${repr(key).value}`);
}

/** @throws TemplateError for what cannot be called */
export function calling(value: Value): Callable {
  if (value instanceof Undefined) return value.fail();
  if (isCallable(value)) return value;
  if (isAttributes(value)) {
    const call = value.attribute("()");
    if (call !== undefined && isCallable(call)) return call;
  }
  throw new TemplateError(`'${typeName(value)}' object is not callable`);
}
