import { describe, expect, it } from "vitest";
import type { PreferencePair } from "../../src/data/pair-formats.js";
import { derivedKinds, derivedPair } from "../../src/fit/derived-pair.js";
import { longPair } from "../../src/fit/long-pair.js";
import { repeating } from "../../src/fit/repetition.js";
import type { ChatMessage } from "../../src/types.js";

/** Words count as tokens. */
const tokensOf = (text: string): number => text.split(/\s+/).filter((word) => word !== "").length;

describe("a copy that repeats", () => {
  const text = "Warm the milk, then wait. Stir it slowly, and taste. Serve at once.";

  it("shares the text up to a sentence, and goes on with that sentence or its last clause", () => {
    const whole = repeating(text, tokensOf, { place: 0.4, unit: 0, length: 0 });
    expect(whole).toMatch(/^Warm the milk, then wait\. Stir it slowly, and taste\.( Stir it slowly, and taste\.){24,}$/);
    const clause = repeating(text, tokensOf, { place: 0.4, unit: 0.9, length: 0 });
    expect(clause).toMatch(/^Warm the milk, then wait\. Stir it slowly, and taste\.( and taste\.){50,}$/);
    expect(repeating(text, tokensOf, { place: 0.99, unit: 0, length: 0 })).toMatch(/^Warm.* Serve at once\.( Serve at once\.){30,}$/);
  });

  it("has 128 to 256 tokens, and repeats three times at least", () => {
    for (const [length, least] of [
      [0, 128],
      [0.999, 255],
    ]) {
      const tokens = tokensOf(repeating(text, tokensOf, { place: 0, unit: 0, length }));
      expect(tokens).toBeGreaterThanOrEqual(least);
      expect(tokens).toBeLessThan(least + 6);
    }
    const long = `${"word ".repeat(400)}end. Last one.`;
    expect(repeating(long, tokensOf, { place: 0.99, unit: 0, length: 0 })).toMatch(/end\. Last one\.( Last one\.){3}$/);
  });

  it("keeps the space between sentences, none or blank lines", () => {
    const choice = { place: 0, unit: 0, length: 0 };
    expect(repeating("好。我们走吧。", (each) => each.length, choice)).toMatch(/^(好。){60,}$/);
    expect(repeating("One step.\n\nAnother step.", tokensOf, choice)).toMatch(/^One step\.(\n\nOne step\.){60,}$/);
    expect(repeating("no sentence", tokensOf, choice)).toMatch(/^no sentence( no sentence){60,}$/);
  });
});

describe("a long pair", () => {
  const turns = (...contents: string[]): ChatMessage[] =>
    contents.map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content }));
  const pair = (prompt: PreferencePair["prompt"]): PreferencePair => ({ prompt, chosen: "good end", rejected: "bad end" });

  it("asks at once and answers at once", () => {
    const prompt = [{ role: "system", content: "s" }, ...turns("q1", "a1", "q2", "a2", "q3")];
    expect(longPair(pair(prompt), tokensOf, 100)).toEqual({
      prompt: [
        { role: "system", content: "s" },
        { role: "user", content: "q1\n\nq2\n\nq3" },
      ],
      chosen: "a1\n\na2\n\ngood end",
      rejected: "a1\n\na2\n\nbad end",
    });
    const tools = { messages: turns("q1", "a1", "q2"), tools: [{}] };
    expect(longPair(pair(tools), tokensOf, 100)?.prompt).toEqual({ messages: [{ role: "user", content: "q1\n\nq2" }], tools: [{}] });
  });

  it("joins the last turns alone where all would be too long, and none that is more than a text", () => {
    const prompt = turns("q1", "a ".repeat(50), "q2", "a2", "q3");
    expect(longPair(pair(prompt), tokensOf, 10)).toMatchObject({
      prompt: [...prompt.slice(0, 2), { content: "q2\n\nq3" }],
      chosen: "a2\n\ngood end",
    });
    const calls = prompt.with(3, { role: "assistant", content: "a2", tool_calls: [{}] });
    for (const none of [calls, turns("q1"), "q1"]) expect(longPair(pair(none), tokensOf, 100)).toBeUndefined();
    expect(longPair(pair(prompt), tokensOf, 2)).toBeUndefined();
  });
});

describe("what is made of a pair", () => {
  const hashes = Array.from({ length: 2000 }, (_, index) => BigInt.asUintN(64, BigInt(index + 1) * 0x9e3779b97f4a7c15n));
  const pair = { prompt: "Hi", chosen: "First this. Then that, slowly.", rejected: "no" };

  it("is made of a share of the pairs, a larger one with all of a smaller", () => {
    const taken = (share: number) => hashes.filter((hash) => derivedKinds(hash, share).length > 0);
    expect(taken(0)).toEqual([]);
    expect(taken(1)).toEqual(hashes);
    expect(taken(0.15).length / hashes.length).toBeCloseTo(0.15, 1);
    expect(taken(0.3)).toEqual(expect.arrayContaining(taken(0.15)));
    expect(derivedKinds(1n, 0.5)).toEqual(["long", "repetition"]);
  });

  it("is the same for the same content, and differs between pairs", () => {
    const copies = hashes.slice(0, 20).map((hash) => derivedPair("repetition", pair, hash, tokensOf)?.rejected);
    expect(hashes.slice(0, 20).map((hash) => derivedPair("repetition", pair, hash, tokensOf)?.rejected)).toEqual(copies);
    expect(new Set(copies).size).toBeGreaterThan(5);
    for (const copy of copies) expect(copy).toMatch(/^First this\./);
  });

  it("is a message again where the answer is one", () => {
    const chosen = { role: "assistant", content: "Yes.", reasoning_content: "hm" };
    const made = derivedPair("repetition", { ...pair, chosen }, 1n, tokensOf);
    expect(made).toMatchObject({ chosen, rejected: { ...chosen, content: expect.stringMatching(/^Yes\.( Yes\.){100,}/) } });
    expect(derivedPair("long", pair, 1n, tokensOf)).toBeUndefined();
  });
});
