/** Python's printf: "%s is %d" % values. */
import { TemplateError } from "./errors.js";
import { real } from "./real.js";
import { characterCount, offsetOf } from "./sequences.js";
import { ascii, characterOf, integerText, repr, str } from "./show.js";
import { requireRoom, Text } from "./text.js";
import { Dict, Float, List, numberOf, Tuple, typeName, Undefined, type Value } from "./values.js";

const FIELD = /%(?:\(([^)]*)\))?([-#0 +]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?(.)/gsu;

/** @throws TemplateError where fields and values do not fit */
export function percent(format: Text, values: Value): Text {
  const queue = values instanceof Tuple ? [...values.items] : [values];
  const take = (): Value => {
    const next = queue.shift();
    if (next === undefined) throw new TemplateError("not enough arguments for format string");
    return next;
  };
  const size = (text: string): number => {
    if (text !== "*") return Number(text);
    const value = take();
    if (typeof value === "number" || typeof value === "boolean") return Number(value);
    throw new TemplateError("* wants int");
  };
  const parts: Text[] = [];
  let [at, named] = [0, false];
  for (const found of format.value.matchAll(FIELD)) {
    const [whole, name, flags = "", width = "0", precision, kind = ""] = found;
    parts.push(format.slice(at, found.index));
    at = found.index + whole.length;
    if (kind === "%") {
      parts.push(new Text("%"));
      continue;
    }
    named ||= name !== undefined;
    const wide = size(width);
    const exact = precision === undefined ? undefined : Math.max(0, size(precision));
    const value = name === undefined ? take() : itemOf(values, name);
    parts.push(padded(field(kind, value, flags, exact), Math.abs(wide), wide < 0 ? `${flags}-` : flags, kind));
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

const TEXTS: Readonly<Record<string, (value: Value) => Text>> = { s: str, r: repr, a: ascii };

function field(kind: string, value: Value, flags: string, precision: number | undefined): Text {
  const text = TEXTS[kind]?.(value);
  if (text !== undefined) return precision === undefined ? text : text.slice(0, offsetOf(text.value, precision));
  if (kind === "c") return character(value);
  const number = numberOf(value);
  if (!"diuxXoeEfFgG".includes(kind)) throw new TemplateError(`unsupported format character '${kind}'`);
  if (number === undefined) throw new TemplateError(`%${kind} format: a real number is required, not ${typeName(value)}`);
  const shown = "diu".includes(kind) ? Math.trunc(number) + 0 : number;
  const sign = shown < 0 || Object.is(shown, -0) ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  return new Text(sign + digits(kind, value, Math.abs(number), precision, flags.includes("#")));
}

function character(value: Value): Text {
  if (value instanceof Text && characterCount(value.value) === 1) return value;
  if (typeof value === "number" || typeof value === "boolean") return new Text(characterOf(Number(value)));
  throw new TemplateError("%c requires int or char");
}

function digits(kind: string, value: Value, size: number, precision: number | undefined, alternate: boolean): string {
  requireRoom(precision ?? 0);
  if ("diu".includes(kind)) return integerText(size).padStart(precision ?? 0, "0");
  if ("xXo".includes(kind)) {
    if (value instanceof Float) throw new TemplateError(`%${kind} format: an integer is required, not float`);
    const text = size.toString(kind === "o" ? 8 : 16).padStart(precision ?? 0, "0");
    const whole = `${alternate ? `0${kind.toLowerCase()}` : ""}${text}`;
    return kind === "X" ? whole.toUpperCase() : whole;
  }
  return real(size, { kind, precision: precision ?? 6, alternate });
}

function padded(text: Text, width: number, flags: string, kind: string): Text {
  const missing = width - characterCount(text.value);
  if (missing <= 0) return text;
  requireRoom(width);
  if (flags.includes("-")) return Text.join([text, new Text(" ".repeat(missing))]);
  if (!flags.includes("0") || "srac".includes(kind)) return Text.join([new Text(" ".repeat(missing)), text]);
  const start = (/[xXo]/.test(kind) ? /^[-+ ]?(0[xXo])?/ : /^[-+ ]?/).exec(text.value)?.[0].length ?? 0;
  return Text.join([text.slice(0, start), new Text("0".repeat(missing)), text.slice(start)]);
}
