/** What the command line says of a judge: the estimate before, verdicts after, and what is missing. */

import type { JudgeEstimate, JudgeResult, JudgeRewardResult } from "../../evaluate/index.js";
import { cleanedLine } from "../../files/clean.js";
import { reportLine, spoken } from "../terminal/failure.js";
import { plural } from "../terminal/format.js";
import { note, print } from "../terminal/output.js";

/** Reasons listed one by one; servers that put an id into each message give as many as there are questions. */
const MOST_REASONS = 5;

export function noteEstimate({ verdicts, requests, inputTokens, outputTokens, cost }: JudgeEstimate): void {
  const price = cost === null ? "" : `, at most ${cost.toFixed(2)} at the given price`;
  const tokens = `about ${inputTokens} tokens in, at most ${outputTokens} out${price}`;
  note(`judge: ${plural(verdicts, "verdict")}, ${plural(requests, "question")} to ask: ${tokens}`, true);
}

export async function printVerdicts(judge: readonly JudgeResult[]): Promise<void> {
  for (const { method, baseline, unreadable, failed, unasked, ...counts } of judge) {
    const missing = [`${unreadable} unreadable`, `${failed} without reply`, ...(unasked > 0 ? [`${unasked} not asked`] : [])];
    await print(winTieLine(`${method} against ${baseline}`, counts, missing));
  }
}

/** Of a reward model that judges. */
export async function printRatings(judged: readonly JudgeRewardResult[]): Promise<void> {
  for (const { method, baseline, model, unrated, ...counts } of judged) {
    await print(winTieLine(`${method} against ${baseline} by ${model}`, counts, unrated > 0 ? [`${unrated} not rated`] : []));
  }
}

/** The share that was won or tied with its interval, the counts behind it, and those that are missing. */
function winTieLine(
  name: string,
  { winTie, win, tie, loss }: Pick<JudgeResult, "winTie" | "win" | "tie" | "loss">,
  missing: readonly string[],
): string {
  const percent = (share: number): string => (100 * share).toFixed(2);
  const rate = winTie ? `${percent(winTie.mean)} % [${percent(winTie.low)}, ${percent(winTie.high)}]` : "-";
  return `${cleanedLine(name)}: win-tie ${rate} (${[`${win} / ${tie} / ${loss}`, missing.join(", ")].filter(Boolean).join("; ")})\n`;
}

/** What a reader of ratings has to know; and why some are missing: whether any is. */
export function reportRatings(judged: readonly JudgeRewardResult[]): boolean {
  if (judged.length === 0) return false;
  note("the judge is a reward model: of the same kind of data as the one that guides, it shares that data's taste");
  const unrated = judged.find(({ unratedReason }) => unratedReason !== undefined);
  if (unrated) reportLine(`judge: answers that could not be rated, the first: ${spoken(unrated.unratedReason ?? "")}`);
  return unrated !== undefined;
}

/** Reports what is missing and why; whether anything is: replies, or pairs without a single one that could be read. */
export function reportJudge(judge: readonly JudgeResult[]): boolean {
  const changes = new Set(judge.flatMap((each) => each.changes ?? []));
  if (changes.size > 0) note(`judge: asked with ${[...changes].join(", ")}: it takes no other`, true);
  const unread = judge.filter(({ win, tie, loss, unreadable }) => win + tie + loss === 0 && unreadable > 0);
  for (const { method, baseline, unreadable, unreadableReply = "" } of unread) {
    const what = `none of ${plural(unreadable, "reply", "replies")} on ${method} against ${baseline} could be read`;
    reportLine(`judge: ${what}: they do not begin with two scores. The first: ${JSON.stringify(unreadableReply)}`);
  }
  const reasons = new Map<string, number>();
  for (const { message, count } of judge.flatMap(({ failures }) => failures)) reasons.set(message, (reasons.get(message) ?? 0) + count);
  const sorted = [...reasons].sort(([, a], [, b]) => b - a);
  for (const [message, count] of sorted.slice(0, MOST_REASONS)) reportLine(`judge: ${plural(count, "question")} without reply: ${message}`);
  if (sorted.length > MOST_REASONS) reportLine(`judge: and ${sorted.length - MOST_REASONS} other reasons, listed in the results`);
  const stopped = judge.find((each) => each.stopped !== null)?.stopped;
  if (stopped) reportLine(`judging stopped: ${stopped}`);
  const incomplete = reasons.size > 0 || stopped !== undefined;
  if (incomplete) reportLine("all else is kept; the same command asks for the missing verdicts again");
  return incomplete || unread.length > 0;
}
