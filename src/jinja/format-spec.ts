/** Python's format(value, spec): "*>+12,.2f". */
import { TemplateError } from "./errors.js";
import { pointed, real } from "./real.js";
import { characterCount, offsetOf } from "./sequences.js";
import { characterOf, integerText, str } from "./show.js";
import { requireRoom, Text } from "./text.js";
import { Float, numberOf, typeName, type Value } from "./values.js";

const SPEC = /^(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su;

interface Spec {
  fill: Text;
  align: string | undefined;
  sign: string | undefined;
  /** Without a sign for what was rounded to zero. */
  positive: boolean;
  alternate: boolean;
  width: number;
  group: string | undefined;
  precision: number | undefined;
  kind: string | undefined;
}

/** @throws TemplateError for what the value has not */
export function formatted(value: Value, text: Text): Text {
  if (text.value === "") return str(value);
  const number = numberOf(value);
  if (number === undefined && !(value instanceof Text))
    throw new TemplateError(`unsupported format string passed to ${typeName(value)}.__format__`);
  const spec = specOf(text, value);
  return value instanceof Text ? ofText(value, spec) : ofNumber(value, number ?? 0, spec);
}

function specOf(text: Text, value: Value): Spec {
  const found = SPEC.exec(text.value);
  if (found === null) throw new TemplateError(`Invalid format specifier '${text.value}' for object of type '${typeName(value)}'`);
  const [, fill, align, sign, positive, alternate, zero, width = "0", group, precision, kind] = found;
  requireRoom(Number(width));
  requireRoom(Number(precision ?? 0));
  if (group !== undefined && kind !== undefined && !(group === "," ? "deEfFgG%" : "deEfFgG%boxX").includes(kind))
    throw new TemplateError(`Cannot specify '${group}' with '${kind}'.`);
  return {
    fill: fill === undefined ? new Text(zero ?? " ") : text.slice(0, fill.length),
    align: align ?? (zero !== undefined && !(value instanceof Text) ? "=" : undefined),
    ...{ sign, positive: positive !== undefined, alternate: alternate !== undefined, group, kind },
    ...{ width: Number(width), precision: precision === undefined ? undefined : Number(precision) },
  };
}

function refuse(what: string | false, where: string): void {
  if (what !== false) throw new TemplateError(`${what} not allowed ${where}`);
}

function ofText(text: Text, { kind, sign, align, alternate, positive, group, precision, width, fill }: Spec): Text {
  if (kind !== undefined && kind !== "s") throw new TemplateError(`Unknown format code '${kind}' for object of type 'str'`);
  const where = "in string format specifier";
  refuse(sign !== undefined && (sign === " " ? "Space" : "Sign"), where);
  refuse(positive && "Negative zero coercion (z)", where);
  refuse(alternate && "Alternate form (#)", where);
  refuse(align === "=" && "'=' alignment", where);
  if (group !== undefined) throw new TemplateError(`Cannot specify '${group}' with 's'.`);
  const cut = precision === undefined ? text : text.slice(0, offsetOf(text.value, precision));
  return aligned([new Text(""), cut], width, align ?? "<", fill);
}

function ofNumber(value: Value, number: number, spec: Spec): Text {
  const { sign = "-", align = ">", fill, width, group, positive } = spec;
  const { prefix, digits } = value instanceof Float || isReal(spec.kind) ? realDigits(value, spec) : integerDigits(Math.abs(number), spec);
  const negative = (number < 0 || Object.is(number, -0)) && !(positive && !/[1-9a-z]/i.test(digits));
  const start = (negative ? "-" : sign === "-" ? "" : sign) + prefix;
  if (group === undefined || !Number.isFinite(number)) return aligned([new Text(start), new Text(digits)], width, align, fill);
  const zeros = align === "=" && fill.value === "0" ? width - start.length : 0;
  const each = "boxX".includes(spec.kind ?? "d") ? 4 : 3;
  return aligned([new Text(start), new Text(grouped(digits, group, each, zeros))], width, align, fill);
}

function isReal(kind: string | undefined): boolean {
  return kind !== undefined && "eEfFgG%".includes(kind);
}

interface Digits {
  prefix: string;
  digits: string;
}

function realDigits(value: Value, { kind, precision, alternate }: Spec): Digits {
  const size = Math.abs(numberOf(value) ?? 0);
  if (kind === "%") return { prefix: "", digits: `${real(size * 100, { kind: "f", precision: precision ?? 6, alternate })}%` };
  if (kind === undefined && precision === undefined) {
    const digits = str(new Float(size)).value;
    return { prefix: "", digits: alternate && Number.isFinite(size) ? pointed(digits) : digits };
  }
  if (kind !== undefined && kind !== "n" && !isReal(kind))
    throw new TemplateError(`Unknown format code '${kind}' for object of type 'float'`);
  const general = kind === undefined ? { kind: "g", dotted: true } : { kind: kind === "n" ? "g" : kind };
  return { prefix: "", digits: real(size, { ...general, precision: precision ?? 6, alternate }) };
}

const BASES: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16 };

function integerDigits(size: number, { kind = "d", precision, alternate, positive, sign }: Spec): Digits {
  refuse(precision !== undefined && "Precision", "in integer format specifier");
  refuse(positive && "Negative zero coercion (z)", "in integer format specifier");
  const base = BASES[kind];
  if (base !== undefined) {
    const [prefix, digits] = [alternate ? `0${kind}` : "", size.toString(base)];
    return { prefix, digits: kind === "X" ? digits.toUpperCase() : digits };
  }
  if (kind === "d" || kind === "n") return { prefix: "", digits: integerText(size) };
  if (kind !== "c") throw new TemplateError(`Unknown format code '${kind}' for object of type 'int'`);
  refuse(sign !== undefined && "Sign", "with integer format specifier 'c'");
  refuse(alternate && "Alternate form (#)", "with integer format specifier 'c'");
  return { prefix: "", digits: characterOf(size) };
}

/** `least`: how long it becomes at least, with zeros in front. */
function grouped(text: string, separator: string, each: number, least: number): string {
  const [, whole = "", rest = ""] = /^([0-9a-f]*)(.*)$/is.exec(text.replace(/e/g, "\n")) ?? [];
  const room = least - rest.length;
  const lengthOf = (digits: number): number => digits + Math.max(0, Math.floor((digits - 1) / each));
  let count = Math.max(whole.length, Math.floor((room * each) / (each + 1)) - each);
  while (lengthOf(count) < room) count++;
  const padded = whole.padStart(count, "0");
  const first = padded.length % each;
  const groups = padded.slice(first).match(new RegExp(`.{${each}}`, "g")) ?? [];
  return [...(first > 0 ? [padded.slice(0, first)] : []), ...groups].join(separator) + rest.replace(/\n/g, "e");
}

/** `text`: a sign and what "=" keeps at the right side. */
function aligned([sign, digits]: readonly [Text, Text], width: number, align: string, fill: Text): Text {
  const missing = Math.max(0, width - characterCount(sign.value) - characterCount(digits.value));
  const filled = (count: number): Text => Text.join(Array.from({ length: count }, () => fill));
  if (align === "=") return Text.join([sign, filled(missing), digits]);
  const left = align === "<" ? 0 : align === ">" ? missing : Math.floor(missing / 2);
  return Text.join([filled(left), sign, digits, filled(missing - left)]);
}
