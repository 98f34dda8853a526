import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type EvaluatedResponse, type EvaluationResults, evaluate, writeReport } from "../../src/index.js";
import { responseOf } from "./responses.js";

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "argsearch-report-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const estimate = (mean: number) => ({ mean, low: mean - 0.1, high: mean + 0.1, count: 2 });

/** An evaluation on disk, as evaluate() leaves it. */
async function saved(change: Partial<EvaluationResults> = {}, responses: EvaluatedResponse[] = []): Promise<string> {
  const dir = await scratch();
  const methods = {
    greedy: { reward: estimate(0.5), diversity: estimate(0.2) },
    "args-greedy": { reward: estimate(0.7), diversity: estimate(0.4) },
  };
  const results: EvaluationResults = {
    settings: {
      models: { policy: { policy: { file: "p.gguf", sha256: "aa", size: 10 }, rewards: [{ reward: "myReward", weight: 1, labels: {} }] } },
      data: { prompts: 1, sha256: "bb" },
      generation: { maxTokens: 128, template: "auto", stop: [] },
      seed: 0,
      slots: 4,
      engine: { version: "0.4.0" },
      methods: { greedy: { method: "greedy" }, "args-greedy": { method: "args", weight: 0.6, topK: 10 } },
      source: "prompts.jsonl",
      embedding: null,
      versions: { argsearch: "1.2.3", engine: "v0.4.0", node: "v20" },
      pairs: [{ label: "policy", methods: Object.keys(methods) }],
    },
    methods,
    comparisons: [{ metric: "reward", a: "args-greedy", b: "greedy", mean: 0.2, low: 0.1, high: 0.3, count: 2, p: 0.0001 }],
    judge: [],
    failures: [],
    badLines: [],
    ...change,
  };
  await writeFile(join(dir, "results.json"), JSON.stringify(results));
  const given = responses.length > 0 ? responses : [responseOf(), responseOf({ method: "args-greedy" })];
  await writeFile(join(dir, "responses.jsonl"), given.map((response) => `${JSON.stringify(response)}\n`).join(""));
  return dir;
}

async function written(dir: string): Promise<{ html: string; markdown: string }> {
  const paths = await writeReport(dir, { command: "argsearch eval --data prompts.jsonl" });
  expect(paths.chartsMissing).toBeNull();
  return { html: await readFile(paths.html, "utf8"), markdown: await readFile(paths.markdown, "utf8") };
}

describe("the report", () => {
  it("says what was found, beside the paper, in both forms", async () => {
    const { html, markdown } = await written(await saved());
    for (const text of [html, markdown]) {
      for (const part of ["0.199", "0.238", "19.56", "24.97", "64.33", "p.gguf", "1.2.3", "&lt; 0.0002", "argsearch eval"]) {
        expect(text.replaceAll("\\<", "&lt;")).toContain(part);
      }
      expect(text).toContain("Coherence is absent");
    }
    expect(markdown).toContain("| greedy | 0.500 \\[0.400, 0.600\\] | 20.00 \\[10.00, 30.00\\] |");
    expect(markdown).toContain("charts/methods.svg");
  });

  it("is one file: charts inside, nothing loaded", async () => {
    const { html } = await written(await saved());
    expect(html).toContain("<svg");
    expect(html).not.toMatch(/<script|<link|src=|@import|url\(/);
    expect(html.replaceAll(/xmlns(:\w+)?="[^"]*"/g, "")).not.toContain("http");
  });

  it("colours tokens by their rewards and shows no markup of the model's", async () => {
    const text = "<b>Hi</b> & *you*";
    const pieces = ["<b>Hi</b>", " & *you*"];
    const answer = responseOf({ response: text, pieces, rewards: [-1, 1], prompt: "<script>alert(1)</script>" });
    const { html, markdown } = await written(await saved({}, [answer, { ...answer, method: "args-greedy", rewards: [] }]));
    expect(html).toMatch(/<span style="background:rgba\(230,126,34,[\d.]+\)" title="−1.000">&lt;b&gt;Hi&lt;\/b&gt;<\/span>/);
    expect(html).toMatch(/<span style="background:rgba\(52,120,220,[\d.]+\)" title="1.000"> &amp; \*you\*<\/span>/);
    expect(html).not.toContain("<script>");
    expect(markdown).toContain("> \\<b\\>Hi\\</b\\> & \\*you\\*");
  });

  it("tells of verdicts, bad lines and prompts without an answer", async () => {
    const judged = {
      method: "args-greedy",
      baseline: "greedy",
      model: "judge-7",
      win: 3,
      tie: 1,
      loss: 2,
      unreadable: 1,
      failed: 3,
      unasked: 4,
    };
    const dir = await saved({
      judge: [
        {
          ...judged,
          winTie: { mean: 4 / 6, low: 0.3, high: 1, count: 6 },
          failures: [{ message: "429 slow down", count: 3 }],
          stopped: "no connection",
        },
      ],
      badLines: [{ line: 17, message: "the line is not JSON" }],
      failures: [{ method: "greedy", index: 4, code: "PROMPT_TOO_LONG", message: "too long" }],
    });
    const { html } = await written(dir);
    for (const part of [
      "judge-7",
      "66.67",
      "no connection",
      "3 × 429 slow down",
      "not asked",
      "17 (the line is not JSON)",
      "4 by greedy (too long)",
    ])
      expect(html).toContain(part);
  });

  it("needs results", async () => {
    await expect(writeReport(await scratch())).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it("draws a sweep and several models", async () => {
    const out = await scratch();
    const pair = { policy: "models/policy.gguf", reward: "models/reward.gguf" };
    await evaluate({
      data: ["How do I bake bread?", "Help me plan a trip."],
      pairs: [pair, { ...pair, label: "again" }],
      methods: ["greedy", "args-greedy"],
      sweep: { weight: [0, 0.5, 1] },
      ...{ maxTokens: 4, threads: 1, slots: 2, out },
    });
    const { markdown } = await written(out);
    for (const name of ["sweep", "models"]) {
      expect(markdown).toContain(`charts/${name}.svg`);
      expect(await readFile(join(out, "charts", `${name}.svg`), "utf8")).toContain("<svg");
    }
  });
});
