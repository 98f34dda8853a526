/** Win–tie rates of a judge, and what is missing of them. */
import type { JudgeResult } from "../judge/judge.js";
import type { EvaluationResults } from "../results.js";
import { type Block, type Cell, heading, type Table, text } from "./document.js";
import { lineups } from "./lineup.js";
import { digits } from "./numbers.js";

/** Most reasons for questions without a reply. */
const MOST_REASONS = 5;

/** Nothing without a judge. */
export function verdicts(results: EvaluationResults): Block[] {
  const { judge } = results;
  if (judge.length === 0) return [];
  const stopped = [...new Set(judge.flatMap((each) => each.stopped ?? []))].map((reason) => text(`Judging stopped early: ${reason}`));
  return [
    heading(`Verdicts of ${[...new Set(judge.map(({ model }) => model))].join(", ")}`),
    {
      kind: "table",
      head: ["pair", "win–tie %", "win", "tie", "loss", "unreadable", "no reply", "not asked"],
      rows: grouped(results),
    },
    ...unread(judge),
    ...withoutReply(judge),
    ...stopped,
    ...askedOtherwise(judge),
  ];
}

/** By models, where there are several; pairs of different models come last. */
function grouped(results: EvaluationResults): Table["rows"] {
  const short = new Map<JudgeResult, string>();
  const groups = lineups(results).flatMap(({ label, entries }) => {
    const names = new Map(entries.map((entry) => [entry.name, entry.short]));
    const own = results.judge.filter(({ method, baseline }) => names.has(method) && names.has(baseline));
    for (const each of own) short.set(each, `${names.get(each.method)} against ${names.get(each.baseline)}`);
    return own.length === 0 || label === null ? own : [label, ...own];
  });
  const others = results.judge.filter((each) => !short.has(each));
  return [...groups, ...others].map((each) => {
    return typeof each === "string" ? each : row(short.get(each) ?? `${each.method} against ${each.baseline}`, each);
  });
}

function row(name: string, { winTie, win, tie, loss, unreadable, failed, unasked }: JudgeResult): Cell[] {
  const rate = winTie ? { value: digits(winTie.mean * 100), below: `[${digits(winTie.low * 100)}, ${digits(winTie.high * 100)}]` } : "–";
  return [name, rate, ...[win, tie, loss, unreadable, failed, unasked].map(String)];
}

/** Pairs about which nothing could be read. */
function unread(judge: readonly JudgeResult[]): Block[] {
  return judge.flatMap(({ method, baseline, win, tie, loss, unreadable, unreadableReply = "" }) => {
    if (win + tie + loss > 0 || unreadable === 0) return [];
    return [text(`No reply on ${method} against ${baseline} could be read: none begins with two scores. The first: ${unreadableReply}`)];
  });
}

function askedOtherwise(judge: readonly JudgeResult[]): Block[] {
  const changes = [...new Set(judge.flatMap((each) => each.changes ?? []))];
  return changes.length === 0 ? [] : [text(`The judge was asked with ${changes.join(", ")}: it takes no other.`)];
}

/** Why questions got no reply; servers that put an id into each message give as many reasons as there are questions. */
function withoutReply(judge: readonly JudgeResult[]): Block[] {
  const reasons = new Map<string, number>();
  for (const { message, count } of judge.flatMap(({ failures }) => failures)) reasons.set(message, (reasons.get(message) ?? 0) + count);
  const listed = [...reasons].sort(([, a], [, b]) => b - a).map(([message, count]) => `${count} × ${message}`);
  if (listed.length === 0) return [];
  const others = listed.length - MOST_REASONS;
  return [
    text(`Questions without reply: ${listed.slice(0, MOST_REASONS).join("; ")}${others > 0 ? `; and ${others} other reasons` : ""}.`),
  ];
}
