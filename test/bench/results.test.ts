import { describe, expect, it } from "vitest";
import { sampleOf } from "../../src/bench/decoder-contender.js";
import { leftOutLines, speedTable } from "../../src/bench/report.js";
import { departures, rowsOf, TITLE } from "../../src/bench/results.js";
import { placeTitle } from "../../src/bench/section.js";
import type { GenerateResult } from "../../src/index.js";

const input = (id: number, ...reference: number[][]) => ({ id, prompts: reference.map(() => "Hello"), reference });

function result(tokens: number[], timings: Partial<GenerateResult["timings"]>, rewards: (number | null)[]): GenerateResult {
  return { tokens, rewards, timings: { prefill: 0, policy: 0, reward: 0, total: 0, ...timings } } as GenerateResult;
}

describe("departures()", () => {
  it("counts up to the first other token: what follows is another text", () => {
    const samples = [{ ms: 1, tokens: [[1, 2, 9, 9, 9]] }];
    expect(departures(samples, [input(0, [1, 2, 3, 4, 5])])).toMatchObject({ steps: 3, departed: 1 });
  });

  it("counts rounds that decode the same once, and slots each", () => {
    const same = {
      ms: 1,
      tokens: [
        [1, 2],
        [3, 4],
      ],
    };
    const inputs = [input(0, [1, 2], [3, 9]), input(0, [1, 2], [3, 9]), input(1, [1, 2], [3, 4])];
    expect(departures([same, same, same], inputs)).toMatchObject({ steps: 8, departed: 1 });
  });

  it("says nothing of who tells no tokens", () => {
    expect(departures([{ ms: 1 }], [input(0, [1])])).toBeNull();
  });
});

describe("sampleOf()", () => {
  it("of one response takes its own clock without the prompt", () => {
    const one = result([1, 2, 3, 4], { total: 50, prefill: 10, policy: 12, reward: 24 }, [0.5, null, Number.NaN, 0.1]);
    expect(sampleOf([one], 1000, true)).toEqual({ ms: 10, parts: { policy: 3, reward: 6, rest: 1 }, tokens: [[1, 2, 3, 4]], rated: 0.5 });
  });

  it("of several the time of all", () => {
    const each = result([1, 2], { total: 40, policy: 4, reward: 8 }, []);
    expect(sampleOf([each, each], 40, false)).toEqual({
      ms: 10,
      parts: { policy: 2, reward: 4, rest: 4 },
      tokens: [
        [1, 2],
        [1, 2],
      ],
    });
  });
});

describe("rowsOf()", () => {
  const samples = new Map([
    [
      TITLE.plain,
      [
        { ms: 5, tokens: [[1]] },
        { ms: 10, tokens: [[1]] },
      ],
    ],
    [
      TITLE.exact,
      [
        { ms: 15, tokens: [[2]], rated: 1 },
        { ms: 30, tokens: [[2]], rated: 1 },
      ],
    ],
    [
      "gated",
      [
        { ms: 10, tokens: [[2]], rated: 0.2 },
        { ms: 20, tokens: [[3]], rated: 0.2 },
      ],
    ],
    ["outsider", [{ ms: 50 }, { ms: 100 }]],
  ]);
  const memory = new Map([[TITLE.exact, { weights: 2 ** 27, cache: 2 ** 20 }]]);
  const rows = rowsOf(samples, [input(0, [2]), input(1, [2])], memory);
  const row = (name: string) => rows.find((each) => each.name === name);

  it("holds everybody against plain decoding, round by round", () => {
    expect(rows.map(({ name, toPlain }) => [name, toPlain?.median])).toEqual([
      [TITLE.plain, undefined],
      [TITLE.exact, 3],
      ["gated", 2],
      ["outsider", 10],
    ]);
    expect(row(TITLE.plain)).toMatchObject({ tokensPerSecond: 1000 / 7.5, rounds: [5, 10] });
  });

  it("counts other tokens of those alone who should have the same", () => {
    expect(row("gated")?.departures).toMatchObject({ steps: 2, departed: 1 });
    for (const name of [TITLE.plain, TITLE.exact, "outsider"]) expect(row(name)?.departures).toBeNull();
  });

  it("is a table without empty columns", () => {
    const { head, rows: cells } = speedTable(rows);
    expect(head).toEqual(["", "ms a token", "tokens/s", "× plain", "steps rated", "other tokens", "weights + KV, MiB"]);
    expect(cells[2]).toEqual(["gated", { value: "15.00", below: "[12.50, 17.50]" }, "66.67", expect.anything(), "20 %", "1 of 2", "–"]);
    expect(cells[1]?.at(-1)).toBe("128 + 1.0");
  });
});

it("a place is named by what its axes say", () => {
  expect(placeTitle({ topK: 10, slots: 1, prefix: 200 })).toBe("k = 10, 1 slot, prefix 200");
  expect(placeTitle({ type: "q4_0", prefix: null, topK: 5, slots: 4 })).toBe("q4_0, k = 5, 4 slots");
});

it("modes of one reason are named together", () => {
  const leftOut = ["a", "b", "c"].map((mode) => ({ mode, reason: mode === "b" ? "no head" : "no gate" }));
  expect(leftOutLines(leftOut)).toEqual(["a, c: no gate", "b: no head"]);
});
