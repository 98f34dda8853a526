import { describe, expect, it } from "vitest";
import { StopFilter } from "../../src/decode/stop-strings.js";

/** Feeds the pieces and returns what came out of each, and at the end. */
function run(stops: string[], pieces: string[]): { out: string[]; rest: string; stopped: boolean } {
  const filter = new StopFilter(stops);
  const out = pieces.map((piece) => filter.push(piece));
  return { out, rest: filter.stopped ? "" : filter.flush(), stopped: filter.stopped };
}

describe("StopFilter", () => {
  it("passes text through without stop strings", () => {
    expect(run([], ["a", "b"])).toEqual({ out: ["a", "b"], rest: "", stopped: false });
  });

  it("cuts before a stop string within one piece", () => {
    expect(run(["STOP"], ["one STOP two"])).toEqual({ out: ["one "], rest: "", stopped: true });
  });

  it("finds one across pieces, and holds back its beginning", () => {
    expect(run(["\n\nHuman"], ["Hi.\n", "\nHu", "man: x"])).toEqual({ out: ["Hi.", "", ""], rest: "", stopped: true });
  });

  it("lets go of what did not become one", () => {
    expect(run(["abc"], ["xab", "d", "a"])).toEqual({ out: ["x", "abd", ""], rest: "a", stopped: false });
  });

  it("handles beginnings that overlap themselves", () => {
    expect(run(["aab"], ["a", "a", "a", "b", "!"])).toEqual({ out: ["", "", "a", "", ""], rest: "", stopped: true });
  });

  it("takes the earliest of several", () => {
    expect(run(["world", "lo"], ["hello world"]).out).toEqual(["hel"]);
  });

  it("says nothing after the end", () => {
    expect(run(["."], ["a.b", "c"]).out).toEqual(["a", ""]);
  });

  it("agrees with a search in the whole text so far, however it is cut", () => {
    const stops = ["aba", "bb", "cab"];
    const random = randomLetters();
    for (let round = 0; round < 500; round++) {
      const pieces = Array.from({ length: 8 }, () => random(1 + (round % 3)));
      const { out, rest, stopped } = run(stops, pieces);
      expect({ text: out.join("") + rest, stopped }).toEqual(expected(stops, pieces));
    }
  });
});

/** The text up to the earliest stop string of the first beginning that contains one. */
function expected(stops: string[], pieces: string[]): { text: string; stopped: boolean } {
  let text = "";
  for (const piece of pieces) {
    text += piece;
    const found = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
    if (found.length > 0) return { text: text.slice(0, Math.min(...found)), stopped: true };
  }
  return { text, stopped: false };
}

/** Texts out of a, b and c, the same in every run. */
function randomLetters(): (length: number) => string {
  let state = 1;
  const letter = (): string => {
    state = (state * 48_271) % 2_147_483_647;
    return "abc"[state % 3] ?? "a";
  };
  return (length) => Array.from({ length }, letter).join("");
}
