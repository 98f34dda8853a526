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

  /** Where the points of a line are along the axis, by its name, in the chart's first field. */
  function placesOf(results: EvaluationResults): Record<string, number[]> {
    const { spec } = chartSpecs(results).find(({ name }) => name === "sweep") ?? {};
    const { concat } = spec as { concat: { layer: { mark: { type: string }; data: { values: { series: string; x: number }[] } }[] }[] };
    const points = concat[0]?.layer.find(({ mark }) => mark.type === "line")?.data.values ?? [];
    const places = (name: string): number[] => points.filter(({ series }) => series === name).map(({ x }) => x);
    return Object.fromEntries(points.map(({ series }) => [series, places(series)]));
  }

  /** As `eval --methods …` and `eval --sweep …` into one directory give them. */
  function together(first: EvaluationResults, second: EvaluationResults): EvaluationResults {
    const { settings } = first;
    const methods = { ...first.methods, ...second.methods };
    const pairs = settings.pairs.map((pair) => ({ ...pair, methods: Object.keys(methods) }));
    const named = { ...settings.methods, ...second.settings.methods };
    const variants = { ...settings.variants, ...second.settings.variants };
    return { ...first, methods, settings: { ...settings, methods: named, variants, pairs } };
  }

  it("have every w of the table: methods by their name stand on the line of their sweep", () => {
    const named = resultsOf({ methods: ["greedy", "args-greedy", "args-stochastic"] });
    const swept = resultsOf({ methods: ["args-greedy"], sweep: ["weight=0.2,0.4"] });
    expect(placesOf(together(named, swept))).toEqual({ "args-greedy": [0.6, 0.2, 0.4] });
    const { variants: _, ...older } = together(named, swept).settings;
    expect(placesOf({ ...together(named, swept), settings: older })).toEqual({ "args-greedy": [0.6, 0.2, 0.4] });
    expect(placesOf(together(named, resultsOf({ methods: ["args-greedy"], sweep: ["weight=0.2"] })))).toEqual({
      "args-greedy": [0.6, 0.2],
    });
  });

  it("put a method by its name on the line of its other settings, once", () => {
    const named = resultsOf({ methods: ["greedy", "args-greedy"] });
    const swept = resultsOf({ methods: ["args-greedy"], sweep: ["weight=0.2,0.4", "topK=10"] });
    expect(placesOf(together(named, swept))).toEqual({ "args-greedy topK=10": [0.6, 0.2, 0.4] });
    const both = resultsOf({ methods: ["args-greedy"], sweep: ["weight=0.2,0.6"] });
    expect(placesOf(together(named, both))).toEqual({ "args-greedy": [0.2, 0.6] });
  });

  it("leave out what differs in more than was swept", () => {
    const named = resultsOf({ methods: ["greedy", "args-greedy"] });
    named.settings.methods["args-greedy"] = { ...named.settings.methods["args-greedy"], dryMultiplier: 0.8 };
    const swept = resultsOf({ methods: ["args-greedy"], sweep: ["weight=0.2,0.4"] });
    expect(placesOf(together(named, swept))).toEqual({ "args-greedy": [0.2, 0.4] });
  });

  it("are none for a single point", async () => {
    expect((await textsOf(resultsOf({ sweep: ["topK=10"] }))).has("sweep")).toBe(false);
  });
});

describe("charts on a narrow screen", () => {
  const SIX = ["reward", "diversity", "coherence", "ended", "loops", "perplexity"];

  it("have one field below the other, so that they fit 400 pixels without shrinking much", async () => {
    const results = resultsOf({
      labels: ["Qwen3-0.6B", "Qwen3-1.7B"],
      metrics: SIX,
      sweep: ["weight=0.2,0.6"],
      methods: ["greedy", "args-greedy"],
    });
    const alone = resultsOf({ metrics: SIX, methods: ["greedy", "top-k", "best-of-n", "args-greedy", "args-stochastic"] });
    const specs = [...chartSpecs(results), ...chartSpecs(alone)];
    expect(specs.map(({ name }) => name)).toEqual(["sweep", "models", "methods"]);
    for (const { name, spec, narrow } of specs) {
      const [wide = "", small = ""] = [
        ...(
          await drawCharts([
            { name: "wide", spec },
            { name: "small", spec: narrow },
          ])
        ).values(),
      ];
      const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text = ""]) => text).sort();
      expect(widthOf(small), name).toBeLessThan(440);
      expect(widthOf(small), name).toBeLessThan(widthOf(wide));
      expect(new Set(texts(small)), name).toEqual(new Set(texts(wide)));
    }
  });
});

function widthOf(svg: string): number {
  return Number(/^<svg[^>]* width="([\d.]+)"/.exec(svg)?.[1]);
}
