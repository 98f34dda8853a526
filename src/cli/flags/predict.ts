/** Flags of `reward predict`, and what `reward fit --predictor` has of them. */
import type { Command } from "commander";
import type { PredictOptions, PredictResult } from "../../fit/index.js";
import { table } from "../terminal/format.js";
import { integer, number } from "./values.js";

export type PredictFlags = Pick<
  PredictOptions,
  "steps" | "maxTokens" | "heldOut" | "rate" | "epochs" | "seed" | "slots" | "keepTrajectories"
> & {
  weight?: number;
  topK?: number;
};

export function addPredictFlags(command: Command): void {
  command
    .option("--steps <n>", "steps to decode, one a token, over all prompts (default: 15000)", integer)
    .option("-n, --max-tokens <n>", "longest response, of all that check (default: 128)", integer)
    .option("-w, --weight <w>", "weight of the reward that the promise is kept at (default: 0.6)", number)
    .option("-k, --top-k <n>", "candidates a step (default: 10)", integer)
    .option("--rate <share>", "share of the steps that may take another token than without the gate (default: 0.001)", number)
    .option("--held-out <share>", "share of the steps, of other prompts, that only check the guesses (default: a third)", number)
    .option("--epochs <n>", "most passes over the steps (default: 30)", integer)
    .option("--seed <n>", "of the split and the training (default: 0)", integer)
    .option("--slots <n>", "prompts that are decoded at once (default: 4)", integer)
    .option("--keep-trajectories", "keep OUT.trajectories: training again takes minutes");
}

export function predictOptions(flags: PredictFlags): Omit<PredictOptions, "reward" | "prompts"> {
  const { steps, maxTokens, heldOut, rate, epochs, seed, slots, keepTrajectories, weight, topK } = flags;
  const settings = { ...(weight !== undefined && { weight }), ...(topK !== undefined && { topK }) };
  return { steps, maxTokens, heldOut, rate, epochs, seed, slots, keepTrajectories, settings };
}

/** z of the table that are shown. */
const SHOWN = [0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6];

export function predictReport({ steps, explained, chosen, rate, proven, stepsToProve, unscoredRate, table: rows }: PredictResult): string {
  const heading = `trained on ${steps.training} steps, checked on ${steps.heldOut}: explains ${share(explained)} of the rewards' variance within a step`;
  const shown = rows.filter(({ z }) => SHOWN.includes(z) || z === chosen.z);
  const cells = shown.map((row) => [
    `${row.z}${row.z === chosen.z ? " *" : ""}`,
    row.scored.toFixed(2),
    share(row.rate, 2),
    share(row.upper, 2),
  ]);
  const body = table([["z", "scored of a step", "other tokens", "at most (95 %)"], ...cells], [1, 2, 3]);
  const promise = `gate "predicted" goes by z = ${chosen.z}`;
  const kept = `at most ${share(rate, 3)} other tokens`;
  const verdict = proven
    ? `${promise}: ${kept}`
    : `${promise}, which was never wrong; ${steps.heldOut} steps are too few to show ${kept}: that takes ${stepsToProve} or more`;
  return `${heading}\n\n${body}\n${verdict}; "predicted-only" takes ${share(unscoredRate, 1)} other tokens\n`;
}

function share(value: number, digits = 0): string {
  return `${(100 * value).toFixed(digits)} %`;
}
