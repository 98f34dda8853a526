/** == and <, as Python has them. */
import { TemplateError } from "./errors.js";
import { Text } from "./text.js";
import { Dict, List, numberOf, Tuple, typeName, Undefined, type Value, View } from "./values.js";

export function equal(a: Value, b: Value): boolean {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined || y !== undefined) return x === y;
  if (a instanceof Text && b instanceof Text) return a.value === b.value;
  if (a instanceof List && b instanceof List) return equalItems(a.items, b.items);
  if (a instanceof Tuple && b instanceof Tuple) return equalItems(a.items, b.items);
  if (a instanceof View && b instanceof View) return a.kind === b.kind && equalItems(a.items, b.items);
  if (a instanceof Dict && b instanceof Dict) return equalDicts(a, b);
  if (a instanceof Undefined && b instanceof Undefined) return true;
  return a === b;
}

function equalItems(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, index) => equal(item, b[index] as Value));
}

function equalDicts(a: Dict, b: Dict): boolean {
  return (
    a.size === b.size &&
    a.entries().every(([key, value]) => {
      const other = b.get(key);
      return other !== undefined && equal(value, other);
    })
  );
}

/** Below 0, 0 or above, for values that have an order. @throws TemplateError naming the operator for those that do not */
export function compare(a: Value, b: Value, operator: string): number {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x === y ? 0 : x < y ? -1 : x > y ? 1 : Number.NaN;
  if (a instanceof Text && b instanceof Text) return compareTexts(a.value, b.value);
  if ((a instanceof List && b instanceof List) || (a instanceof Tuple && b instanceof Tuple)) {
    const place = a.items.findIndex((item, index) => index >= b.items.length || !equal(item, b.items[index] as Value));
    if (place < 0) return a.items.length - b.items.length;
    return place >= b.items.length ? 1 : compare(a.items[place] as Value, b.items[place] as Value, operator);
  }
  for (const side of [a, b]) if (side instanceof Undefined) side.fail();
  throw new TemplateError(`'${operator}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`);
}

/** By characters; UTF-16 units would put some of them in another order. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  let at = 0;
  while (a[at] === b[at]) at++;
  // A pair's second half differs where the first is shared: step back to where the character begins.
  const low = at > 0 && /[\udc00-\udfff]/.test(`${a[at]}`) ? at - 1 : at;
  return (a.codePointAt(low) ?? -1) - (b.codePointAt(low) ?? -1);
}
