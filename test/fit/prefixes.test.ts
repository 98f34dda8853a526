import { expect, it } from "vitest";
import { END, PREFIX_LENGTHS, readingsOf } from "../../src/fit/prefixes.js";

const tokens = (length: number, start = 0) => Int32Array.from({ length }, (_, index) => start + index);
const lengths = (chosen: Int32Array, rejected: Int32Array) =>
  readingsOf(chosen, rejected).map((each) => (each.place === END ? [each.chosen, each.rejected] : each.chosen));

it("reads both sides at the prefixes that both have, and at their ends", () => {
  expect(PREFIX_LENGTHS).toEqual([4, 8, 16, 32, 64, 128]);
  expect(lengths(tokens(3), tokens(70, 500))).toEqual([[3, 70]]);
  expect(lengths(tokens(40), tokens(70, 500))).toEqual([4, 8, 16, 32, [40, 70]]);
  expect(lengths(tokens(300), tokens(301, 500))).toEqual([4, 8, 16, 32, 64, 128, [300, 301]]);
});

it("reads nothing twice, and nothing before the responses part", () => {
  expect(lengths(tokens(8), tokens(8, 500))).toEqual([4, [8, 8]]);
  expect(lengths(tokens(8), tokens(9, 500))).toEqual([4, 8, [8, 9]]);
  const parted = tokens(20).with(9, -1);
  expect(lengths(tokens(20), parted)).toEqual([16, [20, 20]]);
  expect(lengths(tokens(20), tokens(30))).toEqual([[20, 30]]);
});
