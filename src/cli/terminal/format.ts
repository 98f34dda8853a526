/** Numbers for people, aligned tables and histograms. */

import { cleanedLine } from "../../files/clean.js";
import type { GenerateResult, Histogram } from "../../index.js";

/** Columns of a histogram's longest bar. */
const HISTOGRAM_WIDTH = 40;

export function bytes(value: number): string {
  return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
}

export function count(value: number): string {
  return scaled(value, 1000, ["", "K", "M", "B", "T"]).trimEnd();
}

/** A reward with four decimals; "-" for none. */
export function reward(value: number | null): string {
  return value === null ? "-" : value.toFixed(4);
}

export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The rewards of a response's text: of its tokens, without the one that ended it, as far as they were read. */
export function textRewards({ rewards, finishReason }: Pick<GenerateResult, "rewards" | "finishReason">): readonly number[] {
  return (finishReason === "eog" ? rewards.slice(0, -1) : rewards).filter((value) => value !== null);
}

/** "reward 0.5123, average 0.4012"; nothing where none was read. */
export function rewardFigures(result: Pick<GenerateResult, "reward" | "rewards" | "finishReason">): string[] {
  const average = mean(textRewards(result));
  return result.reward === null && average === null ? [] : [`reward ${reward(result.reward)}, average ${reward(average)}`];
}

/** "40 of 128 steps without rewards"; nothing where a gate left out none. */
export function gateFigures({ gate }: Pick<GenerateResult, "gate">): string[] {
  return gate.gated === 0 ? [] : [`${gate.gated} of ${plural(gate.steps, "step")} without rewards`];
}

/** What a step was made of: "a step: policy 4.2 ms, reward 8.1 ms, other 0.3 ms"; nothing without steps. */
export function stepFigures({ gate, timings }: Pick<GenerateResult, "gate" | "timings">): string[] {
  if (gate.steps === 0) return [];
  const parts = (["policy", "reward", "other"] as const).map((part) => `${part} ${(timings[part] / gate.steps).toFixed(1)} ms`);
  const prefill = `prompt: policy ${timings.policyPrefill.toFixed(0)} ms, reward ${timings.rewardPrefill.toFixed(0)} ms`;
  return [prefill, `a step: ${parts.join(", ")}`, ...gateDetails(gate)];
}

function gateDetails({ steps, guided, gated, candidates, audited, violations }: GenerateResult["gate"]): string[] {
  if (guided + gated === 0) return [];
  const audits = audited === 0 ? [] : [`${audited} audited, ${violations} wrong`];
  return [[`${(candidates / steps).toFixed(1)} candidates rated a step`, ...audits].join(", ")];
}

export function plural(value: number, noun: string, many = `${noun}s`): string {
  return `${value} ${value === 1 ? noun : many}`;
}

/** Rows in columns two spaces apart; `right` names the columns (by index) that end flush. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const cells = rows.map((row) => row.map(cleanedLine));
  const widths: number[] = [];
  for (const row of cells) for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, text.length);
  const padded = (text: string, column: number) => (right.includes(column) ? text.padStart(widths[column]) : text.padEnd(widths[column]));
  return cells.map((row) => `${row.map(padded).join("  ").trimEnd()}\n`).join("");
}

/** One line a step: where it begins, a bar, the count. */
export function histogram({ low, high, counts }: Histogram): string {
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  const step = (high - low) / Math.max(1, counts.length);
  const rows = counts.map((count, index) => [
    reward(low + index * step),
    "█".repeat(Math.ceil((HISTOGRAM_WIDTH * count) / most)),
    `${count}`,
  ]);
  return table(rows, [0, 2]).trimEnd();
}

function scaled(value: number, step: number, units: readonly string[]): string {
  const power = value < step ? 0 : Math.min(units.length - 1, Math.floor(Math.log(value) / Math.log(step)));
  const shown = value / step ** power;
  return `${power === 0 ? shown : shown.toFixed(shown < 10 ? 2 : shown < 100 ? 1 : 0)} ${units[power]}`;
}
