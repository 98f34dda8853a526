import { expect, it } from "vitest";
import { END, PREFIX_LENGTHS, placeName, readingsOf, TURN_END } from "../../src/fit/prefixes.js";

const tokens = (length: number, start = 0) => Int32Array.from({ length }, (_, index) => start + index);
const side = (response: Int32Array, turnEnd = tokens(0)) => ({ response, turnEnd });
const lengths = (chosen: Int32Array, rejected: Int32Array) =>
  readingsOf(side(chosen), side(rejected)).map((each) => (each.place === END ? [each.chosen, each.rejected] : each.chosen));

it("reads both sides at the prefixes that both have, and at their ends", () => {
  expect(PREFIX_LENGTHS).toEqual([4, 8, 16, 32, 64, 128, 192, 256]);
  expect(lengths(tokens(3), tokens(70, 500))).toEqual([[3, 70]]);
  expect(lengths(tokens(40), tokens(70, 500))).toEqual([4, 8, 16, 32, [40, 70]]);
  expect(lengths(tokens(300), tokens(301, 500))).toEqual([4, 8, 16, 32, 64, 128, 192, 256, [300, 301]]);
});

it("reads nothing twice, and nothing before the responses part", () => {
  expect(lengths(tokens(8), tokens(8, 500))).toEqual([4, [8, 8]]);
  expect(lengths(tokens(8), tokens(9, 500))).toEqual([4, 8, [8, 9]]);
  const parted = tokens(20).with(9, -1);
  expect(lengths(tokens(20), parted)).toEqual([16, [20, 20]]);
  expect(lengths(tokens(20), tokens(30))).toEqual([[20, 30]]);
});

it("reads the end of the turn behind both ends, where both have one", () => {
  const [chosen, rejected, turnEnd] = [tokens(3), tokens(5, 500), tokens(2, 900)];
  const places = readingsOf(side(chosen, turnEnd), side(rejected, turnEnd));
  expect(places).toEqual([
    { place: END, chosen: 3, rejected: 5 },
    { place: TURN_END, chosen: 5, rejected: 7 },
  ]);
  expect(places.map(({ place }) => placeName(place))).toEqual(["end", "turn end"]);
  expect(readingsOf(side(chosen, turnEnd), side(rejected))).toHaveLength(1);
});
