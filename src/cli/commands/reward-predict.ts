import type { Command } from "commander";
import { refuseInputs } from "../../files/inputs.js";
import { type PredictOptions, type PredictProgress, type PredictResult, predictReward } from "../../fit/index.js";
import { addExamples, addModelFlags, type ModelFlags, modelOptions } from "../flags/flags.js";
import { addPredictFlags, type PredictFlags, predictOptions, predictReport } from "../flags/predict.js";
import { addTemplateFlags, type TemplateFlags, templateFiles, templateOptions } from "../flags/templates.js";
import { reportLeftOut } from "../terminal/failure.js";
import { resumable } from "../terminal/interrupt.js";
import { note, print, printJson } from "../terminal/output.js";
import { workBar } from "../terminal/progress.js";
import { logTo } from "./session.js";

interface Flags extends ModelFlags, TemplateFlags, PredictFlags {
  policy?: string;
  prompts: string;
  out?: string;
  json?: boolean;
}

export function addRewardPredict(reward: Command): void {
  const command = reward
    .command("predict")
    .description("Teach a reward model to guess its rewards, for --gate predicted. Decodes the prompts; an interrupted run goes on.")
    .argument("<file>", "the reward model, a GGUF with a head")
    .requiredOption("--prompts <file>", "JSON lines, plain or in gzip: prompts, conversations or preference pairs")
    .option("--policy <file>", "whose candidates are guessed (default: the reward model's own trunk)")
    .option("--out <file>", "the reward model to write (default: the same file, replaced in one move)")
    .option("--json", "print one JSON object instead of a table");
  addPredictFlags(command);
  addTemplateFlags(command, "the models");
  addModelFlags(command);
  addExamples(command, [
    "reward predict reward.gguf --prompts prompts.jsonl",
    "reward predict reward.gguf --policy policy.gguf --prompts prompts.jsonl --rate 0.01 --out faster.gguf",
  ]);
  command.action(predict);
}

async function predict(file: string, flags: Flags): Promise<void> {
  logTo(flags.verbose);
  const { prompts, policy, out } = flags;
  await refuseInputs(out ?? file, templateFiles(flags));
  const { onProgress: _, ...model } = modelOptions(flags);
  const own = { ...model, ...templateOptions(flags), ...predictOptions(flags), policy, out, chatTemplate: flags.template?.text };
  const result = await runPredict({ ...own, reward: file, prompts });
  if (flags.json) await printJson(result);
  else await print(predictReport(result));
}

/** With its progress. */
export async function runPredict(options: PredictOptions & { prompts: string }): Promise<PredictResult> {
  const bars = { load: workBar("loading"), decode: workBar("decoding"), train: workBar("training") };
  const stop = (): void => Object.values(bars).forEach((bar) => void bar.stop());
  const onProgress = ({ phase, done, total }: PredictProgress): void => {
    if (phase === "train") bars.decode.stop();
    if (phase !== "load") bars[phase].update(done, total);
  };
  const onBadLine: PredictOptions["onBadLine"] = ({ place, error }) => reportLeftOut(error, `${options.prompts} ${place}`);
  const result = await resumable((signal) => predictReward({ ...options, onProgress, onBadLine, signal })).finally(stop);
  note(`wrote ${result.out}`);
  return result;
}
