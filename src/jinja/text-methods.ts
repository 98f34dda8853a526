/** Methods of Python's str. */
import { callable, type Given } from "./arguments.js";
import * as cased from "./case.js";
import * as cut from "./cutting.js";
import { TemplateError } from "./errors.js";
import { characterCount, iterate, offsetOf } from "./sequences.js";
import { requireRoom, Text } from "./text.js";
import { type Callable, List, Tuple, typeName, type Value } from "./values.js";

type Method = readonly [parameters: readonly string[], run: (text: Text, given: Given) => Value];

const METHODS: Readonly<Record<string, Method>> = {
  upper: [[], (text) => cased.upper(text)],
  lower: [[], (text) => cased.lower(text)],
  casefold: [[], (text) => cased.lower(text)],
  swapcase: [[], (text) => cased.swapCase(text)],
  capitalize: [[], (text) => cased.capitalize(text)],
  title: [[], (text) => cased.title(text)],
  strip: [["chars"], (text, given) => cut.strip(text, given.optionalText("chars"))],
  lstrip: [["chars"], (text, given) => cut.strip(text, given.optionalText("chars"), "left")],
  rstrip: [["chars"], (text, given) => cut.strip(text, given.optionalText("chars"), "right")],
  split: [["sep", "maxsplit"], (text, given) => new List(cut.split(text, given.optionalText("sep"), given.integer("maxsplit", -1)))],
  rsplit: [["sep", "maxsplit"], (text, given) => new List(cut.rsplit(text, given.optionalText("sep"), given.integer("maxsplit", -1)))],
  splitlines: [["keepends"], (text, given) => new List(cut.splitLines(text, given.or("keepends", false) === true))],
  partition: [["sep"], (text, given) => new Tuple(cut.partition(text, given.text("sep"), false))],
  rpartition: [["sep"], (text, given) => new Tuple(cut.partition(text, given.text("sep"), true))],
  removeprefix: [
    ["prefix"],
    (text, given) => (text.value.startsWith(given.text("prefix").value) ? text.slice(given.text("prefix").value.length) : text),
  ],
  removesuffix: [["suffix"], (text, given) => removeSuffix(text, given.text("suffix").value)],
  replace: [["old", "new", "count"], (text, given) => cut.replace(text, given.text("old"), given.text("new"), given.integer("count", -1))],
  join: [["iterable"], (text, given) => Text.join(iterate(given.value("iterable")).map(joinable), text)],
  startswith: [["prefix", "start", "end"], (text, given) => affixed(text, given, "prefix", (part, affix) => part.startsWith(affix))],
  endswith: [["suffix", "start", "end"], (text, given) => affixed(text, given, "suffix", (part, affix) => part.endsWith(affix))],
  find: [["sub", "start", "end"], (text, given) => find(text, given, false)],
  rfind: [["sub", "start", "end"], (text, given) => find(text, given, true)],
  index: [["sub", "start", "end"], (text, given) => found(find(text, given, false))],
  rindex: [["sub", "start", "end"], (text, given) => found(find(text, given, true))],
  count: [["sub", "start", "end"], (text, given) => count(between(text, given).value, given.text("sub").value)],
  center: [["width", "fillchar"], (text, given) => pad(text, given, "center")],
  ljust: [["width", "fillchar"], (text, given) => pad(text, given, "left")],
  rjust: [["width", "fillchar"], (text, given) => pad(text, given, "right")],
  zfill: [["width"], (text, given) => zeros(text, given.integer("width"))],
  expandtabs: [["tabsize"], (text, given) => expandTabs(text, given.integer("tabsize", 8))],
  isalpha: [[], (text) => every(text, /^\p{L}$/u)],
  isdigit: [[], (text) => every(text, /^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]$/u)],
  isdecimal: [[], (text) => every(text, /^\p{Nd}$/u)],
  isnumeric: [[], (text) => every(text, /^\p{N}$/u)],
  isalnum: [[], (text) => every(text, /^[\p{L}\p{N}]$/u)],
  isspace: [[], (text) => text.value !== "" && cut.strip(text, null).value === ""],
  isascii: [[], (text) => [...text.value].every((character) => character < "\u0080")],
  isidentifier: [[], (text) => /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u.test(text.value)],
  isprintable: [[], (text) => !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(text.value)],
  islower: [[], (text) => cased.isLower(text.value)],
  isupper: [[], (text) => cased.isUpper(text.value)],
  istitle: [[], (text) => /\p{L}/u.test(text.value) && cased.title(text).value === text.value],
};

