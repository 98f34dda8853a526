#!/usr/bin/env node
/** The table of commands. */
import { createRequire } from "node:module";
import { Command, CommanderError, Option } from "commander";
import { addBench } from "./commands/bench.js";
import { addChat } from "./commands/chat.js";
import { addCompletion } from "./commands/completion.js";
import { addConvertHf } from "./commands/convert-hf.js";
import { addConvertOpt } from "./commands/convert-opt.js";
import { addDemo } from "./commands/demo.js";
import { addDevices } from "./commands/devices.js";
import { addEval } from "./commands/eval.js";
import { addGenerate } from "./commands/generate.js";
import { addInspect } from "./commands/inspect.js";
import { addMerge } from "./commands/merge.js";
import { addPlayground } from "./commands/playground.js";
import { addRewardAttach } from "./commands/reward-attach.js";
import { addRewardFit } from "./commands/reward-fit.js";
import { addRewardImport } from "./commands/reward-import.js";
import { addRewardPredict } from "./commands/reward-predict.js";
import { addScore } from "./commands/score.js";
import { addServe } from "./commands/serve.js";
import { addTune } from "./commands/tune.js";
import { addExamples } from "./flags/flags.js";
import { downloadModels } from "./flags/hub.js";
import { fail, reportLine, reportWarnings, runs } from "./terminal/failure.js";
import { endOnInterrupt } from "./terminal/interrupt.js";
import { coloursFor, endWithOutput } from "./terminal/output.js";

const { version, homepage } = createRequire(import.meta.url)("argsearch/package.json") as { version: string; homepage: string };

/** What commander says of surplus arguments: most often the words of a prompt. */
const SURPLUS = /^error: (too many arguments .*?)\.?\n$/s;

function commands(): Command {
  const program = new Command("argsearch")
    .description("Reward-guided decoding (ARGS) on llama.cpp.")
    .version(version, "-v, --version")
    .addOption(new Option("-V").hideHelp())
    .on("option:V", () => {
      process.stdout.write(`${version}\n`);
      throw new CommanderError(0, "commander.version", version);
    })
    .exitOverride()
    .configureHelp({
      styleTitle: (title) => coloursFor(process.stdout).bold(title),
      // The choices stand in the flag itself.
      optionDescription: ({ description }) => description,
    })
    .configureOutput({
      outputError: (text) =>
        reportLine(text.replace(SURPLUS, "$1: put what has spaces in quotes").replace(/^error: /, ""), "OPTION_INVALID"),
    })
    .hook("preAction", (_program, command) => {
      runs(command);
      return downloadModels(command);
    });
  addDemo(program);
  addGenerate(program);
  addScore(program);
  addChat(program);
  addServe(program);
  addPlayground(program);
  addEval(program);
  addMerge(program);
  addTune(program);
  addBench(program);
  addInspect(program);
  addDevices(program);
  const reward = program.command("reward").description("Make reward models.");
  addRewardImport(reward);
  addRewardFit(reward);
  addRewardAttach(reward);
  addRewardPredict(reward);
  const convert = program.command("convert").description("Make GGUF files of Hugging Face language models.");
  addConvertHf(convert);
  addConvertOpt(convert);
  addCompletion(program);
  addExamples(program, ["demo", 'generate --prompt "Can you help me set up a light show?"', "chat", "generate --help"]);
  program.addHelpText("afterAll", `\nDocumentation: ${homepage}`);
  return program;
}

endWithOutput();
reportWarnings();
endOnInterrupt();
await commands().parseAsync().catch(fail);
