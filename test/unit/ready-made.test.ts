/** The rewards that come with the package, against their definitions, however the text is cut into candidates. */
import { describe, expect, it } from "vitest";
import { bannedWords, lengthTarget, matches, noRepeat, type RewardFunction } from "../../src/index.js";

/** mulberry32: the same texts every time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function rate(reward: RewardFunction, response: string, end = false): Promise<number> {
  const candidate = { token: 0, text: "", logProb: -1, response, end };
  const [value = Number.NaN] = Array.from(await reward([candidate], { prompt: "p", response: "", signal: undefined }));
  return value;
}

describe("bannedWords()", () => {
  const words = ["ab", "ba c", "caab"];
  const reward = bannedWords(words);
  /** The definition, as a regular expression. */
  const stands = (text: string): boolean =>
    words.some((word) => new RegExp(`(?<![\\p{L}\\p{N}_])${word}(?![\\p{L}\\p{N}_])`, "iu").test(text));

  it("bans exactly the texts in which one stands as whole words", async () => {
    const below = random(1);
    for (let count = 0; count < 4000; count += 1) {
      const text = Array.from({ length: 1 + below(9) }, () => "abcAB  .-é"[below(10)]).join("");
      const spaced = text.replace(/\s+/g, " ");
      expect((await rate(reward, text)) === Number.NEGATIVE_INFINITY, JSON.stringify(text)).toBe(stands(spaced));
    }
  });

  it("keeps them out of every text that grows by any pieces, as long as one piece is left", async () => {
    const below = random(2);
    const pieces = ["a", "b", "c", "ab", "ba", "aab", " ", ".", "b c", " ab", " ba", "b.", "\n"];
    for (let text = "", count = 0; count < 3000; count += 1) {
      const candidates = pieces.map((piece) => ({ token: 0, text: piece, logProb: -1, response: text + piece, end: false }));
      const values = Array.from(await reward(candidates, { prompt: "p", response: text, signal: undefined }));
      const allowed = candidates.filter((_, index) => values[index] !== Number.NEGATIVE_INFINITY);
      expect(allowed.length).toBeGreaterThan(0);
      text = text.length > 60 ? "" : (allowed[below(allowed.length)]?.response ?? "");
      expect(stands(text.replace(/\s+/g, " "))).toBe(false);
    }
  });

  it.each([
    ["a beef stew", 0],
    ["a frisbee", 0],
    ["a bee", Number.NEGATIVE_INFINITY],
    ["a Bee.", Number.NEGATIVE_INFINITY],
    ["bee-keeping", Number.NEGATIVE_INFINITY],
    ["a light  show!", Number.NEGATIVE_INFINITY],
    ["a light shower", 0],
    ["c++ is", Number.NEGATIVE_INFINITY],
    ["une cafe\u0301 noir", Number.NEGATIVE_INFINITY],
  ])("rates %j with %d", async (text, value) => {
    expect(await rate(bannedWords(["bee", "light show", "C++", "caf\u00e9"]), text)).toBe(value);
  });

  it("makes beginnings dear, the more the more is said, and ends not", async () => {
    const reward = bannedWords(["loudspeaker", "loudmouth"], { caution: 9 });
    expect(await rate(reward, "a loud")).toBeCloseTo(-9 * Math.sqrt(4 / 9), 12);
    expect(await rate(reward, "a loudspeak")).toBeCloseTo(-9 * Math.sqrt(9 / 11), 12);
    expect(await rate(reward, "a loud", true)).toBe(0);
    expect(await rate(reward, "a loudspeaker", true)).toBe(Number.NEGATIVE_INFINITY);
    expect(await rate(reward, "aloud")).toBe(0);
    expect(await rate(bannedWords(["loud"], { caution: 0 }), "a lou")).toBe(0);
  });

  it("tells cases apart when asked to", async () => {
    expect(await rate(bannedWords(["US"], { caseSensitive: true }), "tell us ")).toBe(0);
    expect(await rate(bannedWords(["US"], { caseSensitive: true }), "the US ")).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe("noRepeat()", () => {
  /** The definition: word n-grams that stood before. */
  const repeats = (text: string, n: number): number => {
    const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    const grams = words.slice(n - 1).map((_, at) => words.slice(at, at + n).join(" "));
    return grams.length - new Set(grams).size;
  };

  it("counts the sequences of n words that came before", async () => {
    const below = random(3);
    for (let count = 0; count < 2000; count += 1) {
      const n = 1 + below(4);
      const text = `${Array.from({ length: below(14) }, () => ["one", "Two", "three"][below(3)]).join([" ", ", ", "\n"][below(3)])}.`;
      expect(await rate(noRepeat({ n, strength: 2 }), text), `${n}: ${text}`).toBe(repeats(text, n) === 0 ? 0 : -2 * repeats(text, n));
    }
  });

  it("rates half a word by how much of it is said", async () => {
    const reward = noRepeat({ n: 2, strength: 6 });
    expect(await rate(reward, "the lamp and the l")).toBeCloseTo(-6 / 4, 12);
    expect(await rate(reward, "the lamp and the lamp")).toBe(-6);
    expect(await rate(reward, "the lamp and the lamps")).toBe(0);
    expect(await rate(reward, "the lamp and the l", true)).toBe(0);
  });
});

describe("lengthTarget()", () => {
  it.each([
    [5, false, 0],
    [5, true, -10],
    [10, false, 0],
    [10, true, 0],
    [15, false, -10],
    [15, true, 0],
  ])("at %d words, end %s: %d", async (count, end, value) => {
    expect(await rate(lengthTarget(10), Array(count).fill("word").join(" "), end)).toBe(value);
  });

  it("counts characters as readers do", async () => {
    expect(await rate(lengthTarget(2, { unit: "characters", strength: 1 }), "👍👍👍👍")).toBe(-1);
  });
});

describe("matches()", () => {
  it("is 1 where the expression matches, whatever was asked before", async () => {
    const reward = matches(/\bsea\b/gi);
    for (const [text, value] of [
      ["the Sea", 1],
      ["the Sea", 1],
      ["seals", 0],
      ["the sea", 1],
    ] as const) {
      expect(await rate(reward, text)).toBe(value);
    }
  });
});

it.each([
  ["words", () => bannedWords([])],
  ["words[1]", () => bannedWords(["a", " "])],
  ["words", () => bannedWords("bee" as never)],
  ["caution", () => bannedWords(["a"], { caution: -1 })],
  ["bannedWords()", () => bannedWords(["a"], { cauton: 1 } as never)],
  ["n", () => noRepeat({ n: 0 })],
  ["strength", () => noRepeat({ strength: Number.NaN })],
  ["target", () => lengthTarget(0)],
  ["unit", () => lengthTarget(5, { unit: "tokens" as never })],
  ["expression", () => matches("sea" as never)],
])("refuses a bad %s", (name, make) => {
  expect(make).toThrowError(expect.objectContaining({ code: "OPTION_INVALID", message: expect.stringContaining(name) }));
});

it("are named as what they are", () => {
  expect([bannedWords(["a"]), noRepeat(), lengthTarget(3), matches(/a/)].map(({ name }) => name)).toEqual([
    "bannedWords",
    "noRepeat",
    "lengthTarget",
    "matches",
  ]);
});

it("are told apart by their settings, as evaluations do", () => {
  const texts = [bannedWords(["a"]), bannedWords(["b"]), lengthTarget(3), lengthTarget(4), matches(/a/), matches(/b/), noRepeat()].map(
    String,
  );
  expect(new Set(texts).size).toBe(texts.length);
  expect(String(bannedWords(["A"]))).toBe(String(bannedWords(["a"])));
});
