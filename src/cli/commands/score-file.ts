import { type RewardModel, type ScoreFileOptions, type ScoreSummary, scoreFile } from "../../index.js";
import { type TemplateFlags, templateOptions } from "../flags/templates.js";
import { histogram, reward } from "../terminal/format.js";
import { note } from "../terminal/output.js";
import { workOnLines } from "./line-work.js";

export interface ScoreFileFlags extends Pick<ScoreFileOptions, "format" | "out" | "rewardAt" | "shard" | "tokens">, TemplateFlags {
  json?: boolean;
}

export async function runScoreFile(model: RewardModel, path: string, flags: ScoreFileFlags): Promise<void> {
  const { format, rewardAt, shard, tokens } = flags;
  const summary = await workOnLines(
    "scoring",
    path,
    flags,
    (source, options) => scoreFile(model, source, { ...templateOptions(flags), ...options, format, rewardAt, shard, tokens }),
    ({ histogram: _, ...figures }) => figures,
  );
  noteScores(summary);
}

export function noteScores(summary: ScoreSummary): void {
  note(sentence(summary), true);
  note(histogram(summary.histogram));
}

function sentence({ count, failed, mean, deviation, pairAccuracy, low, high }: ScoreSummary): string {
  const parts = [`${count} scored`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (mean !== null) parts.push(`mean ${reward(mean)}, deviation ${reward(deviation)}`);
  if (pairAccuracy !== null) parts.push(`pair accuracy ${pairAccuracy.toFixed(3)} (95 %: ${low?.toFixed(3)} to ${high?.toFixed(3)})`);
  return parts.join(" · ");
}