export function textMethod(text: Text, name: string): Callable | undefined {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (method === undefined) return undefined;
  const [parameters, run] = method;
  return callable(name, parameters, (given) => run(text, given));
}

function joinable(item: Value, index: number): Text {
  if (item instanceof Text) return item;
  throw new TemplateError(`sequence item ${index}: expected str instance, ${typeName(item)} found`);
}

function removeSuffix(text: Text, suffix: string): Text {
  return suffix !== "" && text.value.endsWith(suffix) ? text.slice(0, text.value.length - suffix.length) : text;
}

/** text[start:end] of the arguments. */
function between(text: Text, given: Given): Text {
  const length = characterCount(text.value);
  const [start, end] = [place(given.or("start", null), 0, length), place(given.or("end", null), length, length)];
  return start < end ? text.slice(offsetOf(text.value, start), offsetOf(text.value, end)) : new Text("");
}

function place(value: Value, otherwise: number, length: number): number {
  if (typeof value !== "number") return otherwise;
  return value < 0 ? Math.max(0, value + length) : Math.min(value, length);
}

function affixed(text: Text, given: Given, name: string, test: (part: string, affix: string) => boolean): boolean {
  const affix = given.value(name);
  const affixes = affix instanceof Tuple ? affix.items : [affix];
  const part = between(text, given).value;
  return affixes.some((each) => {
    if (each instanceof Text) return test(part, each.value);
    const method = name === "prefix" ? "startswith" : "endswith";
    throw new TemplateError(`${method} first arg must be str or a tuple of str, not ${typeName(each)}`);
  });
}

function find(text: Text, given: Given, last: boolean): number {
  const part = between(text, given).value;
  const sub = given.text("sub").value;
  const offset = last ? part.lastIndexOf(sub) : part.indexOf(sub);
  if (offset < 0) return -1;
  return place(given.or("start", null), 0, characterCount(text.value)) + characterCount(part.slice(0, offset));
}

function found(at: number): number {
  if (at < 0) throw new TemplateError("substring not found");
  return at;
}

function count(text: string, sub: string): number {
  return sub === "" ? characterCount(text) + 1 : text.split(sub).length - 1;
}

function pad(text: Text, given: Given, where: "left" | "right" | "center"): Text {
  const width = given.integer("width");
  requireRoom(width);
  return cut.pad(text, width, where, given.text("fillchar", " "));
}

function zeros(text: Text, width: number): Text {
  requireRoom(width);
  const sign = /^[-+]/.test(text.value) ? 1 : 0;
  const missing = Math.max(0, width - characterCount(text.value));
  return Text.join([text.slice(0, sign), new Text("0".repeat(missing)), text.slice(sign)]);
}

function expandTabs(text: Text, size: number): Text {
  let column = 0;
  return text.map((run) =>
    run.replace(/\t|\n|\r|[^\t\n\r]+/g, (part) => {
      if (part === "\n" || part === "\r") column = 0;
      else if (part !== "\t") column += part.length;
      if (part !== "\t") return part;
      const spaces = size > 0 ? size - (column % size) : 0;
      column += spaces;
      requireRoom(spaces);
      return " ".repeat(spaces);
    }),
  );
}

function every(text: Text, pattern: RegExp): boolean {
  return text.value !== "" && [...text.value].every((character) => pattern.test(character));
}
