/** Filters of texts. What is no text is written as one first. */
import type { Given } from "./arguments.js";
import { capitalize, lower, titleFilter, upper } from "./case.js";
import * as cut from "./cutting.js";
import { TemplateError } from "./errors.js";
import { type Filter, filter } from "./filter.js";
import { escaped, markup } from "./markup.js";
import { percent } from "./percent.js";
import { characterCount, lengthOf, offsetOf } from "./sequences.js";
import { str } from "./show.js";
import { requireRoom, Text } from "./text.js";
import { isTrue, numberOf, Tuple, type Value } from "./values.js";

const escapeFilter = filter("escape", [], (value) => escaped(str(value)));

export const TEXT_FILTERS: readonly (readonly [string, Filter])[] = [
  filter("string", [], str),
  filter("safe", [], (value) => markup(str(value))),
  escapeFilter,
  ["e", escapeFilter[1]],
  filter("forceescape", [], (value) => escaped(new Text(str(value).value, str(value).spans))),
  filter("upper", [], (value) => upper(str(value))),
  filter("lower", [], (value) => lower(str(value))),
  filter("capitalize", [], (value) => capitalize(str(value))),
  filter("title", [], (value) => titleFilter(str(value))),
  filter("trim", ["chars"], (value, given) => cut.strip(str(value), given.optionalText("chars"))),
  filter("replace", ["old", "new", "count"], (value, given) => {
    const count = numberOf(given.or("count", null)) ?? -1;
    return cut.replace(str(value), str(given.value("old")), str(given.value("new")), count);
  }),
  filter("center", ["width"], (value, given) => {
    const width = given.integer("width", 80);
    requireRoom(width);
    return cut.pad(str(value), width, "center", new Text(" "));
  }),
  filter("indent", ["width", "first", "blank"], indent),
  filter("truncate", ["length", "killwords", "end", "leeway"], truncate),
  filter("wordcount", [], (value) => str(value).value.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  [
    "format",
    (value, { positional, named }) => {
      if (positional.length > 0 && named.size > 0)
        throw new TemplateError("can't handle positional and keyword arguments at the same time");
      return percent(str(value), named.size > 0 ? named : new Tuple(positional));
    },
  ],
];

function indent(value: Value, given: Given): Text {
  const width = given.or("width", 4);
  const spaces = width instanceof Text ? width : new Text(" ".repeat(bounded(given.integer("width", 4))));
  const [first, ...others] = cut.splitLines(Text.join([str(value), new Text("\n")]), false);
  const blank = isTrue(given.or("blank", false));
  const indented = others.map((line) => (blank || line.value !== "" ? Text.join([spaces, line]) : line));
  const text = Text.join([first ?? new Text(""), ...indented], new Text("\n"));
  return isTrue(given.or("first", false)) ? Text.join([spaces, text]) : text;
}

function bounded(width: number): number {
  requireRoom(width);
  return Math.max(0, width);
}

function truncate(value: Value, given: Given): Value {
  const text = str(value);
  const [length, end, leeway] = [given.integer("length", 255), given.text("end", "..."), numberOf(given.or("leeway", null)) ?? 5];
  if (length < characterCount(end.value)) throw new TemplateError(`expected length >= ${characterCount(end.value)}, got ${length}`);
  if (lengthOf(value) <= length + leeway) return value;
  const cutText = text.slice(0, offsetOf(text.value, length - characterCount(end.value)));
  if (isTrue(given.or("killwords", false))) return Text.join([cutText, end]);
  return Text.join([cut.rsplit(cutText, new Text(" "), 1)[0] ?? cutText, end]);
}
