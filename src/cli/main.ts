#!/usr/bin/env node
/** The table of commands. */
import { createRequire } from "node:module";
import { Command } from "commander";
import { addChat } from "./chat.js";
import { addConvertHf } from "./convert-hf.js";
import { addConvertOpt } from "./convert-opt.js";
import { addDevices } from "./devices.js";
import { addEval } from "./eval.js";
import { fail, reportLine } from "./failure.js";
import { addExamples } from "./flags.js";
import { addGenerate } from "./generate.js";
import { addInspect } from "./inspect.js";
import { endOnInterrupt } from "./interrupt.js";
import { coloursFor, endWithOutput } from "./output.js";
import { addRewardAttach } from "./reward-attach.js";
import { addRewardFit } from "./reward-fit.js";
import { addRewardImport } from "./reward-import.js";
import { addScore } from "./score.js";

const { version } = createRequire(import.meta.url)("argsearch/package.json") as { version: string };

let running: Command | undefined;

function commands(): Command {
  const program = new Command("argsearch")
    .description("Reward-guided decoding (ARGS) on llama.cpp.")
    .version(version)
    .exitOverride()
    .configureHelp({
      styleTitle: (title) => coloursFor(process.stdout).bold(title),
      // The choices stand in the flag itself.
      optionDescription: ({ description }) => description,
    })
    .configureOutput({ outputError: (text) => reportLine(text.replace(/^error: /, ""), "OPTION_INVALID") })
    .hook("preAction", (_program, command) => {
      running = command;
    });
  addGenerate(program);
  addScore(program);
  addChat(program);
  addEval(program);
  addInspect(program);
  addDevices(program);
  const reward = program.command("reward").description("Make reward models.");
  addRewardImport(reward);
  addRewardFit(reward);
  addRewardAttach(reward);
  const convert = program.command("convert").description("Make GGUF files of Hugging Face language models.");
  addConvertHf(convert);
  addConvertOpt(convert);
  addExamples(program, ['generate --prompt "Can you help me set up a light show?"', "chat", "generate --help"]);
  return program;
}

endWithOutput();
endOnInterrupt();
await commands()
  .parseAsync()
  .catch((error: unknown) => fail(error, running));
