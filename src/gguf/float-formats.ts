/** Floating-point formats of weight files, as 32-bit floats and back. Little-endian, as the files are and as Node's platforms are. */

/** safetensors' names of the formats that weights come in. */
export type FloatFormat = "F64" | "F32" | "F16" | "BF16";

export const FLOAT_BYTES: Readonly<Record<FloatFormat, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };

/** The largest finite F16. */
export const F16_MAX = 65504;

export function isFloatFormat(format: string): format is FloatFormat {
  return Object.hasOwn(FLOAT_BYTES, format);
}

/** Numbers of a buffer that starts with the first and ends with the last of them. Exact, but for F64, which is rounded. */
export function decodeFloats(format: FloatFormat, bytes: ArrayBuffer): Float32Array {
  switch (format) {
    case "F64":
      return Float32Array.from(new Float64Array(bytes));
    case "F32":
      return new Float32Array(bytes);
    case "F16": {
      halves ??= halfTable();
      const table = halves;
      return Float32Array.from(new Uint16Array(bytes), (bits) => table[bits] as number);
    }
    case "BF16": {
      const source = new Uint16Array(bytes);
      const bits = new Uint32Array(source.length);
      for (let i = 0; i < source.length; i++) bits[i] = (source[i] as number) << 16;
      return new Float32Array(bits.buffer);
    }
  }
}

/** Rounded to the nearest F16, ties to even; what is larger than F16_MAX becomes infinite. */
export function encodeHalves(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = toHalf(bits[i] as number);
  return halves;
}

/** Index of the first number that is infinite or not a number; -1 when there is none. */
export function firstNonFinite(format: FloatFormat, bytes: ArrayBuffer): number {
  // A number is finite unless all bits of its exponent are set: whole words are compared, nothing is converted.
  switch (format) {
    case "F64":
      return new Float64Array(bytes).findIndex((value) => !Number.isFinite(value));
    case "F32":
      return firstWithExponent(new Uint32Array(bytes), 0x7f800000);
    case "F16":
      return firstWithExponent(new Uint16Array(bytes), 0x7c00);
    case "BF16":
      return firstWithExponent(new Uint16Array(bytes), 0x7f80);
  }
}

function firstWithExponent(words: Uint16Array | Uint32Array, mask: number): number {
  for (let i = 0; i < words.length; i++) {
    if (((words[i] as number) & mask) === mask) return i;
  }
  return -1;
}

let halves: Float32Array | undefined;

/** The value of each of the 65,536 F16 numbers. */
function halfTable(): Float32Array {
  return Float32Array.from({ length: 1 << 16 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to 65,520 or more
  if (magnitude >= 0x38800000) return sign | rounded(magnitude - 0x38000000, 13); // normal: the exponent's bias changes by 112
  if (magnitude <= 0x33000000) return sign; // at most half of the smallest
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  return sign | rounded(fraction, 126 - (magnitude >>> 23)); // subnormal: units of 2^-24
}

/** `value` without its last `shift` bits, to the nearest, ties to even. A carry into the exponent is what it should be. */
function rounded(value: number, shift: number): number {
  const kept = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}
