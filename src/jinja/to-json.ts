/** transformers' tojson: json.dumps() without jinja2's escapes for HTML. */
import type { Given } from "./arguments.js";
import { compareTexts } from "./compare.js";
import { TemplateError } from "./errors.js";
import { iterate } from "./sequences.js";
import { floatText, integerText } from "./show.js";
import { EMPTY, requireRoom, Text } from "./text.js";
import { Dict, Float, isTrue, List, Tuple, typeName, type Value } from "./values.js";

interface Style {
  ascii: boolean;
  /** Null: on one line. */
  indent: Text | null;
  item: Text;
  key: Text;
  sorted: boolean;
}

/** @throws TemplateError for what is not JSON */
export function toJson(value: Value, given: Given): Text {
  const indent = indentOf(given.or("indent", null));
  const separators = given.or("separators", null);
  const [item, key] = separators === null ? [new Text(indent === null ? ", " : ","), new Text(": ")] : iterate(separators).map(separator);
  if (item === undefined || key === undefined) throw new TemplateError("tojson's separators are two texts");
  const style = { ascii: isTrue(given.or("ensure_ascii", false)), indent, item, key, sorted: isTrue(given.or("sort_keys", false)) };
  return dump(value, style, new Text("\n"));
}

function indentOf(indent: Value): Text | null {
  if (indent === null || indent instanceof Text) return indent;
  if (typeof indent !== "number" && typeof indent !== "boolean") throw new TemplateError("tojson's indent is a number or a text");
  requireRoom(Number(indent));
  return new Text(" ".repeat(Math.max(0, Number(indent))));
}

function separator(value: Value): Text {
  if (value instanceof Text) return value;
  throw new TemplateError("tojson's separators are texts");
}

/** `line`: the line end with the indentation of the place. */
function dump(value: Value, style: Style, line: Text): Text {
  if (value instanceof Text) return quoted(value, style.ascii);
  if (value instanceof List || value instanceof Tuple) {
    return block("[", value.items, "]", style, line, (item, inner) => dump(item, style, inner));
  }
  if (value instanceof Dict) {
    const entries = style.sorted ? value.entries().sort(([a], [b]) => compareTexts(keyText(a).value, keyText(b).value)) : value.entries();
    return block("{", entries, "}", style, line, ([key, each], inner) => {
      return Text.join([quoted(keyText(key), style.ascii), dump(each, style, inner)], style.key);
    });
  }
  return new Text(scalar(value));
}

function block<T>(open: string, items: readonly T[], close: string, style: Style, line: Text, write: (item: T, line: Text) => Text): Text {
  if (items.length === 0) return new Text(open + close);
  const [inner, last] = style.indent === null ? [EMPTY, EMPTY] : [Text.join([line, style.indent]), line];
  const body = Text.join(
    items.map((item) => write(item, inner)),
    Text.join([style.item, inner]),
  );
  return Text.join([new Text(open), inner, body, last, new Text(close)]);
}

function scalar(value: Value): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return integerText(value);
  if (!(value instanceof Float)) throw new TemplateError(`Object of type ${typeName(value)} is not JSON serializable`);
  if (Number.isFinite(value.value)) return floatText(value.value);
  return Number.isNaN(value.value) ? "NaN" : value.value > 0 ? "Infinity" : "-Infinity";
}

function keyText(key: Value): Text {
  if (key instanceof Text) return key;
  if (key === null || typeof key !== "object" || key instanceof Float) return new Text(scalar(key));
  throw new TemplateError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

const SHORT: Readonly<Record<string, string>> = {
  ...{ '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f" },
};

function quoted(text: Text, ascii: boolean): Text {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes them
  const special = ascii ? /["\\]|[^ -~]/g : /["\\\u0000-\u001f]/g;
  const escaped = text.map((run) =>
    run.replace(special, (unit) => SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
  return Text.join([new Text('"'), escaped, new Text('"')]);
}
