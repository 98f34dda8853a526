/** Values as Python writes them: str() and repr(). */
import { TemplateError } from "./errors.js";
import { Text } from "./text.js";
import { Dict, Float, isCallable, Lazy, List, Parts, Range, Tuple, Undefined, type Value, View } from "./values.js";

/** str(value). */
export function str(value: Value): Text {
  if (value instanceof Text) return value;
  if (value instanceof Undefined) return new Text("");
  return repr(value);
}

/** repr(value). */
export function repr(value: Value): Text {
  if (value instanceof Text) return reprText(value);
  if (value instanceof Parts) throw new TemplateError("it writes content parts as if they were a text");
  if (value instanceof Range) return new Text(value.shown);
  if (value instanceof List) return wrapped("[", value.items, "]");
  if (value instanceof Tuple) return value.items.length === 1 ? wrapped("(", value.items, ",)") : wrapped("(", value.items, ")");
  if (value instanceof View) return Text.join([new Text(`${value.kind}(`), wrapped("[", itemsOf(value), "]"), new Text(")")]);
  if (value instanceof Dict) return reprDict(value);
  return new Text(plain(value));
}

/** ascii(value). */
export function ascii(value: Value): Text {
  return repr(value).map((run) => run.replace(/[^\0-\x7f]/gu, codeOf));
}

/** chr(code). @throws TemplateError */
export function characterOf(code: number): string {
  if (code >= 0 && code < 0x110000) return String.fromCodePoint(code);
  throw new TemplateError("%c arg not in range(0x110000)");
}

function plain(value: Value): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return integerText(value);
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof Lazy) return "<generator object>";
  if (isCallable(value)) return `<function ${value.name}>`;
  return "<object>";
}

function itemsOf({ items }: View): readonly Value[] {
  return items;
}

function wrapped(open: string, items: readonly Value[], close: string): Text {
  return Text.join([new Text(open), Text.join(items.map(repr), new Text(", ")), new Text(close)]);
}

function reprDict(dict: Dict): Text {
  const entries = dict.entries().map(([key, value]) => Text.join([repr(key), repr(value)], new Text(": ")));
  return Text.join([new Text("{"), Text.join(entries, new Text(", ")), new Text("}")]);
}

export function integerText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  if (Number.isFinite(value)) return BigInt(Math.trunc(value)).toString();
  throw new TemplateError(`cannot convert float ${Number.isNaN(value) ? "NaN" : "infinity"} to integer`);
}

/** As few digits as tell the number from its neighbours; with an exponent from 1e16 on and below 0.0001. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) return exponentText(value);
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}

function exponentText(value: number): string {
  const [digits = "", exponent = ""] = value.toExponential().split("e");
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]/u;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

function reprText(text: Text): Text {
  const quote = text.value.includes("'") && !text.value.includes('"') ? '"' : "'";
  const inside = text.map((run) => Array.from(run, (character) => escaped(character, quote)).join(""));
  return Text.join([new Text(quote), inside, new Text(quote)]);
}

function escaped(character: string, quote: string): string {
  if (character === quote) return `\\${quote}`;
  if (character in SHORT) return SHORT[character] ?? character;
  return character === " " || !UNPRINTABLE.test(character) ? character : codeOf(character);
}

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}
