import { describe, expect, it } from "vitest";
import { exampleBlocks } from "../../src/evaluate/report/examples.js";
import { responseOf } from "./responses.js";
import { resultsOf, saved, written } from "./results.js";

const LABELS = ["Instruct-1.7B-helpful", "Instruct-135M-helpful"];
const SWEEP = ["weight=0,0.2,0.6,1", "topK=5,10"];

/** A table's rows in Markdown, as cells. */
function rowsBelow(markdown: string, heading: string): string[][] {
  const lines = (markdown.split(`## ${heading}\n`)[1] ?? "").split("\n## ")[0]?.split("\n") ?? [];
  return lines.filter((line) => line.startsWith("| ")).map((line) => line.slice(2, -2).split(" | "));
}

describe("the report of several models", () => {
  it("has each model's numbers beside the paper", async () => {
    const { markdown } = await written(await saved(resultsOf({ labels: LABELS }), [responseOf({ method: `${LABELS[0]}: greedy` })]));
    const [head, , reward, , , gain] = rowsBelow(markdown, "Beside the paper");
    expect(head?.slice(3)).toEqual(LABELS.flatMap((label) => [`${label}, greedy`, `${label}, args-greedy`]));
    expect(reward).toEqual(["average reward", "0.199", "0.238", "0.500", "0.600", "0.700", "0.800"]);
    expect(gain).toEqual(["reward gain %", "", "+19.56", "", "+20.00", "", "+14.29"]);
  });

  it("groups methods by model", async () => {
    const { html, markdown } = await written(await saved(resultsOf({ labels: LABELS }), [responseOf()]));
    expect(rowsBelow(markdown, "Methods").map(([name]) => name)).toEqual([
      "method",
      "---",
      ...LABELS.flatMap((label) => [`**${label}**`, "greedy", "args-greedy"]),
    ]);
    expect(html).toContain(`<tr class="group"><th colspan="3" scope="rowgroup"><div>${LABELS[0]}</div></th></tr>`);
    // Greedy decoding of one model is not compared with the other's methods.
    expect(rowsBelow(markdown, "Against greedy decoding").slice(2)).toEqual(
      LABELS.flatMap((label) => [
        [`**${label}**`, "", ""],
        ["args-greedy", expect.stringMatching(/^\+0.100/), expect.any(String)],
      ]),
    );
  });

  it("groups verdicts by model", async () => {
    const judged = { model: "j", win: 1, tie: 0, loss: 0, unreadable: 0, failed: 0, failures: [], unasked: 0, stopped: null };
    const winTie = { mean: 1, low: 1, high: 1, count: 1 };
    const [first, second] = LABELS.map((label) => ["args-greedy", "greedy"].map((name) => `${label}: ${name}`)) as [string[], string[]];
    const pairs = [first, [first[0], second[0]], second] as [string, string][];
    const judge = pairs.map(([method, baseline]) => ({ ...judged, winTie, method, baseline }));
    const { markdown } = await written(await saved({ ...resultsOf({ labels: LABELS }), judge }, [responseOf()]));
    expect(
      rowsBelow(markdown, "Verdicts of j")
        .slice(2)
        .map(([name]) => name),
    ).toEqual([...LABELS.flatMap((label) => [`**${label}**`, "args-greedy against greedy"]), `${first[0]} against ${second[0]}`]);
    expect(rowsBelow(markdown, "Beside the paper")[6]?.slice(-4)).toEqual(["", "100.0", "", "100.0"]);
  });

  it("shows each model's answers, coloured on their own scale", () => {
    const results = resultsOf({ labels: LABELS });
    const answers = Object.keys(results.methods).map((method, at) => responseOf({ method, rewards: [at, at + 0.5] }));
    const [example] = exampleBlocks(results, answers, [0]);
    expect(example?.groups.map(({ label, answers: own }) => [label, ...own.map(({ name }) => name)])).toEqual(
      LABELS.map((label) => [label, "greedy", "args-greedy"]),
    );
    expect(example?.groups.map(({ scale }) => scale)).toEqual([
      [0, 1.5],
      [2, 3.5],
    ]);
  });
});

