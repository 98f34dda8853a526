/** Filters of lists and their like. */
import type { Given } from "./arguments.js";
import { pairs } from "./collection-methods.js";
import { TemplateError } from "./errors.js";
import { type Filter, filter } from "./filter.js";
import { requireItems } from "./operators.js";
import { characters, iterate, lengthOf } from "./sequences.js";
import { Text } from "./text.js";
import { Dict, Lazy, List, Undefined, type Value } from "./values.js";

const length = filter("length", [], (value) => lengthOf(value));

export const SEQUENCE_FILTERS: readonly (readonly [string, Filter])[] = [
  length,
  ["count", length[1]],
  filter("first", [], (value) => {
    const first = value instanceof Lazy ? value.next() : iterate(value)[0];
    return first === undefined ? new Undefined("No first item, sequence was empty.") : first;
  }),
  filter("last", [], (value) => {
    if (value instanceof Lazy) throw new TemplateError("'generator' object is not reversible");
    const last = iterate(value).at(-1);
    return last === undefined ? new Undefined("No last item, sequence was empty.") : last;
  }),
  filter("list", [], (value) => new List(iterate(value))),
  filter("reverse", [], (value) => {
    if (value instanceof Text) return Text.join(characters(value).reverse());
    return new Lazy([...iterate(value)].reverse());
  }),
  filter("items", [], (value) => {
    if (value instanceof Undefined) return new Lazy([]);
    if (!(value instanceof Dict)) throw new TemplateError("Can only get item pairs from a mapping.");
    return new Lazy(pairs(value));
  }),
  filter("batch", ["linecount", "fill_with"], batch),
  filter("slice", ["slices", "fill_with"], slices),
];

function batch(value: Value, given: Given): Value {
  const [size, fill] = [given.integer("linecount"), given.or("fill_with", null)];
  const items = iterate(value);
  if (size < 1) throw new TemplateError("batch takes a line count from 1");
  const rows = Array.from({ length: Math.ceil(items.length / size) }, (_, row) => items.slice(row * size, (row + 1) * size));
  return new Lazy(rows.map((row) => new List(fill === null ? row : filled(row, size, fill))));
}

function filled(row: readonly Value[], size: number, fill: Value): Value[] {
  requireItems(size);
  return [...row, ...Array.from({ length: Math.max(0, size - row.length) }, () => fill)];
}

function slices(value: Value, given: Given): Value {
  const [count, fill] = [given.integer("slices"), given.or("fill_with", null)];
  const items = iterate(value);
  requireItems(count);
  if (count < 1) throw new TemplateError("slice takes a number of slices from 1");
  const [size, longer] = [Math.floor(items.length / count), items.length % count];
  const columns = Array.from({ length: count }, (_, column) => {
    const start = column * size + Math.min(column, longer);
    const own = items.slice(start, start + size + (column < longer ? 1 : 0));
    return new List(fill !== null && column >= longer ? [...own, fill] : own);
  });
  return new Lazy(columns);
}
