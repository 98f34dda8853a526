/** Going through values, and finding things in them. */

import { equal } from "./compare.js";
import { TemplateError } from "./errors.js";
import { Text } from "./text.js";
import { Dict, Lazy, List, numberOf, Tuple, typeName, Undefined, type Value, View } from "./values.js";

/** Python's iter(): what a loop goes through. @throws TemplateError for what cannot be gone through */
export function iterate(value: Value): readonly Value[] {
  if (value instanceof List || value instanceof Tuple || value instanceof View) return value.items;
  if (value instanceof Dict) return value.keys();
  if (value instanceof Text) return characters(value);
  if (value instanceof Lazy) return value.rest();
  if (value instanceof Undefined) return [];
  throw new TemplateError(`'${typeName(value)}' object is not iterable`);
}

/** Python counts characters, not UTF-16 units. */
export function characters(text: Text): Text[] {
  const found: Text[] = [];
  let at = 0;
  for (const { length } of text.value) {
    found.push(text.slice(at, at + length));
    at += length;
  }
  return found;
}

/** len(). @throws TemplateError for what has no length */
export function lengthOf(value: Value): number {
  if (value instanceof Text) return characterCount(value.value);
  if (value instanceof List || value instanceof Tuple || value instanceof View) return value.items.length;
  if (value instanceof Dict) return value.size;
  if (value instanceof Undefined) return 0;
  throw new TemplateError(`object of type '${typeName(value)}' has no len()`);
}

const SURROGATE = /[\ud800-\udfff]/;

export function characterCount(text: string): number {
  if (!SURROGATE.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The UTF-16 offset of a character; the text's length beyond its end. */
export function offsetOf(text: string, character: number): number {
  if (!SURROGATE.test(text)) return Math.min(character, text.length);
  let [offset, left] = [0, character];
  for (const { length } of text) {
    if (left-- <= 0) break;
    offset += length;
  }
  return offset;
}

/** value[start:stop:step]. @throws TemplateError for what has no parts */
export function slice(value: Value, bounds: readonly (Value | undefined)[]): Value {
  const [start, stop, step = 1] = bounds.map((bound) => (bound === undefined || bound === null ? undefined : index(bound)));
  if (value instanceof Text) return sliceText(value, start, stop, step);
  if (value instanceof List) return new List(sliceItems(value.items, start, stop, step));
  if (value instanceof Tuple) return new Tuple(sliceItems(value.items, start, stop, step));
  if (value instanceof Undefined) return value.fail();
  throw new TemplateError(`'${typeName(value)}' object is not subscriptable`);
}

function index(value: Value): number {
  if (typeof value === "number" || typeof value === "boolean") return Number(value);
  throw new TemplateError("slice indices must be integers or None or have an __index__ method");
}

function sliceText(text: Text, start: number | undefined, stop: number | undefined, step: number): Text {
  if (step !== 1) return Text.join(sliceItems(characters(text), start, stop, step));
  const length = characterCount(text.value);
  const from = clamp(start ?? 0, length);
  const to = clamp(stop ?? length, length);
  return from < to ? text.slice(offsetOf(text.value, from), offsetOf(text.value, to)) : new Text("");
}

function clamp(place: number, length: number): number {
  return place < 0 ? Math.max(0, place + length) : Math.min(place, length);
}

function sliceItems<T>(items: readonly T[], start: number | undefined, stop: number | undefined, step: number): T[] {
  if (step === 0) throw new TemplateError("slice step cannot be zero");
  const { length } = items;
  const found: T[] = [];
  if (step > 0) {
    const to = clamp(stop ?? length, length);
    for (let at = clamp(start ?? 0, length); at < to; at += step) found.push(items[at] as T);
    return found;
  }
  const low = (place: number): number => (place < 0 ? Math.max(-1, place + length) : Math.min(place, length - 1));
  const to = stop === undefined ? -1 : low(stop);
  for (let at = start === undefined ? length - 1 : low(start); at > to; at += step) found.push(items[at] as T);
  return found;
}

/** item in container. @throws TemplateError for what holds nothing */
export function contains(container: Value, item: Value): boolean {
  if (container instanceof Text) {
    if (item instanceof Text) return container.value.includes(item.value);
    throw new TemplateError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (container instanceof Dict) return container.has(item);
  if (numberOf(container) !== undefined || container === null) {
    throw new TemplateError(`argument of type '${typeName(container)}' is not iterable`);
  }
  return iterate(container).some((each) => equal(each, item));
}
