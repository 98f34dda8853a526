import { type Command, Option } from "commander";
import { cleanedLine } from "../../files/clean.js";
import { refuseInputs } from "../../files/inputs.js";
import { ArgsearchError, SCORABLE_FORMAT_NAMES, type ScoreInput, type ScoreResult } from "../../index.js";
import { addAskFlags, askFiles, requireAskModel } from "../flags/ask.js";
import {
  addExamples,
  addIsolateFlag,
  addModelFlags,
  addRewardFlags,
  type IsolateFlag,
  type ModelFlags,
  modelOptions,
  type RewardFlags,
  rewardTerms,
  shardFlag,
} from "../flags/flags.js";
import { addRemoteRewardFlags } from "../flags/remote.js";
import { addTemplateFlags, rewardAtFlag, templateFiles, templateOptions } from "../flags/templates.js";
import { reward as formatReward, table } from "../terminal/format.js";
import { PASSED_ON, requiredText } from "../terminal/input.js";
import { interruptible } from "../terminal/interrupt.js";
import { print, printJson } from "../terminal/output.js";
import { runScoreFile, type ScoreFileFlags } from "./score-file.js";
import { logTo, withReward } from "./session.js";

interface ScoreFlags extends ModelFlags, IsolateFlag, RewardFlags, ScoreFileFlags {
  prompt?: string;
  response?: string;
  input?: string;
}

export function addScore(program: Command): void {
  const command = program
    .command("score")
    .description("Read a reward model: the reward of a response, after each of its tokens.")
    .option("-p, --prompt <text>", 'the prompt; "-" reads standard input')
    .option("--response <text>", 'the response; "-" reads standard input')
    .addOption(inputFlag())
    .option("-o, --out <file>", "with --input: where the lines go, which appears when it is whole; an interrupted run goes on")
    .addOption(formatFlag())
    .addOption(shardFlag("the lines of --input"))
    .option("--no-tokens", "leave out the rewards after each token")
    .option("--json", "print one JSON object; with --input, the summary");
  command.addOption(rewardAtFlag());
  addTemplateFlags(command, "the reward models without a --reward-template");
  addRewardFlags(command);
  addRemoteRewardFlags(command);
  addAskFlags(command);
  addModelFlags(command);
  addIsolateFlag(command);
  addExamples(command, [
    'score --prompt "How do I sharpen a knife?" --response "Hold the blade at 20 degrees."',
    "score --reward reward.gguf --prompt Hello --response - < answer.txt",
    'score --reward-url http://localhost:8080 --reward-api argsearch --prompt Hello --response "Hi, how can I help?"',
    'score --ask "Is the reply polite?" --ask-model instruct.gguf --prompt Hello --response "Go away."',
    "score --reward reward.gguf --input responses.jsonl > rewards.jsonl",
    "score --reward reward.gguf --input pairs.jsonl --out rewards.jsonl --json",
    "score --reward reward.gguf --input answers.jsonl --no-tokens | jq '[.id, .reward]'",
  ]);
  command.action(score);
}

function inputFlag(): Option {
  const lines = '{"prompt", "response"}, {"messages"}, {"text"} or pairs';
  const description = `score JSON lines, plain or in gzip: ${lines}; "-" reads standard input; ${PASSED_ON}`;
  return new Option("-i, --input <file>", description).conflicts(["prompt", "response"]);
}

function formatFlag(): Option {
  const choices = ["auto", ...SCORABLE_FORMAT_NAMES];
  return new Option(`--format <${choices.join("|")}>`, "of the lines (default: each by its fields)").choices(choices);
}

async function score(flags: ScoreFlags): Promise<void> {
  logTo(flags.verbose);
  requireAskModel(flags);
  const input = flags.input === undefined ? await single(flags) : flags.input;
  if (flags.out !== undefined) await refuseInputs(flags.out, [...askFiles(flags), ...templateFiles(flags)]);
  const { isolate, tokenizers } = flags;
  const reward = rewardTerms(flags, flags.template?.text);
  await withReward({ reward, ...modelOptions(flags), isolate, tokenizers }, (model) => {
    if (typeof input === "string") return runScoreFile(model, input, flags);
    return interruptible(async (signal) => {
      const result = await model.score(input, { ...templateOptions(flags), rewardAt: flags.rewardAt, signal });
      return flags.json ? printJson(report(result, flags.tokens)) : printTable(result, flags.tokens);
    });
  });
}

async function single(flags: ScoreFlags): Promise<ScoreInput> {
  if (flags.prompt === "-" && flags.response === "-") {
    throw new ArgsearchError("OPTION_INVALID", "--prompt and --response cannot both read standard input");
  }
  return { prompt: await requiredText(flags.prompt, "--prompt"), response: await requiredText(flags.response, "--response") };
}

/** Objectives where there are several: a single one is the reward. */
function report({ reward, objectives, tokens }: ScoreResult, withTokens = true) {
  return { reward, ...(Object.keys(objectives).length > 1 && { objectives }), ...(withTokens && { tokens }) };
}

/** A column for each objective where there are several. */
async function printTable(result: ScoreResult, withTokens = true): Promise<void> {
  const { reward, tokens } = result;
  const { objectives = {} } = report(result);
  const names = Object.keys(objectives);
  const parts = names.map((name) => `${name} ${formatReward(objectives[name])}`);
  await print(`reward ${formatReward(reward)}${parts.length === 0 ? "" : ` (${cleanedLine(parts.join(", "))})`}\n`);
  if (!withTokens || tokens.length === 0) return;
  const rows = tokens.map((token) => {
    const values = names.map((name) => token.objectives?.[name] ?? null);
    return [String(token.id), ...[token.reward, ...values].map(formatReward), JSON.stringify(token.text)];
  });
  const numbers = [0, 1, ...names.map((_, at) => at + 2)];
  await print(`\n${table([["token", "reward", ...names, "text"], ...rows], numbers)}`);
}
