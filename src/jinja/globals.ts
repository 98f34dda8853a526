/** What every template can call. */
import { bind, callable } from "./arguments.js";
import { TemplateError } from "./errors.js";
import { MOST_ITEMS } from "./operators.js";
import { iterate } from "./sequences.js";
import { str } from "./show.js";
import { strftime } from "./strftime.js";
import { Text } from "./text.js";
import { type Arguments, type Attributes, Callable, Dict, Namespace, Range, type Value } from "./values.js";

/** `now`: what strftime_now() writes. */
export function globals(now: Date): ReadonlyMap<string, Value> {
  return new Map<string, Value>([
    ["range", new Callable("range", range)],
    ["dict", new Callable("dict", dict)],
    [
      "namespace",
      new Callable(
        "namespace",
        (args) =>
          new Namespace(
            dict(args)
              .entries()
              .map(([key, value]) => [str(key).value, value]),
          ),
      ),
    ],
    ["cycler", new Callable("cycler", ({ positional }) => new Cycler(positional))],
    ["joiner", callable("joiner", ["sep"], (given) => joiner(given.or("sep", new Text(", "))))],
    ["raise_exception", callable("raise_exception", ["message"], (given) => refuse(str(given.value("message")).value))],
    ["strftime_now", callable("strftime_now", ["format"], (given) => given.text("format").map((format) => strftime(format, now)))],
  ]);
}

function refuse(message: string): never {
  throw new TemplateError(message);
}

/** Python's range(), bounded as jinja2's sandbox bounds it. */
function range(args: Arguments): Range {
  const given = bind("range", ["a", "b", "c"], args);
  const [a, b, step] = [given.integer("a"), given.or("b", null) === null ? null : given.integer("b"), given.integer("c", 1)];
  const [start, stop] = b === null ? [0, a] : [a, b];
  if (step === 0) throw new TemplateError("range() step must not be zero");
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > MOST_ITEMS) throw new TemplateError(`it asks for a range() of more than ${MOST_ITEMS} items`);
  const shown = `range(${start}, ${stop}${step === 1 ? "" : `, ${step}`})`;
  return new Range(
    Array.from({ length }, (_, index) => start + index * step),
    shown,
  );
}

/** dict(mapping, a=1). */
function dict({ positional: [first], named }: Arguments): Dict {
  const entries = first === undefined ? [] : first instanceof Dict ? first.entries() : iterate(first).map(pair);
  return new Dict([...entries, ...named.entries()]);
}

function pair(item: Value): readonly [Value, Value] {
  const [key, value, ...rest] = iterate(item);
  if (key === undefined || value === undefined || rest.length > 0) throw new TemplateError("dict() takes pairs");
  return [key, value];
}

class Cycler implements Attributes {
  readonly kind = "object";
  readonly #items: readonly Value[];
  #at = 0;

  constructor(items: readonly Value[]) {
    if (items.length === 0) throw new TemplateError("at least one item has to be provided");
    this.#items = items;
  }

  attribute(name: string): Value | undefined {
    if (name === "current") return this.#items[this.#at];
    if (name === "next") return callable(name, [], () => this.#next());
    if (name !== "reset") return undefined;
    return callable(name, [], () => {
      this.#at = 0;
      return null;
    });
  }

  #next(): Value {
    const item = this.#items[this.#at] as Value;
    this.#at = (this.#at + 1) % this.#items.length;
    return item;
  }
}

/** Nothing the first time, then the separator. */
function joiner(separator: Value): Callable {
  let used = false;
  return callable("joiner", [], () => {
    const text = used ? separator : new Text("");
    used = true;
    return text;
  });
}
