/** Digits of numbers between two bounds. */
import { literal, sequence, times } from "./gbnf-text.js";

/** Without bounds, as many digits as llama.cpp's own JSON grammar allows. */
const MAX_DIGITS = 16;
const MOST = 10n ** BigInt(MAX_DIGITS) - 1n;

/** A bound, in digits: of a whole number's part after the point. */
export interface Edge {
  readonly digits: string;
  /** The bound itself is excluded. */
  readonly open: boolean;
}

/** Integers from `low` to `high`; undefined where there are none. Open ends stop at 16 digits. */
export function integers(low: bigint | undefined, high: bigint | undefined): string | undefined {
  const from = low === undefined || low < -MOST ? -MOST : low;
  const to = high === undefined || high > MOST ? MOST : high;
  if (from > to) return undefined;
  const parts: string[] = [];
  if (from < 0n) parts.push(sequence('"-"', group(naturals(to < 0n ? -to : 1n, -from))));
  if (to >= 0n) parts.push(...naturals(from > 0n ? from : 0n, to));
  return parts.join(" | ");
}

/** Alternatives for `from` to `to`, both at least 0. */
export function naturals(from: bigint, to: bigint): string[] {
  const parts: string[] = [];
  let start = from;
  if (start === 0n && to >= 9n) {
    parts.push('"0"');
    start = 1n;
  }
  let whole: { first: number; last: number } | undefined;
  while (start <= to) {
    const length = String(start).length;
    const next = 10n ** BigInt(length);
    const end = to < next ? to : next - 1n;
    if (start === next / 10n && end === next - 1n) whole = { first: whole?.first ?? length, last: length };
    else parts.push(...sameLength(String(start), String(end)));
    start = end + 1n;
  }
  if (whole !== undefined) parts.push(sequence("[1-9]", times("[0-9]", whole.first - 1, whole.last - 1)));
  return parts;
}

function sameLength(from: string, to: string): string[] {
  let shared = 0;
  while (shared < from.length && from[shared] === to[shared]) shared++;
  if (shared === from.length) return [literal(from)];
  if (shared > 0) return [sequence(literal(from.slice(0, shared)), group(sameLength(from.slice(shared), to.slice(shared))))];
  const left = from.length - 1;
  const zeros = "0".repeat(left);
  const nines = "9".repeat(left);
  const parts: string[] = [];
  let [first, last] = [Number(from[0]), Number(to[0])];
  if (from.slice(1) !== zeros) parts.push(sequence(literal(from[0]), group(sameLength(from.slice(1), nines))));
  if (from.slice(1) !== zeros) first++;
  if (to.slice(1) !== nines) last--;
  if (first <= last) parts.push(sequence(digit(first, last), times("[0-9]", left, left)));
  if (to.slice(1) !== nines) parts.push(sequence(literal(to[0]), group(sameLength(zeros, to.slice(1)))));
  return parts;
}

/**
 * What may follow a whole part whose fraction lies between two bounds (undefined: none on that side): nothing, or a point and up
 * to `places` digits. Undefined where nothing fits.
 */
export function fraction(low: Edge | undefined, high: Edge | undefined, places: number): string | undefined {
  const parts = fractionDigits(low, high, places, true);
  const some = parts.filter((part) => part !== "");
  const none = some.length < parts.length;
  if (some.length === 0) return none ? "" : undefined;
  return none ? `( "." ${group(some)} )?` : sequence('"."', group(some));
}

/** Alternatives for the digits after a point; "" is one where there may be no more. */
function fractionDigits(low: Edge | undefined, high: Edge | undefined, places: number, first: boolean): string[] {
  const from = low?.digits === "" && !low.open ? undefined : low;
  const parts: string[] = [];
  const mayEnd = from === undefined && (high === undefined || high.digits !== "" || !high.open);
  if (mayEnd) parts.push("");
  if (places === 0) return parts;
  if (from === undefined && high === undefined) return first ? ["", times("[0-9]", 1, places)] : [times("[0-9]", 0, places)];

  const lowest = Number(from?.digits[0] ?? 0);
  const highest = high === undefined ? 9 : Number(high.digits[0] ?? 0);
  const edges = new Set([...(from ? [lowest] : []), ...(high ? [highest] : [])].filter((each) => each >= lowest && each <= highest));
  for (const edge of edges) {
    const rest = fractionDigits(
      from && edge === lowest ? tail(from) : undefined,
      high && edge === highest ? tail(high) : undefined,
      places - 1,
      false,
    );
    if (rest.length > 0) parts.push(sequence(literal(String(edge)), group(rest)));
  }
  const [begin, end] = [from ? lowest + 1 : lowest, high ? highest - 1 : highest];
  if (begin <= end) parts.push(sequence(digit(begin, end), times("[0-9]", 0, places - 1)));
  return parts;
}

function tail({ digits, open }: Edge): Edge {
  return { digits: digits.slice(1), open };
}

function digit(first: number, last: number): string {
  return first === last ? literal(String(first)) : `[${first}-${last}]`;
}

/** One of `parts`, in parentheses where they are needed. */
export function group(parts: readonly string[]): string {
  if (parts.length === 1) return parts[0];
  const some = parts.filter((part) => part !== "");
  return some.length < parts.length ? `( ${some.join(" | ")} )?` : `( ${parts.join(" | ")} )`;
}
