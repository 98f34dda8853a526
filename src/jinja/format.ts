/** Python's str.format(): "{0} is {name:>5}". */
import { TemplateError } from "./errors.js";
import { formatted } from "./format-spec.js";
import { ascii, repr, str } from "./show.js";
import { Text } from "./text.js";
import type { Arguments, Value } from "./values.js";

/** How "{0.name[key]}" is followed. */
export interface Lookup {
  attribute(value: Value, name: string): Value;
  item(value: Value, key: Value): Value;
}

/** @throws TemplateError where fields and arguments do not fit */
export function format(template: Text, args: Arguments, lookup: Lookup): Text {
  return new Formatter(args, lookup).text(template, 2);
}

const CONVERSIONS: Readonly<Record<string, (value: Value) => Text>> = { s: str, r: repr, a: ascii };

class Formatter {
  readonly #args: Arguments;
  readonly #lookup: Lookup;
  /** Fields without a number so far; null once one has its number. */
  #next: number | null = 0;

  constructor(args: Arguments, lookup: Lookup) {
    this.#args = args;
    this.#lookup = lookup;
  }

  text(template: Text, depth: number): Text {
    if (depth < 0) throw new TemplateError("Max string recursion exceeded");
    const { value } = template;
    const parts: Text[] = [];
    let at = 0;
    while (at < value.length) {
      const brace = value.slice(at).search(/[{}]/);
      if (brace < 0) break;
      const place = at + brace;
      parts.push(template.slice(at, place));
      if (value[place + 1] === value[place]) {
        parts.push(template.slice(place, place + 1));
        at = place + 2;
        continue;
      }
      if (value[place] === "}") throw new TemplateError("Single '}' encountered in format string");
      const end = closing(value, place);
      parts.push(this.#field(template.slice(place + 1, end), depth));
      at = end + 1;
    }
    return Text.join([...parts, template.slice(at)]);
  }

  #field(field: Text, depth: number): Text {
    const { value } = field;
    const [, path = "", conversion, rest] = /^([^!:]*)(?:!([^:]*))?(:.*)?$/s.exec(value) ?? [];
    const object = this.#object(path);
    const spec = rest === undefined ? new Text("") : this.text(field.slice(value.length - rest.length + 1), depth - 1);
    if (conversion === undefined) return formatted(object, spec);
    const convert = Object.hasOwn(CONVERSIONS, conversion) ? CONVERSIONS[conversion] : undefined;
    if (convert === undefined) throw new TemplateError(`Unknown conversion specifier ${conversion}`);
    return formatted(convert(object), spec);
  }

  #object(path: string): Value {
    const [, first = "", rest = ""] = /^([^.[]*)(.*)$/s.exec(path) ?? [];
    let object = this.#argument(path === "" ? this.#count() : /^\d+$/.test(path) ? this.#numbered(path) : first);
    for (const [, attribute, key] of rest.matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
      object = attribute === undefined ? this.#lookup.item(object, keyOf(key ?? "")) : this.#lookup.attribute(object, attribute);
    }
    return object;
  }

  #count(): string {
    if (this.#next === null) throw new TemplateError("cannot switch from manual field specification to automatic field numbering");
    return String(this.#next++);
  }

  #numbered(name: string): string {
    if (this.#next !== null && this.#next > 0)
      throw new TemplateError("cannot switch from manual field specification to automatic field numbering");
    this.#next = null;
    return name;
  }

  #argument(name: string): Value {
    const { positional, named } = this.#args;
    const index = /^\d+$/.test(name) ? Number(name) : undefined;
    const found = index === undefined ? named.get(new Text(name)) : positional[index];
    if (found !== undefined) return found;
    throw new TemplateError(index === undefined ? `'${name}'` : `Replacement index ${index} out of range for positional args tuple`);
  }
}

function keyOf(text: string): Value {
  return /^\d+$/.test(text) ? Number(text) : new Text(text);
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  throw new TemplateError("expected '}' before end of string");
}
