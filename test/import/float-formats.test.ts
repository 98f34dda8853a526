import { describe, expect, it } from "vitest";
import { decodeFloats, encodeHalves, firstNonFinite } from "../../src/gguf/float-formats.js";
import { Random } from "../helpers/random.js";

describe("float formats", () => {
  it("reads every F16 back to itself", () => {
    const all = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
    expect(encodeHalves(decodeFloats("F16", all.slice().buffer))).toEqual(all);
  });

  it("rounds to the nearest F16, ties to even", () => {
    const half = (value: number): number => decodeFloats("F16", encodeHalves(Float32Array.of(value)).slice().buffer)[0] as number;
    expect(half(1 + 2 ** -11)).toBe(1);
    expect(half(1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9);
    expect(half(1 + 2 ** -11 + 2 ** -20)).toBe(1 + 2 ** -10);
    expect([half(2 ** -25), half(1.01 * 2 ** -25), half(3 * 2 ** -25)]).toEqual([0, 2 ** -24, 2 ** -23]);
    expect([half(65504), half(65519.9), half(65520), half(-1e30)]).toEqual([65504, 65504, Infinity, -Infinity]);
    expect(half(Number.NaN)).toBeNaN();
    const random = new Random(1);
    for (const value of random.normals(1000, 3))
      expect(Math.abs(half(value) - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -11 + 2 ** -25);
  });

  it("reads BF16 and F64", () => {
    expect(decodeFloats("BF16", Uint16Array.of(0x3f80, 0xc049, 0x7f80).slice().buffer)).toEqual(Float32Array.of(1, -3.140625, Infinity));
    expect(decodeFloats("F64", Float64Array.of(0.1, -2).slice().buffer)).toEqual(Float32Array.of(0.1, -2));
  });

  it("finds what is not finite", () => {
    const bad = [Number.NaN, Infinity, -Infinity];
    for (const value of bad) {
      expect(firstNonFinite("F32", Float32Array.of(1, -3e38, value).slice().buffer)).toBe(2);
      expect(firstNonFinite("F64", Float64Array.of(1, value).slice().buffer)).toBe(1);
      expect(firstNonFinite("F16", encodeHalves(Float32Array.of(value)).slice().buffer)).toBe(0);
    }
    expect(firstNonFinite("BF16", Uint16Array.of(0x7f7f, 0xff80).slice().buffer)).toBe(1);
    expect(firstNonFinite("F16", encodeHalves(Float32Array.of(65504, 0)).slice().buffer)).toBe(-1);
  });
});
