import { type Command, Option } from "commander";
import { refuseInputs } from "../../files/inputs.js";
import {
  type BadPair,
  type EndLevel,
  type FitOptions,
  type FitProgress,
  type FitResult,
  fitReward,
  type PlaceAccuracy,
  type PredictResult,
} from "../../fit/index.js";
import { ArgsearchError, PAIR_FORMAT_NAMES, readPrompts } from "../../index.js";
import { addExamples, addModelFlags, type ModelFlags, modelOptions } from "../flags/flags.js";
import { predictReport } from "../flags/predict.js";
import { addTemplateFlags, type TemplateFlags, templateFiles, templateOptions } from "../flags/templates.js";
import { integer, number, parseNumber } from "../flags/values.js";
import { commandLine } from "../terminal/command-line.js";
import { reportLeftOut } from "../terminal/failure.js";
import { plural, table } from "../terminal/format.js";
import { resumable } from "../terminal/interrupt.js";
import { note, print, printJson } from "../terminal/output.js";
import { workBar } from "../terminal/progress.js";
import { runPredict } from "./reward-predict.js";
import { runTune } from "./run-tune.js";
import { logTo } from "./session.js";

interface FitFlags
  extends ModelFlags,
    Pick<FitOptions, "out" | "format" | "limit" | "seed" | "heldOut" | "repetition" | "consistency" | "keepFeatures">,
    TemplateFlags {
  model: string;
  pairs: string;
  tune?: string;
  predictor?: boolean;
  json?: boolean;
}

export function addRewardFit(reward: Command): void {
  const command = reward
    .command("fit")
    .description("Fit a reward head on preference pairs; the model stays as it is. An interrupted run goes on.")
    .requiredOption("--model <file>", "the trunk, an ordinary GGUF; of a split one, any part")
    .requiredOption("--pairs <file>", "JSON lines, plain or in gzip: HH-RLHF, prompt/chosen/rejected, chat messages or SHP")
    .requiredOption("--out <file>", "the reward model to write")
    .addOption(formatFlag())
    .option("--held-out <n|file>", "pairs that only check the fit: a share, a count or a file (default: 0.2)", heldOut)
    .option("--limit <n>", "most pairs to take (default: all)", integer)
    .option("--seed <n>", "which pairs are held out (default: 0)", integer)
    .option("--repetition <share>", "share of the pairs to read as long texts, too, and against copies that repeat (default: 0.1)", number)
    .option("--consistency <n>", "how much an ending must be worth what the answer is worth (default: as cross-validation finds)", number)
    .option("--tune <file>", "prompts: end with `argsearch tune`, the trunk being the policy; settings go to OUT.tune/settings.json")
    .option("--predictor", "end with `argsearch reward predict` on the pairs' prompts: the file can then guess its rewards")
    .option("--keep-features", "keep OUT.features: another fit of the same pairs takes seconds")
    .option("--json", "print one JSON object instead of a table");
  addTemplateFlags(command, "the model");
  addModelFlags(command);
  addExamples(command, [
    "reward fit --model base.gguf --pairs pairs.jsonl --out reward.gguf",
    "reward fit --model base.gguf --pairs train.jsonl --held-out test.jsonl --out reward.gguf",
    "reward fit --model base.gguf --pairs pairs.jsonl --out reward.gguf --tune prompts.jsonl",
  ]);
  command.action(fit);
}

function formatFlag(): Option {
  const choices = ["auto", ...PAIR_FORMAT_NAMES];
  return new Option(`--format <${choices.join("|")}>`, "of the pairs (default: each line by its fields)").choices(choices);
}

