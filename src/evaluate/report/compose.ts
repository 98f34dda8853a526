/** What a report says, out of results and responses. */
import { promptAsText } from "../../data/transcript.js";
import { describeMethod, type MethodSpec } from "../methods.js";
import type { EvaluatedResponse } from "../response.js";
import type { Comparison, EvaluationResults } from "../results.js";
import type { Block, Example, Report, Table } from "./document.js";
import { digits, shownDifference, shownEstimate, shownP, shownValue, titleOf } from "./numbers.js";
import { PAPER } from "./paper.js";

export interface ReportInput {
  results: EvaluationResults;
  responses: readonly EvaluatedResponse[];
  /** Prompts whose answers are shown, by their place in the data. */
  examples: readonly number[];
  /** Names and captions of the charts there are. */
  charts: readonly { name: string; caption: string }[];
  /** The command or call that makes it again; null when it is not known. */
  command: string | null;
}

/** Most methods side by side in an example. */
const SIDES = 6;
/** Most reasons for questions without a reply. */
const MOST_REASONS = 5;

export function composeReport(input: ReportInput): Report {
  const { results, charts, command } = input;
  const blocks: Block[] = [
    text(
      `${results.settings.data.prompts} prompts of ${results.settings.source}, ${results.settings.generation.maxTokens} new tokens, seed ${results.settings.seed}. Means with 95 % bootstrap intervals; rewards are those of the reward model that guides, for every method.`,
    ),
    heading("Methods"),
    methodTable(results),
    ...charts.map((chart) => ({ kind: "chart" as const, ...chart })),
    heading("Against greedy decoding"),
    ...differences(results),
    ...judgeBlocks(results),
    heading("Beside the paper"),
    paperTable(results),
    text(
      "The paper's numbers are of LLaMA-7B on HH-RLHF with its own reward model (ARGS, Khanov et al., ICLR 2024). Rewards of different reward models have different scales; compare directions, not sizes.",
    ),
    heading("Examples"),
    ...exampleBlocks(input),
    heading("Settings"),
    settingsTable(results),
    filesTable(results),
    ...remarks(results),
    ...(command === null ? [] : [heading("Make it again"), { kind: "code" as const, text: command }]),
  ];
  return { title: "ARGS evaluation", blocks };
}

function heading(content: string): Block {
  return { kind: "heading", text: content };
}

function text(content: string): Block {
  return { kind: "text", text: content };
}

function metricsOf({ methods }: EvaluationResults): string[] {
  const names = new Set(Object.values(methods).flatMap((method) => Object.keys(method)));
  const first = ["reward", "diversity", "coherence"].filter((name) => names.has(name));
  return [...first, ...[...names].filter((name) => !first.includes(name))];
}

function methodTable(results: EvaluationResults): Table {
  const metrics = metricsOf(results);
  const rows = Object.entries(results.methods).map(([name, method]) => [
    name,
    ...metrics.map((metric) => shownEstimate(metric, method[metric])),
  ]);
  return { kind: "table", head: ["method", ...metrics.map(titleOf)], rows };
}

/** Every method against the greedy decoding of its own models. */
function differences(results: EvaluationResults): Block[] {
  const rows = results.comparisons.flatMap((comparison) => {
    const found = againstGreedy(comparison);
    if (found === null || !["reward", "diversity", "coherence"].includes(comparison.metric)) return [];
    return [[found.method, titleOf(comparison.metric), shownDifference(comparison.metric, found.test), shownP(comparison.p)]];
  });
  if (rows.length === 0) return [text("Greedy decoding is not among the methods.")];
  return [
    { kind: "table", head: ["method", "measure", "difference", "p"], rows },
    text("Paired over prompts; p of a two-sided permutation test with 10,000 sign changes, not adjusted for the number of tests."),
  ];
}

function againstGreedy(comparison: Comparison): { method: string; test: Comparison } | null {
  const { a, b } = comparison;
  if (isGreedyOf(b, a)) return { method: a, test: comparison };
  if (!isGreedyOf(a, b)) return null;
  return { method: b, test: { ...comparison, mean: -comparison.mean, low: -comparison.high, high: -comparison.low } };
}

/** "greedy" to "args-greedy", and "small: greedy" to "small: args-greedy". */
function isGreedyOf(greedy: string, method: string): boolean {
  const label = greedy.slice(0, -"greedy".length);
  return greedy !== method && (greedy === "greedy" ? !method.includes(": ") : greedy.endsWith(": greedy") && method.startsWith(label));
}

function judgeBlocks({ judge }: EvaluationResults): Block[] {
  if (judge.length === 0) return [];
  const rows = judge.map(({ method, baseline, winTie, win, tie, loss, unreadable, failed, unasked }) => {
    const rate = winTie ? `${digits(winTie.mean * 100)} [${digits(winTie.low * 100)}, ${digits(winTie.high * 100)}]` : "–";
    return [`${method} against ${baseline}`, rate, ...[win, tie, loss, unreadable, failed, unasked].map(String)];
  });
  const stopped = [...new Set(judge.flatMap((each) => each.stopped ?? []))].map((reason) => text(`Judging stopped early: ${reason}`));
  return [
    heading(`Verdicts of ${[...new Set(judge.map(({ model }) => model))].join(", ")}`),
    { kind: "table", head: ["pair", "win–tie %", "win", "tie", "loss", "unreadable", "no reply", "not asked"], rows },
    ...withoutReply(judge),
    ...stopped,
  ];
}

