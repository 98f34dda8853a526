/** What `npm run bench` adds to the library: places, ratios, and the part of a page that it writes. */
import { describe, expect, it } from "vitest";
import { grid, star } from "../../bench/speed/places.js";
import { ratiosOf } from "../../bench/speed/ratios.js";
import { RAW } from "../../bench/speed/raw.js";
import { TRANSFORMERS } from "../../bench/speed/transformers.js";
import { replacedPart } from "../../bench/speed/write.js";
import { rowsOf, TITLE } from "../../src/bench/results.js";

const AXES = { type: ["q4_0", "f16"], prefix: [200, 1000], topK: [10], slots: [1, 8] };

it("a star has each other value once, with the first of the other axes", () => {
  expect(star(AXES)).toEqual([
    { type: "q4_0", prefix: 200, topK: 10, slots: 1 },
    { type: "f16", prefix: 200, topK: 10, slots: 1 },
    { type: "q4_0", prefix: 1000, topK: 10, slots: 1 },
    { type: "q4_0", prefix: 200, topK: 10, slots: 8 },
  ]);
  expect(grid(AXES)).toHaveLength(8);
});

describe("ratiosOf()", () => {
  const rows = (times: Record<string, number>) =>
    rowsOf(new Map(Object.entries(times).map(([name, ms]) => [name, [{ ms }, { ms: 2 * ms }]])), [], new Map());
  const base = { type: "q4_0", prefix: 200, topK: 10, slots: 1 };
  const [none, polling0, polling50] = RAW.pools;
  const found = ratiosOf([
    { place: base, rows: rows({ [TITLE.plain]: 5, [TITLE.exact]: 15, [none]: 30, [polling0]: 20, [polling50]: 25, [TRANSFORMERS]: 90 }) },
    { place: { ...base, slots: 8 }, rows: rows({ [TITLE.plain]: 2, [TITLE.exact]: 12 }) },
  ]);
  const of = (what: string, slots = 1) => found.find((ratio) => ratio.what === what && ratio.place.slots === slots);

  it("holds ARGS against the best of llama.cpp's pools", () => {
    expect(of("ARGS / llama.cpp by hand, the best of its pools")).toMatchObject({
      found: { median: 0.75 },
      goal: "at most 0.780",
      reached: true,
    });
  });

  it("says what is reached and what is not", () => {
    expect(of("transformers / ARGS")).toMatchObject({ found: { median: 6 }, goal: "at least 4.000", reached: true });
    expect(of("tokens/s of these slots / of one", 8)).toMatchObject({ found: { median: 1.25 }, goal: "at least 1.500", reached: false });
  });

  it("judges nothing without a goal, and leaves out what was not measured", () => {
    expect(of("ARGS / plain")).toMatchObject({ found: { median: 3 }, goal: null, reached: null });
    expect(of("shared trunk / ARGS")).toBeUndefined();
  });
});

describe("replacedPart()", () => {
  const page = "# Title\n\n<!-- speed -->\nold\n<!-- /speed -->\n\nmore\n";

  it("replaces what stands between the marks, and does it again", () => {
    const once = replacedPart(page, "speed", "new");
    expect(once).toBe("# Title\n\n<!-- speed -->\nnew\n<!-- /speed -->\n\nmore\n");
    expect(replacedPart(once, "speed", "new")).toBe(once);
  });

  it("refuses a page without the part", () => {
    expect(() => replacedPart(page, "other", "new")).toThrow(/no part <!-- other -->/);
  });
});