async function fit(flags: FitFlags): Promise<void> {
  logTo(flags.verbose);
  const { model, pairs, out, format, limit, seed, repetition, consistency, keepFeatures } = flags;
  await refuseInputs(out, templateFiles(flags));
  if (flags.tune !== undefined) await requirePrompt(flags.tune);
  const bar = workBar("reading pairs");
  const onProgress = ({ phase, done, total }: FitProgress): void => {
    if (phase === "read") bar.update(done, total);
  };
  const onBadPair = ({ file, place, error }: BadPair): void => {
    bar.clear();
    reportLeftOut(error, `${file} ${place}`);
  };
  const result = await resumable((signal) =>
    fitReward({
      ...modelOptions(flags),
      ...templateOptions(flags),
      ...{ model, pairs, out, format, limit, seed, repetition, consistency, keepFeatures },
      ...{ heldOut: flags.heldOut, chatTemplate: flags.template?.text },
      ...{ onProgress, onBadPair, signal },
    }),
  ).finally(bar.stop);
  if (result.strongest) note("the strongest regularisation did best: the pairs teach this model next to nothing", true);
  if (!flags.json) await print(report(result));
  note(`wrote ${out}`);
  const predictor = flags.predictor ? await predictFitted(flags) : undefined;
  const tuned = flags.tune === undefined ? undefined : await tuneFitted(flags, flags.tune);
  if (flags.json) await printJson({ ...result, predictor, tune: tuned });
}

/** Before hours of fitting. @throws ArgsearchError as readPrompts(); INPUT_INVALID without a prompt */
async function requirePrompt(path: string): Promise<void> {
  for await (const _prompt of readPrompts(path, { onBadLine: () => {} })) return;
  throw new ArgsearchError("INPUT_INVALID", `${path} holds no prompt`);
}

/** What the trunk's own candidates are rated, guessed. */
async function predictFitted(flags: FitFlags): Promise<PredictResult> {
  const { pairs: prompts, out: reward, seed } = flags;
  const { onProgress: _, ...model } = modelOptions(flags);
  const result = await runPredict({ ...model, ...templateOptions(flags), reward, prompts, seed });
  if (!flags.json) await print(predictReport(result));
  return result;
}

/** How strong the head may guide the model that it was fitted on. */
function tuneFitted(flags: FitFlags, prompts: string): ReturnType<typeof runTune> {
  const { model: policy, out, seed } = flags;
  const { onProgress: _, ...model } = modelOptions(flags);
  const chatTemplate = flags.template?.text;
  const reward = { reward: out, chatTemplate };
  return runTune(
    { ...model, ...templateOptions(flags), ...{ policy, chatTemplate, reward, data: prompts, seed, out: `${out}.tune` } },
    { output: flags.json ? null : "table", command: commandLine() },
  );
}

function report({ pairs, accuracy, repetition, endLevel, strength, consistency }: FitResult): string {
  const lost = [
    ...(pairs.skipped > 0 ? [`${pairs.skipped} left out`] : []),
    ...(pairs.cut > 0 ? [`${pairs.cut} cut to fit the context`] : []),
    ...(pairs.shared > 0 ? [`${pairs.shared} of the held-out file not checked, being among the pairs to fit on`] : []),
  ];
  const strengths = `regularisation ${strength.toPrecision(3)}, consistency ${Number(consistency.toPrecision(3))}`;
  const heading = `fitted on ${plural(pairs.training, "pair")}, checked on ${pairs.heldOut}, ${strengths}\n`;
  const rows = accuracy.map((each) => [
    ...accuracyCells(each),
    ...repetitionCells(repetition.find(({ tokens }) => tokens === each.tokens)),
  ]);
  const names = ["tokens read", "accuracy", "95 %", "pairs", ...(repetition.length > 0 ? ["against repetition", "pairs"] : [])];
  const body = rows.length === 0 ? "" : `\n${table([names, ...rows], [0, 1, 3, 4, 5])}`;
  return `${heading}${lost.length === 0 ? "" : `${lost.join(", ")}\n`}${body}${endLevel === null ? "" : levelLine(endLevel)}`;
}

function accuracyCells({ tokens, pairs, accuracy, low, high }: PlaceAccuracy): string[] {
  return [String(tokens), accuracy.toFixed(3), `${low.toFixed(3)} to ${high.toFixed(3)}`, String(pairs)];
}

function repetitionCells(place: PlaceAccuracy | undefined): string[] {
  return place === undefined ? [] : [place.accuracy.toFixed(3), String(place.pairs)];
}

function levelLine({ difference, absolute }: EndLevel): string {
  const apart = `${difference < 0 ? "" : "+"}${difference.toFixed(3)} deviations (${absolute.toFixed(3)} without sign)`;
  return `\nat the end of the turn against the last token of preferred responses: ${apart}\n`;
}

/** A number is a share or a count, anything else a file. */
function heldOut(text: string): number | string {
  return parseNumber(text) ?? text;
}
