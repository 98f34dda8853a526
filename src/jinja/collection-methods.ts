/** Methods of lists, tuples, dicts and numbers that change nothing. */
import { callable } from "./arguments.js";
import { equal } from "./compare.js";
import { TemplateError } from "./errors.js";
import { repr } from "./show.js";
import { type Callable, Dict, Float, firstOf, List, numberOf, Tuple, type Value, View } from "./values.js";

export function collectionMethod(value: Value, name: string): Callable | undefined {
  if (value instanceof Dict) return dictMethod(value, name);
  if (value instanceof List || value instanceof Tuple) return listMethod(value, name);
  if (value instanceof Float && name === "is_integer") return callable(name, [], () => Number.isInteger(value.value));
  if (typeof value === "number" && name === "bit_length")
    return callable(name, [], () => Math.abs(value).toString(2).replace(/^0$/, "").length);
  return undefined;
}

function dictMethod(dict: Dict, name: string): Callable | undefined {
  switch (name) {
    case "get":
      return callable(name, ["key", "default"], (given) => firstOf(dict.get(given.value("key")), given.or("default", null)));
    case "keys":
      return callable(name, [], () => new View("dict_keys", dict.keys()));
    case "values":
      return callable(
        name,
        [],
        () =>
          new View(
            "dict_values",
            dict.entries().map(([, value]) => value),
          ),
      );
    case "items":
      return callable(name, [], () => new View("dict_items", pairs(dict)));
    case "copy":
      return callable(name, [], () => dict);
    default:
      return undefined;
  }
}

/** The entries of a dict as tuples. */
export function pairs(dict: Dict): Tuple[] {
  return dict.entries().map((entry) => new Tuple(entry));
}

function listMethod({ items }: List | Tuple, name: string): Callable | undefined {
  switch (name) {
    case "count":
      return callable(name, ["value"], (given) => items.filter((item) => equal(item, given.value("value"))).length);
    case "index":
      return callable(name, ["value", "start", "stop"], (given) => {
        const [start, stop] = [numberOf(given.or("start", 0)) ?? 0, numberOf(given.or("stop", items.length)) ?? items.length];
        const place = items.findIndex((item, index) => index >= start && index < stop && equal(item, given.value("value")));
        if (place < 0) throw new TemplateError(`${repr(given.value("value")).value} is not in list`);
        return place;
      });
    case "copy":
      return callable(name, [], () => new List(items));
    default:
      return undefined;
  }
}
