/** Win–tie rates of methods against a baseline, by the ratings of a reward model. */
import { type Estimate, shareEstimate } from "../statistics/resampling.js";
import type { Rating } from "./rating.js";

/** What a reward model says of a method's answers beside a baseline's, prompt by prompt. */
export interface JudgeRewardResult {
  method: string;
  baseline: string;
  /** Its file's name, and what is in it. */
  model: string;
  sha256: string;
  win: number;
  /** Ratings that are equal in six significant digits: above all the same answer. */
  tie: number;
  loss: number;
  /** Prompts that both answered, of which one answer could not be rated. They do not count in the rate. */
  unrated: number;
  /** Why, of the first of these; absent without one. */
  unratedReason?: string;
  /** Share of the prompts on which the method won or tied; null without one. */
  winTie: Estimate | null;
}

type Counts = Omit<JudgeRewardResult, "method" | "baseline" | "model" | "sha256">;

/** Of ratings by prompt. */
export function countWins(method: ReadonlyMap<number, Rating>, baseline: ReadonlyMap<number, Rating>): Counts {
  const counts = { win: 0, tie: 0, loss: 0, unrated: 0 };
  let reason: string | undefined;
  for (const [index, own] of method) {
    const other = baseline.get(index);
    if (other === undefined) continue;
    if (own.reward !== undefined && other.reward !== undefined) counts[outcome(own.reward, other.reward)] += 1;
    else {
      counts.unrated += 1;
      reason ??= own.failure ?? other.failure;
    }
  }
  const { win, tie, loss } = counts;
  const notLost = [...Array<number>(win + tie).fill(1), ...Array<number>(loss).fill(0)];
  return { ...counts, ...(reason !== undefined && { unratedReason: reason }), winTie: shareEstimate(notLost) };
}

function outcome(own: number, other: number): "win" | "tie" | "loss" {
  return own > other ? "win" : own === other ? "tie" : "loss";
}
