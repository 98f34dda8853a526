/** Filters that take other filters, tests or attributes: select, map and their like. Unless they sort, they give what is gone through once. */
import { itemOf } from "./access.js";
import type { Given } from "./arguments.js";
import { lower } from "./case.js";
import { compare, equal } from "./compare.js";
import { TemplateError } from "./errors.js";
import { type Filter, filter } from "./filter.js";
import { binary } from "./operators.js";
import { iterate } from "./sequences.js";
import { repr, str } from "./show.js";
import { applyTest } from "./tests.js";
import { Text } from "./text.js";
import { type Arguments, Dict, firstOf, isTrue, Lazy, List, Tuple, Undefined, type Value } from "./values.js";

type Apply = (name: string, value: Value, args: Arguments) => Value;

/** `applyFilter`: for map(). */
export function selections(applyFilter: Apply): readonly (readonly [string, Filter])[] {
  return [
    ["select", (value, args) => chosen(value, args, false, true)],
    ["reject", (value, args) => chosen(value, args, false, false)],
    ["selectattr", (value, args) => chosen(value, args, true, true)],
    ["rejectattr", (value, args) => chosen(value, args, true, false)],
    ["map", (value, args) => (isTrue(value) ? new Lazy(iterate(value).map(mapping(args, applyFilter))) : new Lazy([]))],
    filter("sort", ["reverse", "case_sensitive", "attribute"], sort),
    filter("unique", ["case_sensitive", "attribute"], unique),
    filter("min", ["case_sensitive", "attribute"], (value, given) => extreme(value, given, -1)),
    filter("max", ["case_sensitive", "attribute"], (value, given) => extreme(value, given, 1)),
    filter("sum", ["attribute", "start"], sum),
    filter("groupby", ["attribute", "default", "case_sensitive"], groupBy),
    filter("dictsort", ["case_sensitive", "by", "reverse"], dictSort),
    filter("join", ["d", "attribute"], (value, given) => {
      return Text.join(
        iterate(value)
          .map(getter(given.or("attribute", null)))
          .map(str),
        str(given.or("d", new Text(""))),
      );
    }),
  ];
}

/** Gets an attribute by its path, "a.b.0"; with a path of null, the item itself. */
function getter(path: Value, otherwise: Value = null): (item: Value) => Value {
  if (path === null || path instanceof Undefined) return (item) => item;
  const keys = path instanceof Text ? path.value.split(".").map((key) => (/^\d+$/.test(key) ? Number(key) : new Text(key))) : [path];
  return (item) => {
    return keys.reduce<Value>((found, key) => {
      const value = itemOf(found, key);
      return otherwise !== null && value instanceof Undefined ? otherwise : value;
    }, item);
  };
}

function chosen(value: Value, { positional, named }: Arguments, byAttribute: boolean, wanted: boolean): Value {
  if (!isTrue(value)) return new Lazy([]);
  const [attribute, rest] = byAttribute ? [positional[0], positional.slice(1)] : [null, positional];
  if (attribute === undefined) throw new TemplateError("Missing parameter for attribute name");
  const [name, ...args] = rest;
  const get = getter(attribute);
  const test = (item: Value): boolean => {
    if (name === undefined) return isTrue(item);
    return applyTest(str(name).value, item, { positional: args, named });
  };
  return new Lazy(iterate(value).filter((item) => test(get(item)) === wanted));
}

function mapping({ positional, named }: Arguments, applyFilter: Apply): (item: Value) => Value {
  const attribute = named.get(new Text("attribute"));
  if (positional.length === 0 && attribute !== undefined) {
    const [unexpected] = named.without([new Text("attribute"), new Text("default")]).keys();
    if (unexpected !== undefined) throw new TemplateError(`Unexpected keyword argument ${repr(unexpected).value}`);
    return getter(attribute, firstOf(named.get(new Text("default")), null));
  }
  const [name, ...args] = positional;
  if (name === undefined) throw new TemplateError("map requires a filter argument");
  return (item) => applyFilter(str(name).value, item, { positional: args, named });
}

/** Texts without their case, unless it counts. */
function keyOf(given: Given): (value: Value) => Value {
  const sensitive = isTrue(given.or("case_sensitive", false));
  return (value) => (!sensitive && value instanceof Text ? lower(value) : value);
}

function sorted<T>(items: readonly T[], keysOf: (item: T) => readonly Value[], reverse: boolean): T[] {
  const keyed = items.map((item) => ({ item, keys: keysOf(item) }));
  keyed.sort((a, b) => {
    const place = a.keys.findIndex((key, index) => !equal(key, b.keys[index] as Value));
    const order = place < 0 ? 0 : compare(a.keys[place] as Value, b.keys[place] as Value, "<");
    return reverse ? -order : order;
  });
  return keyed.map(({ item }) => item);
}

function sort(value: Value, given: Given): Value {
  const attribute = given.or("attribute", null);
  const paths = attribute instanceof Text ? attribute.value.split(",").map((path) => new Text(path)) : [attribute];
  const getters = paths.map((path) => getter(path));
  const key = keyOf(given);
  return new List(sorted(iterate(value), (item) => getters.map((get) => key(get(item))), isTrue(given.or("reverse", false))));
}

function unique(value: Value, given: Given): Value {
  const [get, key] = [getter(given.or("attribute", null)), keyOf(given)];
  // The first of each key: a dict keeps its keys' order, and refuses what cannot be one.
  const items = iterate(value);
  const byKey = new Dict([...items].reverse().map((item) => [key(get(item)), item] as const));
  const first = new Set(byKey.entries().map(([, item]) => item));
  return new Lazy(items.filter((item) => first.delete(item)));
}

function extreme(value: Value, given: Given, direction: number): Value {
  const [first, ...others] = iterate(value);
  if (first === undefined) return new Undefined("No aggregated item, sequence was empty.");
  const [get, key] = [getter(given.or("attribute", null)), keyOf(given)];
  const own = (item: Value): Value => key(get(item));
  return others.reduce((best, item) => (direction * compare(own(item), own(best), direction < 0 ? "<" : ">") > 0 ? item : best), first);
}

function sum(value: Value, given: Given): Value {
  const items = iterate(value).map(getter(given.or("attribute", null)));
  return items.reduce((total, item) => binary("+", total, item), given.or("start", 0));
}

function groupBy(value: Value, given: Given): Value {
  const [get, key] = [getter(given.value("attribute"), given.or("default", null)), keyOf(given)];
  const groups: { key: Value; items: Value[] }[] = [];
  const all = iterate(value);
  if (all.length > 1) for (const own of all.map(get)) if (own instanceof Undefined) own.fail();
  for (const item of sorted(all, (each) => [key(get(each))], false)) {
    const own = key(get(item));
    const last = groups.at(-1);
    if (last !== undefined && equal(last.key, own)) last.items.push(item);
    else groups.push({ key: own, items: [item] });
  }
  return new List(groups.map(({ items }) => new Tuple([get(items[0] as Value), new List(items)], ["grouper", "list"])));
}

function dictSort(value: Value, given: Given): Value {
  if (value instanceof Undefined) return value.fail();
  if (!(value instanceof Dict)) throw new TemplateError("dictsort takes a mapping");
  const by = given.text("by", "key").value;
  if (by !== "key" && by !== "value") throw new TemplateError('You can only sort by either "key" or "value"');
  const key = keyOf(given);
  const order = sorted(value.entries(), (entry) => [key(entry[by === "key" ? 0 : 1])], isTrue(given.or("reverse", false)));
  return new List(order.map((entry) => new Tuple(entry)));
}
