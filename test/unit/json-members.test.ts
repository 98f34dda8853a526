/** Members of JSON objects as texts: held against JSON.parse(), which knows the values but not how they were written. */
import { describe, expect, it } from "vitest";
import { jsonMembers } from "../../src/files/json-members.js";
import { Random } from "../helpers/random.js";

const TEXTS = ["", "a", "\\", '"', '\\"', "}", ",:", "[{", "\n\t ", "ü€😀", "\ud800", "\u2028", "__proto__", "line"];

function randomValue(random: Random, depth: number): unknown {
  const kind = random.integer(0, depth > 0 ? 5 : 3);
  if (kind === 0) return random.pick([null, true, false]);
  if (kind === 1) return random.normal() * 10 ** random.integer(-3, 20);
  if (kind < 4) return random.pick(TEXTS) + random.pick(TEXTS);
  const values = Array.from({ length: random.integer(0, 4) }, () => randomValue(random, depth - 1));
  return kind === 4 ? values : Object.fromEntries(values.map((value) => [random.pick(TEXTS), value]));
}

describe("jsonMembers()", () => {
  it.each([undefined, 1, "\t "])("gives each member's own text, however the object is laid out: %j", (indent) => {
    const random = new Random(7);
    for (let round = 0; round < 500; round++) {
      const object = Object.fromEntries(Array.from({ length: random.integer(0, 5) }, () => [random.pick(TEXTS), randomValue(random, 3)]));
      const members = jsonMembers(JSON.stringify(object, null, indent));
      expect([...members]).toEqual(Object.entries(object).map(([name, value]) => [name, JSON.stringify(value)]));
    }
  });

  it("keeps numbers and escapes as they are written, and of two values of a name the later", () => {
    const json = String.raw`{"a":1.0,"b" : [ 1e3 , -0.00 ],"c":"\u00fc\/" , "a" : 98765432109876543210 }`;
    expect([...jsonMembers(json)]).toEqual([
      ["a", "98765432109876543210"],
      ["b", "[1e3,-0.00]"],
      ["c", String.raw`"\u00fc\/"`],
    ]);
  });

  it("takes texts of millions of escapes", () => {
    const text = '\\"'.repeat(1 << 20);
    expect(jsonMembers(JSON.stringify({ text, end: 1 })).get("text")).toBe(JSON.stringify(text));
  });
});
