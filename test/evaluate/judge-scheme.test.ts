import { describe, expect, it } from "vitest";
import { isSwapped, judgeMessages } from "../../src/evaluate/judge/scheme.js";
import { readVerdict } from "../../src/evaluate/judge/verdict.js";

describe("verdicts", () => {
  it.each([
    ["8 7", [8, 7]],
    ["\n\n 8.5, 10 \nbecause", [8.5, 10]],
    ["8,7", [8, 7]],
    ["1\t10\r\nWhy", [1, 10]],
  ])("of %j are read", (reply, scores) => {
    expect(readVerdict(reply)).toEqual(scores);
  });

  it.each(["", "8", "8 7 6", "8/10 7/10", "Scores: 8 7", "11 3", "0 5", "eight seven", "The first.\n8 7", "8 - 7", "8 7."])(
    "of %j are not guessed",
    (reply) => {
      expect(readVerdict(reply)).toBeNull();
    },
  );
});

describe("the scheme", () => {
  it("puts both answers into one prompt, on sides that the seed decides", () => {
    const sides = Array.from({ length: 200 }, (_, index) => isSwapped(1, index, "a", "b"));
    expect(sides).toEqual(Array.from({ length: 200 }, (_, index) => isSwapped(1, index, "a", "b")));
    expect(sides.filter(Boolean).length).toBeGreaterThan(70);
    expect(sides.filter(Boolean).length).toBeLessThan(130);
    expect(sides).not.toEqual(Array.from({ length: 200 }, (_, index) => isSwapped(2, index, "a", "b")));
    const [, question] = judgeMessages({ prompt: "Q", answer: "ours", baseline: "theirs", swapped: true });
    expect(question?.content).toMatch(/Q[\s\S]*theirs[\s\S]*ours/);
  });
});
