/** Results of made-up evaluations, as evaluate() gives them. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import {
  type Comparison,
  type Estimate,
  type EvaluatedResponse,
  type EvaluationResults,
  type MethodResult,
  parseSweep,
  writeReport,
} from "../../src/evaluate/index.js";
import { methodOf } from "../../src/evaluate/methods.js";
import { sweepMethods } from "../../src/evaluate/sweep.js";

/** From 0.1 below the mean to 0.1 above it. */
export function estimate(mean: number): Estimate {
  const [low, high] = [mean - 0.1, mean + 0.1].map((value) => Math.round(value * 1e6) / 1e6) as [number, number];
  return { mean: Math.round(mean * 1e6) / 1e6, low, high, count: 2 };
}

interface Given {
  /** Labels of the models; default one pair. */
  labels?: string[];
  methods?: string[];
  /** As on the command line. */
  sweep?: string[];
  /** Measures, whose values count up from method to method. */
  metrics?: string[];
}

/** Every difference is that of the means. */
export function resultsOf({
  labels = ["policy"],
  methods = ["greedy", "args-greedy"],
  sweep = [],
  metrics = ["reward", "diversity"],
}: Given = {}): EvaluationResults {
  const specs = sweepMethods(
    methods.map((name) => methodOf(name as "greedy")),
    Object.fromEntries(sweep.map(parseSweep)),
  );
  const prefix = (label: string): string => (labels.length > 1 ? `${label}: ` : "");
  const named = labels.flatMap((pair) =>
    specs.map(({ name, base, swept, ...settings }) => ({ name: prefix(pair) + name, settings, variant: { pair, method: base, swept } })),
  );
  const values = (at: number): MethodResult => Object.fromEntries(metrics.map((metric) => [metric, estimate(0.5 + at / 10)]));
  const found = Object.fromEntries(named.map(({ name }, at) => [name, values(at)]));
  return {
    settings: {
      models: { policy: { policy: { file: "p.gguf", sha256: "aa", size: 10 }, rewards: [{ reward: "myReward", weight: 1, labels: {} }] } },
      data: { prompts: 1, sha256: "bb" },
      generation: { maxTokens: 128, template: "auto", stop: [] },
      seed: 0,
      slots: 4,
      engine: { version: "0.4.0" },
      methods: Object.fromEntries(named.map(({ name, settings }) => [name, settings])),
      variants: Object.fromEntries(named.map(({ name, variant }) => [name, variant])),
      source: "prompts.jsonl",
      embedding: null,
      versions: { argsearch: "1.2.3", engine: "v0.4.0", node: "v20" },
      pairs: labels.map((label) => ({ label, methods: specs.map(({ name }) => prefix(label) + name) })),
    },
    methods: found,
    comparisons: comparisonsOf(found),
    judge: [],
    failures: [],
    badLines: [],
  };
}

function comparisonsOf(methods: Readonly<Record<string, MethodResult>>): Comparison[] {
  const names = Object.keys(methods);
  return names.flatMap((b, at) =>
    names.slice(at + 1).flatMap((a) =>
      Object.keys(methods[a] ?? {}).map((metric) => {
        const difference = (methods[a]?.[metric]?.mean ?? 0) - (methods[b]?.[metric]?.mean ?? 0);
        return { metric, a, b, ...estimate(difference), p: 0.0001 };
      }),
    ),
  );
}

export async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "argsearch-report-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Results on disk. */
export async function saved(results: EvaluationResults, responses: readonly EvaluatedResponse[]): Promise<string> {
  const dir = await scratch();
  await writeFile(join(dir, "results.json"), JSON.stringify(results));
  await writeFile(join(dir, "responses.jsonl"), responses.map((response) => `${JSON.stringify(response)}\n`).join(""));
  return dir;
}

/** The report of a directory, with its charts. */
export async function written(dir: string): Promise<{ html: string; markdown: string }> {
  const paths = await writeReport(dir, { command: "argsearch eval --data prompts.jsonl" });
  expect(paths.chartsMissing).toBeNull();
  return { html: await readFile(paths.html, "utf8"), markdown: await readFile(paths.markdown, "utf8") };
}
