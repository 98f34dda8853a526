/** Arithmetic and its like, on Python's values. */
import type { BinaryOperator, CompareOperator } from "./ast.js";
import { compare, equal } from "./compare.js";
import { TemplateError } from "./errors.js";
import { joined } from "./markup.js";
import { percent } from "./percent.js";
import { contains } from "./sequences.js";
import { requireRoom, Text } from "./text.js";
import { Dict, Float, List, numberOf, Tuple, typeName, Undefined, type Value } from "./values.js";

/** Items of a list, at most. */
export const MOST_ITEMS = 100_000;

export function requireItems(count: number): void {
  if (count > MOST_ITEMS) throw new TemplateError(`it makes an array of more than ${MOST_ITEMS} items`);
}

export function binary(operator: BinaryOperator, left: Value, right: Value): Value {
  if (operator === "%" && left instanceof Text) return percent(left, right);
  for (const side of [left, right]) if (side instanceof Undefined) side.fail();
  const sequence = ofSequences(operator, left, right);
  if (sequence !== undefined) return sequence;
  const [x, y] = [numberOf(left), numberOf(right)];
  if (x === undefined || y === undefined) throw unsupported(operator, left, right);
  return arithmetic(operator, x, y, left instanceof Float || right instanceof Float);
}

function unsupported(operator: string, left: Value, right: Value): TemplateError {
  if (operator === "+" && left instanceof Text) return new TemplateError(`can only concatenate str (not "${typeName(right)}") to str`);
  const name = operator === "**" ? "** or pow()" : operator;
  return new TemplateError(`unsupported operand type(s) for ${name}: '${typeName(left)}' and '${typeName(right)}'`);
}

/** + and * of texts and lists. */
function ofSequences(operator: BinaryOperator, left: Value, right: Value): Value | undefined {
  if (operator === "+") {
    if (left instanceof Text && right instanceof Text) return joined(left, right);
    if (left instanceof List && right instanceof List) return new List(concatenated(left.items, right.items));
    if (left instanceof Tuple && right instanceof Tuple) return new Tuple(concatenated(left.items, right.items));
  }
  if (operator !== "*") return undefined;
  if (isCount(right)) return repeated(left, Number(right));
  return isCount(left) ? repeated(right, Number(left)) : undefined;
}

function isCount(value: Value): value is number | boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function concatenated(left: readonly Value[], right: readonly Value[]): Value[] {
  requireItems(left.length + right.length);
  return [...left, ...right];
}

function repeated(value: Value, times: number): Value | undefined {
  const count = Math.max(0, times);
  if (value instanceof Text) {
    requireRoom(value.value.length * count);
    return value.value === "" ? value : Text.join(Array.from({ length: count }, () => value));
  }
  if (!(value instanceof List || value instanceof Tuple)) return undefined;
  requireItems(value.items.length * count);
  const items = value.items.length === 0 ? [] : Array.from({ length: count }, () => value.items).flat();
  return value instanceof List ? new List(items) : new Tuple(items);
}

function arithmetic(operator: BinaryOperator, x: number, y: number, float: boolean): Value {
  if (y === 0 && ["/", "//", "%"].includes(operator)) throw new TemplateError(zeroDivision(operator, float));
  if (operator === "/") return new Float(x / y);
  if (operator === "**" && y < 0) return new Float(x ** y);
  const value = calculate(operator, x, y);
  return float ? new Float(value) : value;
}

function calculate(operator: BinaryOperator, x: number, y: number): number {
  switch (operator) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "//":
      return Math.floor(x / y);
    case "%":
      return x - y * Math.floor(x / y);
    default:
      return x ** y;
  }
}

function zeroDivision(operator: string, float: boolean): string {
  if (operator === "/") return float ? "float division by zero" : "division by zero";
  return float ? `float ${operator === "%" ? "modulo" : "floor division by zero"}` : "integer division or modulo by zero";
}

export function negative(value: Value): Value {
  if (value instanceof Float) return new Float(-value.value);
  if (value instanceof Undefined) return value.fail();
  const number = numberOf(value);
  if (number === undefined) throw new TemplateError(`bad operand type for unary -: '${typeName(value)}'`);
  return number === 0 ? 0 : -number;
}

export function positive(value: Value): Value {
  if (value instanceof Undefined) return value.fail();
  if (numberOf(value) === undefined) throw new TemplateError(`bad operand type for unary +: '${typeName(value)}'`);
  return typeof value === "boolean" ? Number(value) : value;
}

export function compares(operator: CompareOperator, left: Value, right: Value): boolean {
  switch (operator) {
    case "==":
      return equal(left, right);
    case "!=":
      return !equal(left, right);
    case "in":
      return contains(right, left);
    case "not in":
      return !contains(right, left);
    case "<":
      return compare(left, right, operator) < 0;
    case "<=":
      return compare(left, right, operator) <= 0;
    case ">":
      return compare(left, right, operator) > 0;
    default:
      return compare(left, right, operator) >= 0;
  }
}

/** Later entries win, as in {**a, **b}. */
export function merged(a: Dict, b: Dict): Dict {
  return new Dict([...a.entries(), ...b.entries()]);
}
