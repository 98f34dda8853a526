/** Win–tie rates of a judge, and what is missing of them. */
import type { JudgeResult } from "../judge/judge.js";
import type { EvaluationResults } from "../results.js";
import { type Block, type Cell, heading, text } from "./document.js";
import { shownShare } from "./numbers.js";
import { pairRows } from "./pair-rows.js";

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
      rows: pairRows(results, judge, row),
    },
    ...unread(judge),
    ...withoutReply(judge),
    ...stopped,
    ...askedOtherwise(judge),
  ];
}

function row(name: string, { winTie, win, tie, loss, unreadable, failed, unasked }: JudgeResult): Cell[] {
  return [name, shownShare(winTie), ...[win, tie, loss, unreadable, failed, unasked].map(String)];
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
