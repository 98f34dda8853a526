/**
 * What guesses are worth on steps that were held out: by how many deviations a candidate may lag behind the best guess and still win, at
 * which rate of other tokens than the exact search's. native/search/narrow/predicted.cc closes candidates by the same rule.
 */
import { mean, upperShare } from "../../statistics.js";

/** A held-out step, candidate by candidate. */
export interface GuessedStep {
  logProbs: readonly number[];
  /** As its search scored them, but for ends that the policy decides about. */
  rewards: readonly number[];
  guesses: readonly number[];
  /** Ends of the response which take the best reward of the others. */
  ends: readonly boolean[];
  /** The candidate that was taken: the one with the best score. */
  taken: number;
}

/** Of log-probability and reward in a score. */
export interface Scoring {
  logProb: number;
  reward: number;
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
  /** The same of the guess for the token that was taken, its step's level included. */
  takenDeviation: number;
  /** Share of the variance within steps that is explained. */
  explained: number;
  /** Steps that it was read off. */
  steps: number;
  /** Where nothing is scored: share of other tokens. */
  unscoredRate: number;
  /** Ascending in z. */
  table: GateRow[];
}

/** z of the table: as fine as the rates of a few thousand steps can tell. */
const ZS = Array.from({ length: 65 }, (_, index) => index / 8);

/** Of at least one step in which rewards differ. */
export function calibrate(steps: readonly GuessedStep[], scoring: Scoring): Calibration {
  const errors = withinErrors(steps);
  const lags = steps.map((step) => lagsOf(step, scoring, errors.deviation));
  const taken = steps.flatMap((step) => (step.ends[step.taken] ? [] : [takenError(step) ** 2]));
  return {
    ...errors,
    takenDeviation: Math.sqrt(mean(taken)),
    steps: steps.length,
    unscoredRate: lags.filter(({ taken }) => taken > 0).length / steps.length,
    table: ZS.map((z) => gateRow(z, lags)),
  };
}

/**
 * The least z of the table whose upper bound keeps the promised rate. Where the steps are too few for any to: the least that has been
 * wrong in none of them, and `proven` false.
 */
export function chooseZ(table: readonly GateRow[], rate: number): { chosen: GateRow; proven: boolean } {
  const kept = table.find(({ upper }) => upper <= rate);
  const chosen = kept ?? table.find((row) => row.rate === 0) ?? table.at(-1);
  if (chosen === undefined) throw new Error("a table without rows");
  return { chosen, proven: kept !== undefined };
}

/** Held-out steps that it takes to show a rate when none of them goes wrong. */
export function stepsToProve(rate: number): number {
  return Math.ceil(Math.log(0.05) / Math.log1p(-rate));
}

function withinErrors(steps: readonly GuessedStep[]): Pick<Calibration, "deviation" | "explained"> {
  let [left, all, count] = [0, 0, 0];
  for (const step of steps) {
    const going = step.rewards.flatMap((reward, i) => (step.ends[i] ? [] : [{ reward, error: reward - (step.guesses[i] ?? 0) }]));
    const error = mean(going.map((each) => each.error));
    const level = mean(going.map((each) => each.reward));
    for (const each of going) {
      left += (each.error - error) ** 2;
      all += (each.reward - level) ** 2;
      count += 1;
    }
  }
  return { deviation: Math.sqrt(left / count), explained: 1 - left / all };
}

function takenError({ rewards, guesses, taken }: GuessedStep): number {
  return (rewards[taken] ?? 0) - (guesses[taken] ?? 0);
}

/** By how many deviations each candidate lags behind the best guess, and the one that was taken. */
interface Lags {
  all: number[];
  taken: number;
  ends: readonly boolean[];
}

function lagsOf({ logProbs, guesses, ends, taken }: GuessedStep, scoring: Scoring, deviation: number): Lags {
  // An end is the likeliest: it wins whatever the rewards are.
  if (ends[0]) return { all: [0], taken: 0, ends: [true] };
  const best = Math.max(...guesses.filter((_, i) => !ends[i]));
  const scores = logProbs.map((logProb, i) => scoring.logProb * logProb + scoring.reward * (ends[i] ? best : (guesses[i] ?? 0)));
  const highest = Math.max(...scores);
  const all = scores.map((score) => (highest - score) / (scoring.reward * deviation));
  return { all, taken: all[taken] ?? 0, ends };
}

function gateRow(z: number, lags: readonly Lags[]): GateRow {
  // Where an end may win all are scored: each of the others has a part in what it scores.
  const open = ({ all, ends }: Lags): number => {
    const viable = all.filter((lag) => lag <= z).length;
    return viable > 1 && all.some((lag, i) => lag <= z && ends[i]) ? all.length : viable;
  };
  const counts = lags.map(open);
  const wrong = lags.filter((each, i) => each.taken > z && counts[i] !== each.all.length).length;
  return { z, rate: wrong / lags.length, upper: upperShare(wrong, lags.length), scored: mean(counts) };
}
