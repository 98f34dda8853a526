import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { callsMetric } from "../../src/evaluate/metrics/calls.js";
import { coherenceMetric, cosine } from "../../src/evaluate/metrics/coherence.js";
import { diversity, diversityMetric, repetition } from "../../src/evaluate/metrics/diversity.js";
import { speedMetric } from "../../src/evaluate/metrics/speed.js";
import { treebankWords } from "../../src/evaluate/metrics/treebank.js";
import { responseOf } from "./responses.js";

interface Reference {
  text: string;
  words: string[];
  diversity: number;
}

const reference = JSON.parse(readFileSync(new URL("fixtures/diversity.json", import.meta.url), "utf8")) as Reference[];

describe("treebank words", () => {
  it("are those of NLTK's word tokenizer on 100 texts", () => {
    expect(reference).toHaveLength(100);
    for (const { text, words } of reference) expect(treebankWords(text), text).toEqual(words);
  });

  it("cut contractions, punctuation and quotes", () => {
    expect(treebankWords("I can't, won't and cannot.")).toEqual(["I", "ca", "n't", ",", "wo", "n't", "and", "can", "not", "."]);
    expect(treebankWords('He said: "3,000 or $4.50?"')).toEqual(["He", "said", ":", "``", "3,000", "or", "$", "4.50", "?", "''"]);
    expect(treebankWords("“It’s” – maybe – **fine**…")).toEqual([
      "“",
      "It",
      "’",
      "s",
      "”",
      "–",
      "maybe",
      "–",
      "*",
      "*",
      "fine",
      "*",
      "*",
      "…",
    ]);
  });

  it("take long runs of spaces and full stops in linear time", () => {
    const started = performance.now();
    treebankWords(`a.${" ".repeat(200_000)}b`);
    treebankWords(". ".repeat(100_000));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("diversity", () => {
  it("is the published formula on 100 texts", () => {
    for (const { text, diversity: expected } of reference) expect(Math.abs(diversity(text) - expected), text).toBeLessThan(1e-9);
  });

  it("is what one computes by hand", () => {
    // a b a b: bigrams ab ba ab (2 of 3), trigrams aba bab (2 of 2), one of length 4.
    expect(repetition(["a", "b", "a", "b"], 2)).toBeCloseTo(1 - 2 / 4, 12);
    expect(diversity("a b a b")).toBeCloseTo((2 / 4) * (2 / 3) * (1 / 2), 12);
    expect(diversity("one two three four five")).toBeCloseTo((4 / 5) * (3 / 4) * (2 / 3), 12);
    for (const short of ["", " ", "one", "one two three"]) expect(diversity(short)).toBe(0);
  });

  it("tells words apart that joined would look alike", () => {
    const words = ["a b", "c", "a", "b c", "a b"];
    expect(repetition(words, 2)).toBeCloseTo(1 - 4 / 5, 12);
  });

  it("takes another tokenizer", () => {
    const { measure } = diversityMetric((text) => [...text]);
    expect(measure([responseOf({ response: "abab" })])).toEqual([(2 / 4) * (2 / 3) * (1 / 2)]);
  });
});

describe("cosine", () => {
  it("is that of the angle, whatever the lengths", () => {
    expect(cosine([1, 0], [0, 5])).toBe(0);
    expect(cosine([1, 1], [3, 3])).toBeCloseTo(1, 15);
    expect(cosine([1, 0], [-2, 0])).toBe(-1);
  });
});

describe("coherence", () => {
  it("embeds each prompt once and an empty response as a space", async () => {
    const asked: string[][] = [];
    const embed = async (texts: readonly string[]): Promise<Float32Array[]> => {
      asked.push([...texts]);
      return texts.map((text) => Float32Array.of(text === "same" ? 1 : 0.6, text === "same" ? 0 : 0.8));
    };
    const metric = coherenceMetric({ embed });
    const responses = [responseOf({ prompt: "same", response: "" }), responseOf({ prompt: "same", response: "same" })];
    expect(await metric.measure(responses)).toEqual([expect.closeTo(0.6, 6), expect.closeTo(1, 6)]);
    await metric.measure(responses);
    expect(asked).toEqual([["same"], [" ", "same"], [], [" ", "same"]]);
  });
});

describe("speed and calls", () => {
  it("count a response's own tokens", () => {
    const response = responseOf({ tokens: [1, 2, 3, 4], milliseconds: 500, calls: { policy: 4, reward: 40 } });
    expect(speedMetric.measure([response])).toEqual([8]);
    expect(callsMetric.measure([response])).toEqual([11]);
  });

  it("are absent without a token", () => {
    const empty = responseOf({ tokens: [], milliseconds: 0, calls: { policy: 0, reward: 0 } });
    expect(speedMetric.measure([empty])).toEqual([null]);
    expect(callsMetric.measure([empty])).toEqual([null]);
  });
});
