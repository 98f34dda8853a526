import { type Command, Option } from "commander";
import { ArgsearchError, type ScoreInput, type ScoreOptions, type ScoreResult } from "../index.js";
import {
  addExamples,
  addModelFlags,
  addRewardFlags,
  addTemplateFlag,
  type ModelFlags,
  modelOptions,
  type RewardFlags,
  rewardTerms,
} from "./flags.js";
import { reward as formatReward, table } from "./format.js";
import { requiredText } from "./input.js";
import { interruptible } from "./interrupt.js";
import { printJson, printText } from "./output.js";
import { scoreFile } from "./score-file.js";
import { logTo, withReward } from "./session.js";

interface ScoreFlags extends ModelFlags, RewardFlags {
  prompt?: string;
  response?: string;
  input?: string;
  template?: "auto" | "none";
  json?: boolean;
}

export function addScore(program: Command): void {
  const command = program
    .command("score")
    .description("Read a reward model: the reward of a response, after each of its tokens.")
    .option("-p, --prompt <text>", 'the prompt; "-" reads standard input')
    .option("--response <text>", 'the response; "-" reads standard input')
    .addOption(inputFlag())
    .option("--json", "print one JSON object (with --input, every line is one anyway)");
  addTemplateFlag(command);
  addRewardFlags(command);
  addModelFlags(command);
  addExamples(command, [
    'score --prompt "How do I sharpen a knife?" --response "Hold the blade at 20 degrees."',
    "score --reward reward.gguf --prompt Hello --response - < answer.txt",
    "score --reward reward.gguf --input responses.jsonl > rewards.jsonl",
  ]);
  command.action(score);
}

function inputFlag(): Option {
  const flag = new Option("-i, --input <file>", 'score a file of {"prompt", "response"} lines; "-" reads standard input');
  return flag.conflicts(["prompt", "response"]);
}

async function score(flags: ScoreFlags): Promise<void> {
  logTo(flags.verbose);
  const input = flags.input === undefined ? await single(flags) : flags.input;
  await withReward({ reward: rewardTerms(flags), ...modelOptions(flags) }, (model) =>
    interruptible(async (signal) => {
      const options: ScoreOptions = { signal, template: flags.template };
      if (typeof input === "string") return scoreFile(model, input, options);
      const result = await model.score(input, options);
      return flags.json ? printJson({ reward: result.reward, tokens: result.tokens }) : printTable(result);
    }),
  );
}

async function single(flags: ScoreFlags): Promise<ScoreInput> {
  if (flags.prompt === "-" && flags.response === "-") {
    throw new ArgsearchError("OPTION_INVALID", "--prompt and --response cannot both read standard input");
  }
  return { prompt: await requiredText(flags.prompt, "--prompt"), response: await requiredText(flags.response, "--response") };
}

async function printTable({ reward, tokens }: ScoreResult): Promise<void> {
  await printText(`reward ${formatReward(reward)}\n\n`);
  const rows = tokens.map((token) => [String(token.id), formatReward(token.reward), JSON.stringify(token.text)]);
  await printText(table([["token", "reward", "text"], ...rows], [0, 1]));
}
