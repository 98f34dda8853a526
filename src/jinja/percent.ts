/** Python's printf: "%s is %d" % values. */
import { TemplateError } from "./errors.js";
import { repr, str } from "./show.js";
import { requireRoom, Text } from "./text.js";
import { Dict, Float, List, numberOf, Tuple, typeName, Undefined, type Value } from "./values.js";

const FIELD = /%(?:\(([^)]*)\))?([-#0 +]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?(.)/gs;

/** @throws TemplateError where fields and values do not fit */
export function percent(format: Text, values: Value): Text {
  const queue = values instanceof Tuple ? [...values.items] : [values];
  const take = (): Value => {
    const next = queue.shift();
    if (next === undefined) throw new TemplateError("not enough arguments for format string");
    return next;
  };
  const parts: Text[] = [];
  let [at, named] = [0, false];
  for (const found of format.value.matchAll(FIELD)) {
    const [whole, name, flags = "", width, precision, kind = ""] = found;
    parts.push(format.slice(at, found.index));
    at = found.index + whole.length;
    if (kind === "%") {
      parts.push(new Text("%"));
      continue;
    }
    named ||= name !== undefined;
    const size = (text: string | undefined): number | undefined =>
      (text === "*" ? (numberOf(take()) ?? 0) : text && Number(text)) || undefined;
    const [wide, exact] = [size(width), precision === "0" ? 0 : size(precision)];
    const value = name === undefined ? take() : itemOf(values, name);
    parts.push(padded(field(kind, value, flags, exact), wide ?? 0, flags, kind));
  }
  if (format.value.slice(at).includes("%")) throw new TemplateError("incomplete format");
  if (!named && queue.length > 0 && !isOpen(values)) throw new TemplateError("not all arguments converted during string formatting");
  return Text.join([...parts, format.slice(at)]);
}

/** What could be asked for items is not counted. */
function isOpen(values: Value): boolean {
  return values instanceof Dict || values instanceof List || values instanceof Undefined;
}

function itemOf(values: Value, name: string): Value {
  if (!(values instanceof Dict)) throw new TemplateError("format requires a mapping");
  const value = values.get(new Text(name));
  if (value === undefined) throw new TemplateError(`'${name}'`);
  return value;
}

function field(kind: string, value: Value, flags: string, precision: number | undefined): Text {
  if (kind === "s") return str(value).slice(0, precision);
  if (kind === "r" || kind === "a") return repr(value).slice(0, precision);
  if (kind === "c") return value instanceof Text ? value : new Text(String.fromCodePoint(numberOf(value) ?? 0));
  const number = numberOf(value);
  if (!"diuxXoeEfFgG".includes(kind)) throw new TemplateError(`unsupported format character '${kind}'`);
  if (number === undefined) throw new TemplateError(`%${kind} format: a real number is required, not ${typeName(value)}`);
  const sign = number < 0 || Object.is(number, -0) ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  return new Text(sign + digits(kind, value, Math.abs(number), precision, flags.includes("#")));
}

function digits(kind: string, value: Value, size: number, precision: number | undefined, alternate: boolean): string {
  if ("diu".includes(kind)) return String(Math.trunc(size)).padStart(precision ?? 0, "0");
  if ("xXo".includes(kind)) {
    if (value instanceof Float) throw new TemplateError(`%${kind} format: an integer is required, not float`);
    const text = size.toString(kind === "o" ? 8 : 16).padStart(precision ?? 0, "0");
    const whole = `${alternate ? `0${kind.toLowerCase()}` : ""}${text}`;
    return kind === "X" ? whole.toUpperCase() : whole;
  }
  return real(kind, size, precision ?? 6);
}

/** A number in the formats e, f and g. */
export function real(kind: string, size: number, precision: number): string {
  const text = Number.isFinite(size) ? finite(kind.toLowerCase(), size, precision) : Number.isNaN(size) ? "nan" : "inf";
  return kind === kind.toUpperCase() ? text.toUpperCase() : text;
}

function finite(kind: string, size: number, precision: number): string {
  requireRoom(precision);
  const places = Math.min(precision, 100);
  if (kind === "f")
    return size >= 1e21 ? BigInt(Math.round(size)).toString() + (places > 0 ? `.${"0".repeat(places)}` : "") : size.toFixed(places);
  if (kind === "e") return size.toExponential(places).replace(/e([+-])(\d)$/, "e$10$2");
  const significant = Math.max(1, places);
  const exponent = size === 0 ? 0 : Number(size.toExponential(significant - 1).split("e")[1]);
  const scientific = exponent < -4 || exponent >= significant;
  const text = scientific ? finite("e", size, significant - 1) : size.toFixed(Math.max(0, significant - 1 - exponent));
  return text.includes(".") ? text.replace(/\.?0+(e|$)/, "$1") : text;
}

function padded(text: Text, width: number, flags: string, kind: string): Text {
  const missing = width - text.value.length;
  if (missing <= 0) return text;
  requireRoom(width);
  if (flags.includes("-")) return Text.join([text, new Text(" ".repeat(missing))]);
  if (!flags.includes("0") || "srac".includes(kind)) return Text.join([new Text(" ".repeat(missing)), text]);
  const sign = /^[-+ ]/.test(text.value) ? 1 : 0;
  return Text.join([text.slice(0, sign), new Text("0".repeat(missing)), text.slice(sign)]);
}
