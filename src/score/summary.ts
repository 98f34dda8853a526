/** Many scored lines in a few numbers. */
import { isBan } from "../reward/ban.js";
import { type Histogram, histogram, Moments, wilson } from "../statistics.js";
import type { ScoredPair, ScoredText } from "./lines.js";

/** Many scored lines in a few numbers. */
export interface ScoreSummary {
  /** Lines that were scored. */
  count: number;
  /** Lines that could not be. */
  failed: number;
  /** Rewards that are bans of a function (-Infinity): mean, deviation and histogram leave them out. */
  banned: number;
  /** Of all other rewards, both of a pair among them; null without any. */
  mean: number | null;
  deviation: number | null;
  /** Share of pairs whose chosen response has the higher reward, with its 95 % interval; null without pairs. */
  pairAccuracy: number | null;
  low: number | null;
  high: number | null;
  histogram: Histogram;
}

/** What counts of a line. */
export type Rated = Pick<ScoredText, "reward"> | Pick<ScoredPair, "chosenReward" | "rejectedReward" | "correct">;

const BINS = 20;

/** Grows by 8 bytes a reward. */
export class Summariser {
  readonly #rewards: number[] = [];
  readonly #moments = new Moments();
  #count = 0;
  #failed = 0;
  #banned = 0;
  #pairs = 0;
  #correct = 0;

  add(line: Rated): void {
    this.#count += 1;
    if ("correct" in line) {
      this.#pairs += 1;
      if (line.correct) this.#correct += 1;
    }
    for (const reward of "correct" in line ? [line.chosenReward, line.rejectedReward] : [line.reward]) {
      if (isBan(reward)) {
        this.#banned += 1;
        continue;
      }
      this.#moments.add(reward);
      this.#rewards.push(reward);
    }
  }

  fail(): void {
    this.#failed += 1;
  }

  get summary(): ScoreSummary {
    const [any, paired] = [this.#rewards.length > 0, this.#pairs > 0];
    const { low, high } = wilson(this.#correct, this.#pairs);
    return {
      count: this.#count,
      failed: this.#failed,
      banned: this.#banned,
      mean: any ? this.#moments.mean : null,
      deviation: any ? this.#moments.deviation : null,
      pairAccuracy: paired ? this.#correct / this.#pairs : null,
      low: paired ? low : null,
      high: paired ? high : null,
      histogram: histogram(this.#rewards, BINS),
    };
  }
}
