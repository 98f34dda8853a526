/**
 * What guesses are worth on steps that were held out: by how many deviations a candidate may lag behind and still win, at which rate of
 * other tokens than the exact search's.
 */
import { mean, upperShare } from "../../statistics.js";

/** A held-out step, candidate by candidate. */
export interface GuessedStep {
  logProbs: readonly number[];
  rewards: readonly number[];
  guesses: readonly number[];
  /** The reward before the step. */
  before: number;
}

/** What gate "predicted" costs and gives at one z. */
export interface GateRow {
  /** Deviations. */
  z: number;
  /** Share of the steps whose token would be another one. */
  rate: number;
  /** Its upper 95 % bound (Clopper and Pearson, 1934). */
  upper: number;
  /** Candidates that are scored, mean a step. */
  scored: number;
}

export interface Calibration {
  /** Root mean square of a guess's error within a step. */
  deviation: number;
  /** Root mean square of the error of the guess for the token that wins. */
  takenDeviation: number;
  /** Share of the variance within steps that is explained. */
  explained: number;
  /** Steps that it was read off. */
  steps: number;
  /** Where nothing is scored: share of other tokens. */
  unscoredRate: number;
  table: GateRow[];
}

/** z of the table: as fine as the rates of a few thousand steps can tell. */
const ZS = Array.from({ length: 49 }, (_, index) => index / 8);

/** `weight`: additive, log P + weight * reward. NaN in the numbers without steps. */
export function calibrate(steps: readonly GuessedStep[], weight: number): Calibration {
  const errors = withinErrors(steps);
  const { deviation } = errors;
  const found = steps.map((step) => lagOf(step, weight, deviation));
  const rows = ZS.map((z) => gateRow(z, found, steps, weight, deviation));
  const other = found.filter(({ lag }) => lag > 0).length;
  const takenError = Math.sqrt(mean(found.map(({ error }) => error * error)));
  return { ...errors, takenDeviation: takenError, steps: steps.length, unscoredRate: other / steps.length, table: rows };
}

/**
 * The least z of the table whose upper bound keeps the promised rate. Where the steps are too few for any to: the least that has been
 * wrong in none of them, and `proven` false.
 */
export function chooseZ({ table }: Pick<Calibration, "table">, rate: number): GateRow & { proven: boolean } {
  const kept = table.find(({ upper }) => upper <= rate);
  if (kept !== undefined) return { ...kept, proven: true };
  const flawless = table.find((row) => row.rate === 0) ?? table.at(-1);
  if (flawless === undefined) throw new Error("a table without rows");
  return { ...flawless, proven: false };
}

/** Held-out steps that it takes to prove a rate when none of them goes wrong. */
export function stepsToProve(rate: number): number {
  return Math.ceil(Math.log(0.05) / Math.log1p(-rate));
}

function withinErrors(steps: readonly GuessedStep[]): Pick<Calibration, "deviation" | "explained"> {
  let [left, all, count] = [0, 0, 0];
  for (const { rewards, guesses } of steps) {
    const error = mean(rewards.map((reward, i) => reward - (guesses[i] ?? 0)));
    const level = mean(rewards);
    for (const [i, reward] of rewards.entries()) {
      left += (reward - (guesses[i] ?? 0) - error) ** 2;
      all += (reward - level) ** 2;
      count += 1;
    }
  }
  return { deviation: Math.sqrt(left / count), explained: 1 - left / all };
}

/** How far the true winner lags behind the best guess, in deviations of the reward; the error of its guess. */
function lagOf({ logProbs, rewards, guesses, before }: GuessedStep, weight: number, deviation: number): { lag: number; error: number } {
  const winner = argMax(logProbs.map((logProb, i) => logProb + weight * (rewards[i] ?? 0)));
  const scores = logProbs.map((logProb, i) => logProb + weight * (guesses[i] ?? 0));
  const lag = ((scores[argMax(scores)] ?? 0) - (scores[winner] ?? 0)) / (weight * deviation);
  return { lag, error: (rewards[winner] ?? 0) - before - (guesses[winner] ?? 0) };
}

function gateRow(
  z: number,
  lags: readonly { lag: number }[],
  steps: readonly GuessedStep[],
  weight: number,
  deviation: number,
): GateRow {
  const wrong = lags.filter(({ lag }) => lag > z).length;
  const scored = mean(
    steps.map(({ logProbs, guesses }) => {
      const scores = logProbs.map((logProb, i) => logProb + weight * (guesses[i] ?? 0));
      const best = Math.max(...scores);
      return scores.filter((score) => score + z * weight * deviation >= best).length;
    }),
  );
  return { z, rate: wrong / steps.length, upper: upperShare(wrong, steps.length), scored };
}

/** The first of the greatest. */
function argMax(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? Number.NEGATIVE_INFINITY) ? index : best), 0);
}
