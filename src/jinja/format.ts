/** Python's str.format(): "{0} is {name:>5}". */
import { TemplateError } from "./errors.js";
import { real } from "./percent.js";
import { characterCount, offsetOf } from "./sequences.js";
import { integerText, repr, str } from "./show.js";
import { requireRoom, Text } from "./text.js";
import { type Arguments, Float, numberOf, typeName, type Value } from "./values.js";

/** How "{0.name[key]}" is followed. */
export interface Lookup {
  attribute(value: Value, name: string): Value;
  item(value: Value, key: Value): Value;
}

/** @throws TemplateError where fields and arguments do not fit */
export function format(template: Text, args: Arguments, lookup: Lookup): Text {
  return new Formatter(args, lookup).text(template, 2);
}

class Formatter {
  readonly #args: Arguments;
  readonly #lookup: Lookup;
  #next = 0;

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
    if (conversion !== undefined && !["s", "r", "a"].includes(conversion))
      throw new TemplateError(`Unknown conversion specifier ${conversion}`);
    const converted = conversion === undefined ? object : conversion === "s" ? str(object) : repr(object);
    return formatted(converted, spec.value);
  }

  #object(path: string): Value {
    const [, first = "", rest = ""] = /^([^.[]*)(.*)$/s.exec(path) ?? [];
    let object = this.#argument(first);
    for (const [, attribute, key] of rest.matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
      object = attribute === undefined ? this.#lookup.item(object, keyOf(key ?? "")) : this.#lookup.attribute(object, attribute);
    }
    return object;
  }

  #argument(name: string): Value {
    const { positional, named } = this.#args;
    const index = name === "" ? this.#next++ : /^\d+$/.test(name) ? Number(name) : undefined;
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

const SPEC = /^(?:(.)?([<>=^]))?([-+ ])?#?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su;

/** format(value, spec). */
function formatted(value: Value, spec: string): Text {
  if (spec === "") return str(value);
  const [whole, fill, align, sign = "-", zero, width = "0", group, precision, kind] = SPEC.exec(spec) ?? [];
  if (whole === undefined) throw new TemplateError(`Invalid format specifier '${spec}' for object of type '${typeName(value)}'`);
  const number = numberOf(value);
  if (value instanceof Text || (number === undefined && value !== null)) {
    if (!(value instanceof Text)) throw new TemplateError(`unsupported format string passed to ${typeName(value)}.__format__`);
    if (kind !== undefined && kind !== "s") throw new TemplateError(`Unknown format code '${kind}' for object of type 'str'`);
    const cut = precision === undefined ? value : value.slice(0, offsetOf(value.value, Number(precision)));
    return aligned(cut, Number(width), align ?? "<", fill ?? (zero ? "0" : " "));
  }
  if (number === undefined) throw new TemplateError("unsupported format string passed to NoneType.__format__");
  const digits = grouped(numberDigits(value, Math.abs(number), kind, precision), group);
  const shownSign = number < 0 ? "-" : sign === "-" ? "" : sign;
  if (zero !== undefined && align === undefined) return new Text(shownSign + digits.padStart(bounded(width) - shownSign.length, "0"));
  if (align === "=") return new Text(shownSign + digits.padStart(bounded(width) - shownSign.length, fill ?? " "));
  return aligned(new Text(shownSign + digits), Number(width), align ?? ">", fill ?? " ");
}

function numberDigits(value: Value, size: number, kind: string | undefined, precision: string | undefined): string {
  const places = precision === undefined ? 6 : Number(precision);
  if (kind === "%") return `${real("f", size * 100, places)}%`;
  if (kind !== undefined && "eEfFgG".includes(kind)) return real(kind, size, places);
  if (value instanceof Float) return kind === undefined && precision === undefined ? str(new Float(size)).value : real("g", size, places);
  const base = { b: 2, o: 8, x: 16, X: 16 }[kind ?? ""];
  if (base !== undefined) return kind === "X" ? size.toString(16).toUpperCase() : size.toString(base);
  if (kind === undefined || kind === "d" || kind === "n") return integerText(size);
  if (kind === "c") return String.fromCodePoint(size);
  throw new TemplateError(`Unknown format code '${kind}' for object of type 'int'`);
}

function grouped(digits: string, separator: string | undefined): string {
  if (separator === undefined) return digits;
  const [whole = "", ...rest] = digits.split(/(?=[.e%])/);
  return [whole.replace(/\B(?=(\d{3})+$)/g, separator), ...rest].join("");
}

function bounded(width: string): number {
  requireRoom(Number(width));
  return Number(width);
}

function aligned(text: Text, width: number, align: string, fill: string): Text {
  const missing = width - characterCount(text.value);
  if (missing <= 0) return text;
  requireRoom(width);
  const left = align === "<" ? 0 : align === ">" ? missing : Math.floor(missing / 2);
  return Text.join([new Text(fill.repeat(left)), text, new Text(fill.repeat(missing - left))]);
}
