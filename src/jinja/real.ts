/** Numbers with a fraction in Python's formats e, f and g: rounded from their exact value, ties to the even digit. */
import { requireRoom } from "./text.js";

export interface RealFormat {
  /** e, f or g; in upper case for upper case. */
  kind: string;
  precision: number;
  /** "#": the point stays, and g keeps its zeros. */
  alternate?: boolean;
  /** A fraction of one digit at least, as str() has it: g for what says no kind. */
  dotted?: boolean;
}

/** `size`: not negative. */
export function real(size: number, format: RealFormat): string {
  const kind = format.kind.toLowerCase();
  const text = Number.isFinite(size) ? finite(size, { ...format, kind }) : Number.isNaN(size) ? "nan" : "inf";
  return format.kind === kind ? text : text.toUpperCase();
}

function finite(size: number, { kind, precision, alternate = false, dotted = false }: RealFormat): string {
  requireRoom(precision);
  if (kind === "f") return alternate ? pointed(fixed(size, precision)) : fixed(size, precision);
  if (kind === "e") return alternate ? pointed(scientific(size, precision).text) : scientific(size, precision).text;
  const significant = Math.max(1, precision);
  const { text, exponent } = scientific(size, significant - 1);
  if (exponent < -4 || exponent >= significant - Number(dotted)) return alternate ? pointed(text) : withoutZeros(text);
  const plain = fixed(size, significant - 1 - exponent);
  if (alternate) return pointed(plain);
  const short = withoutZeros(plain);
  return dotted && !short.includes(".") ? `${short}.0` : short;
}

/** With a point, whatever follows it. */
export function pointed(text: string): string {
  return text.includes(".") ? text : text.replace(/e|$/, ".$&");
}

function withoutZeros(text: string): string {
  const [digits = "", ...exponent] = text.split(/(?=e)/);
  return [digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits, ...exponent].join("");
}

/** No number has more digits than that behind its point, or in all. */
const MOST_DIGITS = 1100;

function fixed(size: number, places: number): string {
  const exact = Math.min(places, MOST_DIGITS);
  const digits = scaled(size, exact).padStart(exact + 1, "0");
  if (places === 0) return digits;
  return `${digits.slice(0, digits.length - exact)}.${digits.slice(digits.length - exact)}${"0".repeat(places - exact)}`;
}

function scientific(size: number, places: number): { text: string; exponent: number } {
  const exact = Math.min(places, MOST_DIGITS);
  // As the shortest digits have it, which may be one off.
  let exponent = Number(size.toExponential().split("e")[1]);
  let digits = scaled(size, exact - exponent);
  while (size !== 0 && digits.length !== exact + 1) {
    exponent += digits.length > exact + 1 ? 1 : -1;
    digits = scaled(size, exact - exponent);
  }
  const fraction = places === 0 ? "" : `.${digits.slice(1).padEnd(places, "0")}`;
  const shown = String(Math.abs(exponent)).padStart(2, "0");
  return { text: `${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${shown}`, exponent };
}

/** size · 10^power, rounded to an integer. */
function scaled(size: number, power: number): string {
  const [numerator, denominator] = fractionOf(size);
  const over = numerator * 10n ** BigInt(Math.max(0, power));
  const under = denominator * 10n ** BigInt(Math.max(0, -power));
  const [whole, rest] = [over / under, (over % under) * 2n];
  return String(rest > under || (rest === under && whole % 2n === 1n) ? whole + 1n : whole);
}

function fractionOf(size: number): [bigint, bigint] {
  let [value, halvings] = [size, 0];
  while (!Number.isInteger(value)) {
    value *= 2;
    halvings++;
  }
  return [BigInt(value), 1n << BigInt(halvings)];
}
