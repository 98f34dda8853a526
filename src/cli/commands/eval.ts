import type { Command } from "commander";
import { type EvaluateOptions, type EvaluationResults, evaluate, writeReport } from "../../evaluate/index.js";
import { type DecodingSettings, EMBEDDED, readSettings } from "../../index.js";
import { addEvalFlags, type EvalFlags, evaluateOptions, modelsOf, reportExamples } from "../flags/eval.js";
import { addExamples } from "../flags/flags.js";
import { readMetrics } from "../flags/metrics.js";
import { commandLine } from "../terminal/command-line.js";
import { EXIT, reportLeftOut, reportLine, spoken } from "../terminal/failure.js";
import { table } from "../terminal/format.js";
import { interruptible } from "../terminal/interrupt.js";
import { note, print, printJson } from "../terminal/output.js";
import { noteEstimate, printRatings, printVerdicts, reportJudge, reportRatings } from "./eval-judge.js";
import { evalProgress } from "./eval-progress.js";
import { logTo } from "./session.js";

export function addEval(program: Command): void {
  const command = program
    .command("eval")
    .description("Compare decoding methods on a data set: the tables and figures of the ARGS paper. Goes on where it was stopped.");
  addEvalFlags(command);
  addExamples(command, [
    "eval --data prompts.jsonl --out results",
    "eval --policy p.gguf --reward r.gguf --data hh.jsonl --format hh --limit 100 --embedding MiniLM.gguf --out results",
    "eval --data prompts.jsonl --methods greedy,args-greedy --sweep weight=0,0.2,…,1 topK=5,10,20 --out sweep",
    "eval --policy small.gguf --reward small-rm.gguf --policy large.gguf --reward large-rm.gguf --data hh.jsonl --out sizes",
    "eval --policy p.gguf --reward r.gguf --data prompts.jsonl --out results --judge-reward other-trunk.gguf",
    "eval --data prompts.jsonl --out results --metric questions.mjs",
    "eval --data prompts.jsonl --out results --judge-url http://localhost:8080/v1 --judge-model qwen",
  ]);
  command.action(runEval);
}

async function runEval(flags: EvalFlags): Promise<void> {
  logTo(flags.verbose);
  const progress = evalProgress();
  const metrics = await readMetrics(flags.metric ?? []);
  const options = { ...evaluateOptions(flags, await settingsOf(flags)), metrics };
  const results = await interruptible((signal) => {
    return evaluate({ ...options, ...callbacks(progress, options.judge, flags), signal }).catch((error: unknown) => {
      progress.stop();
      if (signal.aborted) note(`interrupted; the same command goes on from what is in ${options.out}`, true);
      throw error;
    });
  });
  progress.stop();
  await printResults(results, flags);
  if (flags.report) await report(options.out, flags);
  flagTroubles(results, { judged: options.judge !== undefined && !flags.judgeEstimate, rated: options.judgeReward !== undefined });
}

/** Of `--settings`; where models are compared it is held against the first. */
async function settingsOf(flags: EvalFlags): Promise<DecodingSettings> {
  if (flags.settings === undefined) return {};
  const { pairs, policy, reward } = modelsOf(flags);
  const embedded = policy === undefined ? EMBEDDED.reward : null;
  const [pair = { policy: policy ?? EMBEDDED.policy, reward: reward === undefined ? embedded : reward }] = pairs ?? [];
  return readSettings(flags.settings, pair);
}

type Callbacks = Pick<EvaluateOptions, "onProgress" | "onBadLine" | "judge">;

function callbacks(progress: ReturnType<typeof evalProgress>, judge: EvaluateOptions["judge"], flags: EvalFlags): Callbacks {
  return {
    onProgress: progress.update,
    onBadLine: ({ place, error }) => reportLeftOut(error, place),
    judge: judge && {
      ...judge,
      onEstimate: (estimate) => {
        progress.stop();
        noteEstimate(estimate);
        return !flags.judgeEstimate;
      },
    },
  };
}

export async function printResults(results: EvaluationResults, { json }: Pick<EvalFlags, "json">): Promise<void> {
  if (json) return printJson(results);
  const methods = Object.entries(results.methods);
  const metrics = [...new Set(methods.flatMap(([, method]) => Object.keys(method)))];
  const rows = methods.map(([name, method]) => [
    name,
    ...metrics.map((metric) => {
      const found = method[metric];
      return found ? `${found.mean.toFixed(3)} [${found.low.toFixed(3)}, ${found.high.toFixed(3)}]` : "-";
    }),
  ]);
  await print(table([["method", ...metrics], ...rows]));
  await printVerdicts(results.judge);
  await printRatings(results.judgeReward ?? []);
}

export async function report(dir: string, flags: Pick<EvalFlags, "examples">): Promise<void> {
  const written = await writeReport(dir, { examples: reportExamples(flags), command: commandLine() });
  if (written.chartsMissing !== null) note(`the report has no charts: ${written.chartsMissing}`, true);
  note(`report: ${written.html}`);
}

/** What went wrong without ending the evaluation: said, and exit code 1. */
function flagTroubles(
  { failures, badLines, judge, judgeReward = [] }: EvaluationResults,
  { judged, rated }: { judged: boolean; rated: boolean },
): void {
  for (const { method, index, message, code } of failures) reportLine(`prompt ${index} by ${method}: ${spoken(message)}`, code);
  const unjudged = judged && reportJudge(judge);
  const unrated = rated && reportRatings(judgeReward);
  if (failures.length > 0 || badLines.length > 0 || unjudged || unrated) process.exitCode ??= EXIT.FAILURE;
}
