import { join } from "node:path";
import type { ChartSpec } from "../report/chart.js";
import { lineups } from "../report/lineup.js";
import { sweepChart } from "../report/sweep-chart.js";
import { type WrittenReport, writeDocument } from "../report/write-document.js";
import { FILES, readResponses } from "../run/store.js";
import { composeTuneReport, restricted } from "./compose.js";
import { tunePaths } from "./directory.js";
import { BASELINE } from "./options.js";
import type { TuneResult } from "./tune.js";

/** What writeTuneReport() takes. */
export interface TuneReportOptions {
  /** What makes it again: shown at the end. */
  command?: string | undefined;
}

/**
 * Writes report.html (self-contained), report.md and charts/*.svg into the directory that tune() has written: what every weight gives and
 * costs, beside the bounds. Without vega and vega-lite it has no chart.
 *
 * @param out that tune() was given
 * @throws ArgsearchError FILE_UNREADABLE, FILE_UNWRITABLE
 */
export async function writeTuneReport(out: string, found: TuneResult, { command }: TuneReportOptions = {}): Promise<WrittenReport> {
  const responses = await readResponses(join(tunePaths(out).evaluation, FILES.responses));
  return writeDocument(out, tuneCharts(found), (charts) => composeTuneReport({ found, responses, charts, command: command ?? null }));
}

/** Measures over the weight, with the bounds and the weight that was chosen. */
export function tuneCharts({ evaluation, points, baseline, chosen }: TuneResult): ChartSpec[] {
  const results = restricted(evaluation, [BASELINE, ...points.map(({ name }) => name)]);
  const checks = points.flatMap(({ bounds }) => bounds);
  const limits = new Map(checks.map(({ metric, bound, greedy }) => [metric, bound * greedy] as const));
  const chart = sweepChart(results, lineups(results), { limits, chosen: chosen?.weight ?? null });
  if (chart === null || baseline.reward === undefined) return [];
  const marks = chosen === null ? "dotted: bounds" : "dotted: bounds; upright: the chosen weight";
  return [{ ...chart, name: "tune", caption: `${chart.caption.replace(/\.$/, "")}; ${marks}.` }];
}
