import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { mergeEvaluations } from "../../evaluate/index.js";
import { unreadable } from "../../files/file-errors.js";
import { readNote } from "../../files/shard-file.js";
import { ArgsearchError, mergeResponses, mergeScores } from "../../index.js";
import { addExamples } from "../flags/flags.js";
import { interruptible } from "../terminal/interrupt.js";
import { note, printJson } from "../terminal/output.js";
import { printResults, report } from "./eval.js";
import { noteResponses } from "./generate-file.js";
import { noteScores } from "./score-file.js";

interface MergeFlags {
  out: string;
  report: boolean;
  json?: boolean;
}

export function addMerge(program: Command): void {
  const command = program
    .command("merge")
    .description("Make one of the shards of eval, score or generate: what a run without --shard gives. No model is loaded.")
    .argument("<shard...>", "directories of eval, or files of score or generate with their .shard.json beside them")
    .requiredOption("-o, --out <path>", "directory or file of the whole")
    .option("--no-report", "of eval: write no report.html and report.md")
    .option("--json", "print results.json or the summary");
  addExamples(command, [
    "eval --data prompts.jsonl --shard 1/2 --out part-1",
    "merge part-1 part-2 --out results",
    "merge rewards-*.jsonl --out rewards.jsonl",
  ]);
  command.action(merge);
}

async function merge(paths: string[], flags: MergeFlags): Promise<void> {
  const kinds = new Set<string>();
  for (const path of paths) kinds.add(await kindOf(path));
  const [kind, ...others] = kinds;
  if (others.length > 0) {
    throw new ArgsearchError("INPUT_INVALID", `these are shards of ${[...kinds].join(" and ")}: merge those of one command at a time`);
  }
  if (kind === "eval") return evaluations(paths, flags);
  if (kind === "score") {
    const summary = await mergeScores(paths, flags);
    const { histogram: _, ...figures } = summary;
    if (flags.json) await printJson(figures);
    return noteScores(summary);
  }
  const summary = await mergeResponses(paths, flags);
  if (flags.json) await printJson(summary);
  noteResponses(summary);
}

async function kindOf(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  return found.isDirectory() ? "eval" : (await readNote(path)).kind;
}

async function evaluations(dirs: string[], { out, report: wanted, json }: MergeFlags): Promise<void> {
  const results = await interruptible((signal) => mergeEvaluations(dirs, { out, signal }));
  await printResults(results, { json });
  if (wanted) await report(out, {});
  note(`coherence, judges and metrics of your own: the same eval with --out ${out} and without --shard; nothing is decoded again`);
}
