import { describe, expect, it } from "vitest";
import type { EvaluationResults } from "../../src/evaluate/index.js";
import { chartSpecs } from "../../src/evaluate/report/charts.js";
import { drawCharts } from "../../src/evaluate/report/draw.js";
import { resultsOf } from "./results.js";

/** Not in the order of the alphabet. */
const LABELS = ["SmolLM2-1.7B-Instruct-helpful-and-harmless-v2.Q4_K_M", "SmolLM2-135M-Instruct-helpful-and-harmless-v2.Q4_K_M"];

/** Texts of the charts in the order they are drawn, by name. */
async function textsOf(results: EvaluationResults): Promise<Map<string, string[]>> {
  const drawn = await drawCharts(chartSpecs(results));
  return new Map([...drawn].map(([name, svg]) => [name, [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = ""]) => text)]));
}

/** The given texts in the order they first appear. */
function orderOf(texts: readonly string[] | undefined, wanted: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => wanted.includes(text));
}

describe("charts of methods", () => {
  it("are bars with every method's whole name, 0 among the labels", async () => {
    const results = resultsOf({ methods: ["greedy", "top-p", "args-greedy", "args-stochastic"] });
    for (const [name, mean] of [
      ["greedy", -2],
      ["args-greedy", 1.3],
    ] as const) {
      results.methods[name] = { reward: { mean, low: mean - 0.5, high: mean + 0.3, count: 9 } };
    }
    const texts = (await textsOf(results)).get("methods") ?? [];
    expect(texts).toEqual(expect.arrayContaining(["greedy", "top-p", "args-greedy", "args-stochastic", "average reward", "0"]));
  });

  it("are below each other for several models, in the order given, labels uncut", async () => {
    const texts = await textsOf(resultsOf({ labels: LABELS }));
    expect(orderOf(texts.get("methods"), LABELS)).toEqual(LABELS);
    expect(orderOf(texts.get("methods"), ["greedy", "args-greedy"])).toEqual(["greedy", "args-greedy"]);
    expect(orderOf(texts.get("models"), LABELS)).toEqual(LABELS);
    expect([...texts.values()].flat().filter((text) => text.includes("…"))).toEqual([]);
  });
});

describe("charts of a sweep", () => {
  it("have w along the axis, and a legend by number", async () => {
    const texts = (await textsOf(resultsOf({ sweep: ["weight=0,0.5,1", "topK=20,5,10"] }))).get("sweep");
    const series = [5, 10, 20].map((topK) => `args-greedy topK=${topK}`);
    expect(orderOf(texts, series)).toEqual(series);
    expect(texts).toEqual(expect.arrayContaining(["w", "0.0", "0.5", "1.0"]));
  });

  it("have k along the axis where nothing else is swept, without a legend for one line", async () => {
    const texts = (await textsOf(resultsOf({ sweep: ["topK=5,10,20"] }))).get("sweep");
    expect(texts).toEqual(expect.arrayContaining(["k", "5", "10", "20"]));
    expect(texts).not.toContain("args-greedy");
  });

  it("are a row a model, with only the paper's variant in the comparison of models", async () => {
    const results = resultsOf({ labels: LABELS, sweep: ["weight=0.2,0.6", "topK=5,10"] });
    const texts = await textsOf(results);
    expect(orderOf(texts.get("sweep"), LABELS)).toEqual(LABELS);
    expect(texts.get("sweep")?.filter((text) => text === "average reward")).toHaveLength(2);
    expect(texts.get("models")?.filter((text) => text.startsWith("args-greedy"))).toEqual(["args-greedy weight=0.6 topK=10"]);
    const { spec } = chartSpecs(results).find(({ name }) => name === "sweep") ?? {};
    expect(JSON.stringify(spec)).not.toContain('"area"');
  });

  it("are none for a single point", async () => {
    expect((await textsOf(resultsOf({ sweep: ["topK=10"] }))).has("sweep")).toBe(false);
  });
});
