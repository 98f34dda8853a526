/** Tuning for the commands that end with it: progress, a table, the report, and what is wrong. */
import { join } from "node:path";
import { type TuneOptions, type TunePoint, type TuneResult, tune, writeTuneReport } from "../../evaluate/index.js";
import { EXIT, reportLeftOut, reportLine, spoken } from "../terminal/failure.js";
import { table } from "../terminal/format.js";
import { interruptible } from "../terminal/interrupt.js";
import { note, print, printJson } from "../terminal/output.js";
import { evalProgress } from "./eval-progress.js";

interface Shown {
  /** Null leaves what was found to the caller. */
  output: "table" | "json" | null;
  /** Ends the report. */
  command: string;
}

/**
 * Exit code 1 where no weight keeps the bounds, or a line or prompt had to be left out.
 *
 * @returns what was found, the evaluation aside
 */
export async function runTune(options: TuneOptions & { out: string }, { output, command }: Shown): Promise<Omit<TuneResult, "evaluation">> {
  const progress = evalProgress();
  let leftOut = 0;
  const onBadLine: TuneOptions["onBadLine"] = ({ place, error }) => {
    leftOut += 1;
    reportLeftOut(error, place);
  };
  const found = await interruptible((signal) =>
    tune({ ...options, onProgress: progress.update, onBadLine, signal }).catch((error: unknown) => {
      if (signal.aborted) note(`interrupted; the same command goes on from what is in ${options.out}`, true);
      throw error;
    }),
  ).finally(progress.stop);
  const { evaluation, ...shown } = found;
  if (output === "json") await printJson(shown);
  if (output === "table") await print(weightTable(found));
  const { html, chartsMissing } = await writeTuneReport(options.out, found, { command });
  if (chartsMissing !== null) note(`the report has no chart: ${chartsMissing}`, true);
  note(`report: ${html}`);
  for (const line of found.verdict) (found.chosen === null ? reportLine : noted)(line);
  if (found.settings !== null) note(`settings: ${join(options.out, "settings.json")}`, true);
  const { failures } = evaluation;
  for (const { method, index, message, code } of failures) reportLine(`prompt ${index} by ${method}: ${spoken(message)}`, code);
  if (found.settings === null || leftOut > 0 || failures.length > 0) process.exitCode ??= EXIT.FAILURE;
  return shown;
}

function noted(line: string): void {
  note(line, true);
}

/** Rewards as they are, what is bounded as shares of greedy decoding's, with an x where they are outside. */
function weightTable({ points, baseline, chosen }: TuneResult): string {
  const free = ["reward", "judgeReward"].filter((metric) => baseline[metric] !== undefined);
  const bound = [...new Set(points.flatMap(({ bounds }) => bounds.map(({ metric }) => metric)))];
  const row = (point: TunePoint): string[] => [
    point.method,
    point.weight === null ? "-" : String(point.weight),
    ...free.map((metric) => point.measures[metric]?.mean.toFixed(3) ?? "-"),
    ...bound.map((metric) => share(point, metric)),
    point.within ? "yes" : "no",
    point.name === chosen?.name ? "chosen" : "",
  ];
  const plain = ["greedy", "", ...free.map((metric) => baseline[metric]?.mean.toFixed(3) ?? "-"), ...bound.map(() => "1"), "", ""];
  return table([["method", "weight", ...free, ...bound, "within", ""], plain, ...points.map(row)]);
}

function share({ bounds }: TunePoint, metric: string): string {
  const found = bounds.find((check) => check.metric === metric);
  if (found === undefined) return "-";
  const mark = found.holds ? "" : " x";
  if (found.share === null) return `${found.value.toFixed(3)}/0${mark}`;
  const [mean, low, high] = [found.share.mean, found.share.low, found.share.high].map((value) => value.toFixed(2));
  return `${mean} [${low}, ${high}]${mark}`;
}