/** Why questions got no reply; servers that put an id into each message give as many reasons as there are questions. */
function withoutReply(judge: EvaluationResults["judge"]): Block[] {
  const reasons = new Map<string, number>();
  for (const { message, count } of judge.flatMap(({ failures }) => failures)) reasons.set(message, (reasons.get(message) ?? 0) + count);
  const listed = [...reasons].sort(([, a], [, b]) => b - a).map(([message, count]) => `${count} × ${message}`);
  if (listed.length === 0) return [];
  const others = listed.length - MOST_REASONS;
  return [
    text(`Questions without reply: ${listed.slice(0, MOST_REASONS).join("; ")}${others > 0 ? `; and ${others} other reasons` : ""}.`),
  ];
}

function paperTable({ methods, judge }: EvaluationResults): Table {
  const [greedy, guided] = ["greedy", "args-greedy"].map((name) => methods[name] ?? {});
  const own = (method: typeof greedy, metric: string): string => {
    const found = method?.[metric];
    return found ? digits(shownValue(metric, found.mean)) : "–";
  };
  const rows = (["reward", "diversity", "coherence"] as const).map((metric) => {
    return [titleOf(metric), String(PAPER.greedy[metric]), String(PAPER.argsGreedy[metric]), own(greedy, metric), own(guided, metric)];
  });
  const rate = judge.find(({ method }) => method === "args-greedy")?.winTie;
  const published = Object.entries(PAPER.winTie).map(([data, value]) => `${value} (${data})`);
  rows.push(["reward gain %", "", `+${PAPER.rewardGain}`, "", gain(greedy?.reward?.mean, guided?.reward?.mean)]);
  rows.push(["win–tie %", "", published.join(", "), "", rate ? digits(rate.mean * 100) : "–"]);
  return { kind: "table", head: ["", "paper, greedy", "paper, ARGS-greedy", "here, greedy", "here, args-greedy"], rows };
}

/** A ratio says something only where both rewards are above 0. */
function gain(before: number | undefined, after: number | undefined): string {
  if (before === undefined || after === undefined || before <= 0 || after <= 0) return "–";
  return `${after >= before ? "+" : ""}${digits((after / before - 1) * 100)}`;
}

function exampleBlocks({ results, responses, examples }: ReportInput): Example[] {
  const names = Object.keys(results.methods);
  const plain = names.filter((name) => !name.includes("="));
  const shown = (plain.length > 1 ? plain : [...plain, ...bestOf(results, names)]).slice(0, SIDES);
  return examples.flatMap((index) => {
    const answers = shown.flatMap((name) => responses.find((response) => response.method === name && response.index === index) ?? []);
    const [first] = answers;
    if (first === undefined) return [];
    return [{ kind: "example" as const, prompt: promptAsText(first.prompt).trim(), answers, scale: scaleOf(answers) }];
  });
}

function bestOf({ methods }: EvaluationResults, names: readonly string[]): string[] {
  const reward = (name: string): number => methods[name]?.reward?.mean ?? Number.NEGATIVE_INFINITY;
  return [...names].filter((name) => name.includes("=")).sort((a, b) => reward(b) - reward(a));
}

/** The middle nine tenths of the rewards: single outliers do not wash out the colours. */
function scaleOf(answers: readonly EvaluatedResponse[]): [number, number] {
  const sorted = answers.flatMap(({ rewards }) => rewards).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return [at(0.05), at(0.95)];
}

function settingsTable({ settings }: EvaluationResults): Table {
  const { generation, versions, slots } = settings;
  const methods = Object.entries(settings.methods).map(([name, method]) => [name, describeMethod(method as MethodSpec)]);
  return {
    kind: "table",
    head: ["setting", "value"],
    rows: [
      ...methods,
      ["template", generation.template],
      ["stop", generation.stop.map((stop) => JSON.stringify(stop)).join(", ") || "none"],
      ["slots", String(slots)],
      ["argsearch", versions.argsearch],
      ["llama.cpp", versions.engine],
      ["Node", versions.node],
    ],
  };
}

function filesTable({ settings }: EvaluationResults): Table {
  const rows = Object.entries(settings.models).flatMap(([label, { policy, rewards }]) => [
    [`policy ${label}`, policy.file, String(policy.size), policy.sha256],
    ...rewards.map(({ reward, weight }) => {
      const what = weight === 1 ? `reward ${label}` : `reward ${label}, weight ${weight}`;
      return typeof reward === "string" ? [what, `function ${reward}`, "", ""] : [what, reward.file, String(reward.size), reward.sha256];
    }),
  ]);
  const { embedding } = settings;
  if (embedding) rows.push(["embedding", embedding.file, String(embedding.size), embedding.sha256]);
  rows.push(["prompts", settings.source, "", settings.data.sha256]);
  return { kind: "table", head: ["role", "file", "bytes", "SHA-256"], rows };
}

function remarks({ settings, failures, badLines }: EvaluationResults): Block[] {
  const blocks: Block[] = [];
  if (settings.embedding === null) blocks.push(text("Coherence is absent: no embedding model was given."));
  if (badLines.length > 0) {
    blocks.push(text(`Lines left out of the data: ${badLines.map(({ line, message }) => `${line} (${message})`).join("; ")}.`));
  }
  if (failures.length > 0) {
    const listed = failures.slice(0, 20).map(({ method, index, message }) => `${index} by ${method} (${message})`);
    blocks.push(text(`Prompts not answered: ${failures.length}. ${listed.join("; ")}.`));
  }
  return blocks;
}
