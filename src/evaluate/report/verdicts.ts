/** Win–tie rates of a judge, and what is missing of them. */
import type { JudgeResult } from "../judge/judge.js";
import type { EvaluationResults } from "../results.js";
import { type Block, type Cell, heading, text } from "./document.js";
import { digits } from "./numbers.js";

/** Most reasons for questions without a reply. */
const MOST_REASONS = 5;

/** Nothing without a judge. */
export function verdicts({ judge }: EvaluationResults): Block[] {
  if (judge.length === 0) return [];
  const stopped = [...new Set(judge.flatMap((each) => each.stopped ?? []))].map((reason) => text(`Judging stopped early: ${reason}`));
  return [
    heading(`Verdicts of ${[...new Set(judge.map(({ model }) => model))].join(", ")}`),
    {
      kind: "table",
      head: ["pair", "win–tie %", "win", "tie", "loss", "unreadable", "no reply", "not asked"],
      rows: judge.map(row),
    },
    ...withoutReply(judge),
    ...stopped,
  ];
}

function row({ method, baseline, winTie, win, tie, loss, unreadable, failed, unasked }: JudgeResult): Cell[] {
  const rate = winTie ? { value: digits(winTie.mean * 100), below: `[${digits(winTie.low * 100)}, ${digits(winTie.high * 100)}]` } : "–";
  return [`${method} against ${baseline}`, rate, ...[win, tie, loss, unreadable, failed, unasked].map(String)];
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
