import { type RewardModel, type ScoreFileOptions, type ScoreSummary, scoreFile } from "../../index.js";
import { type TemplateFlags, templateOptions } from "../flags/templates.js";
import { EXIT, reportLeftOut } from "../terminal/failure.js";
import { histogram, reward } from "../terminal/format.js";
import { interruptible, resumable } from "../terminal/interrupt.js";
import { note, printJson } from "../terminal/output.js";
import { workBar } from "../terminal/progress.js";

export interface ScoreFileFlags extends Pick<ScoreFileOptions, "format" | "out" | "rewardAt">, TemplateFlags {
  json?: boolean;
}

/**
 * Lines go to --out, else to standard output; with --json only the summary does, which else is on standard error. A bad
 * line is reported with its number, the rest is scored, the exit code is 1.
 */
export async function runScoreFile(model: RewardModel, path: string, flags: ScoreFileFlags): Promise<void> {
  const { format, out, rewardAt, json } = flags;
  const bar = workBar("scoring");
  const run = (signal: AbortSignal): Promise<ScoreSummary> =>
    scoreFile(model, path === "-" ? process.stdin : path, {
      ...templateOptions(flags),
      ...{ format, out, rewardAt, signal },
      onLine: out === undefined && !json ? printJson : undefined,
      onProgress: bar.update,
      onBadLine: ({ place, error }) => {
        process.exitCode ??= EXIT.FAILURE;
        bar.clear();
        reportLeftOut(error, place);
      },
    }).finally(bar.stop);
  // A stream cannot be read from its beginning again.
  const summary = await (out !== undefined && path !== "-" ? resumable(run) : interruptible(run));
  const { histogram: distribution, ...figures } = summary;
  if (json) await printJson(figures);
  note(sentence(summary), true);
  note(histogram(distribution));
}

function sentence({ count, failed, mean, deviation, pairAccuracy, low, high }: ScoreSummary): string {
  const parts = [`${count} scored`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (mean !== null) parts.push(`mean ${reward(mean)}, deviation ${reward(deviation)}`);
  if (pairAccuracy !== null) parts.push(`pair accuracy ${pairAccuracy.toFixed(3)} (95 %: ${low?.toFixed(3)} to ${high?.toFixed(3)})`);
  return parts.join(" · ");
}