describe("the report of a sweep", () => {
  const methods = ["greedy", "args-greedy", "args-stochastic"];

  it("takes the variant with the paper's settings, in either's table", async () => {
    const { markdown } = await written(await saved(resultsOf({ methods, sweep: SWEEP }), [responseOf()]));
    expect(rowsBelow(markdown, "Beside the paper")[0]?.at(-1)).toBe("here, args-greedy weight=0.6 topK=10");
    expect(rowsBelow(markdown, "Beside the paper")[2]?.at(-1)).toMatch(/^1\.100$/);
    expect(
      rowsBelow(markdown, "ARGS-greedy against the other methods")
        .slice(2)
        .map(([name]) => name),
    ).toEqual(["args-greedy weight=0.6 topK=10 against args-stochastic weight=0.6 topK=10"]);
    const kOnly = resultsOf({ methods: ["greedy", "args-greedy"], sweep: ["topK=5,10"] });
    const found = await written(await saved(kOnly, [responseOf()]));
    expect(rowsBelow(found.markdown, "Beside the paper")[0]?.at(-1)).toBe("here, args-greedy topK=10");
  });

  it("is the same for results of version 0.1.0, which had only the names", async () => {
    const results = resultsOf({ labels: LABELS, methods, sweep: SWEEP });
    const { variants, ...settings } = results.settings;
    expect(Object.keys(variants ?? {})).toHaveLength(2 * 17);
    const older = await written(await saved({ ...results, settings }, [responseOf()]));
    expect(older).toEqual(await written(await saved(results, [responseOf()])));
  });

  it("goes by what was swept, not by a name that looks like it", async () => {
    const results = resultsOf({ methods: ["greedy", "args-greedy"] });
    const named = JSON.parse(JSON.stringify(results).replaceAll('"args-greedy"', '"args-greedy weight=0.6"')) as typeof results;
    const { variants } = named.settings;
    if (variants === undefined) throw new Error("no variants");
    variants["args-greedy weight=0.6"] = { pair: "policy", method: "args-greedy weight=0.6", swept: {} };
    const dir = await saved(named, [responseOf()]);
    const { markdown } = await written(dir);
    expect(markdown).toContain("charts/methods.svg");
    expect(rowsBelow(markdown, "Beside the paper")[2]?.at(-1)).toBe("–");
  });

  it("says so where there is no such variant", async () => {
    const { markdown } = await written(await saved(resultsOf({ methods, sweep: ["weight=0,0.5"] }), [responseOf()]));
    expect(rowsBelow(markdown, "Beside the paper")[2]?.at(-1)).toBe("–");
    expect(markdown).toContain("A column is empty where");
  });

  it("folds its differences, a row a variant, and puts the chart first", async () => {
    const { html, markdown } = await written(
      await saved(resultsOf({ methods, sweep: ["weight=0,0.2,0.6,1", "topK=5,10,20"] }), [responseOf()]),
    );
    expect(rowsBelow(markdown, "Against greedy decoding")).toHaveLength(2 + 24);
    expect(markdown).toContain("<details>\n<summary>24 differences</summary>");
    expect(html).toContain("<details><summary>24 differences</summary>");
    expect(markdown.indexOf("charts/sweep.svg")).toBeLessThan(markdown.indexOf("| method |"));
  });

  it("shows the paper's variant and the best ones' answers", () => {
    const results = resultsOf({ methods, sweep: SWEEP });
    const answers = Object.keys(results.methods).map((method) => responseOf({ method }));
    const [example] = exampleBlocks(results, answers, [0]);
    expect(example?.groups[0]?.answers.map(({ name }) => name).slice(0, 3)).toEqual([
      "greedy",
      "args-greedy weight=0.6 topK=10",
      "args-stochastic weight=1 topK=10",
    ]);
    expect(example?.groups[0]?.answers).toHaveLength(6);
  });
});
