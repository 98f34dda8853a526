/** Win–tie rates by a reward model that judges. */
import type { EvaluationResults } from "../results.js";
import type { JudgeRewardResult } from "../reward-judge/result.js";
import { type Block, type Cell, heading, text } from "./document.js";
import { shownShare } from "./numbers.js";
import { pairRows } from "./pair-rows.js";

/** What it is, wherever its verdicts stand. */
const ABOUT =
  "The judge is a reward model, too: it rates each answer alone, in the conversation that it finishes, and of two answers to a prompt the one with the higher rating wins; ratings that are equal in six digits are a tie. Where it learnt from the same kind of data as the reward that guides, it shares that data's taste: what it prefers need not be the better answer.";

/** Nothing without one. */
export function rewardVerdicts(results: EvaluationResults): Block[] {
  const { judgeReward = [] } = results;
  if (judgeReward.length === 0) return [];
  const reason = judgeReward.find(({ unratedReason }) => unratedReason !== undefined)?.unratedReason;
  return [
    heading(`Ratings of ${[...new Set(judgeReward.map(({ model }) => model))].join(", ")}`),
    { kind: "table", head: ["pair", "win–tie %", "win", "tie", "loss", "not rated"], rows: pairRows(results, judgeReward, row) },
    text(ABOUT),
    ...(reason === undefined ? [] : [text(`Answers that could not be rated, the first: ${reason}`)]),
  ];
}

function row(name: string, { winTie, win, tie, loss, unrated }: JudgeRewardResult): Cell[] {
  return [name, shownShare(winTie), ...[win, tie, loss, unrated].map(String)];
}
