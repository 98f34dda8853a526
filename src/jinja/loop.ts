import { callable } from "./arguments.js";
import { equal } from "./compare.js";
import { TemplateError } from "./errors.js";
import { type Attributes, Callable, firstOf, Tuple, Undefined, type Value } from "./values.js";

/** What "loop" is inside a for. */
export class Loop implements Attributes {
  readonly kind = "loop";
  readonly #items: readonly Value[];
  readonly #depth: number;
  /** Renders the loop's body for other items; null where the loop is not recursive. */
  readonly #recurse: ((items: Value, depth: number) => Value) | null;
  #changed: Value | undefined;
  #at = 0;

  constructor(items: readonly Value[], depth: number, recurse: ((items: Value, depth: number) => Value) | null) {
    this.#items = items;
    this.#depth = depth;
    this.#recurse = recurse;
  }

  moveTo(index: number): void {
    this.#at = index;
  }

  attribute(name: string): Value | undefined {
    const [at, { length }] = [this.#at, this.#items];
    switch (name) {
      case "index":
        return at + 1;
      case "index0":
        return at;
      case "revindex":
        return length - at;
      case "revindex0":
        return length - at - 1;
      case "first":
        return at === 0;
      case "last":
        return at === length - 1;
      case "length":
        return length;
      case "depth":
        return this.#depth + 1;
      case "depth0":
        return this.#depth;
      case "previtem":
        return firstOf(this.#items[at - 1], new Undefined("there is no previous item"));
      case "nextitem":
        return firstOf(this.#items[at + 1], new Undefined("there is no next item"));
      case "cycle":
        return new Callable(name, ({ positional }) => cycled(positional, at));
      case "changed":
        return new Callable(name, ({ positional }) => this.#hasChanged(new Tuple(positional)));
      case "()":
        return callable("loop", ["iterable"], (given) => this.#again(given.value("iterable")));
      default:
        return undefined;
    }
  }

  #hasChanged(value: Value): boolean {
    const changed = this.#changed === undefined || !equal(this.#changed, value);
    this.#changed = value;
    return changed;
  }

  #again(items: Value): Value {
    if (this.#recurse === null) throw new TemplateError("The loop must have the 'recursive' marker to be called recursively.");
    return this.#recurse(items, this.#depth + 1);
  }
}

function cycled(items: readonly Value[], at: number): Value {
  const item = items[at % items.length];
  if (item === undefined) throw new TemplateError("no items for cycling given");
  return item;
}
