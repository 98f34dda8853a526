import type { Command } from "commander";
import { addExamples } from "../flags/flags.js";
import { addTuneFlags, type TuneFlags, tuneOptions } from "../flags/tune.js";
import { commandLine } from "../terminal/command-line.js";
import { runTune } from "./run-tune.js";
import { logTo } from "./session.js";

export function addTune(program: Command): void {
  const command = program
    .command("tune")
    .description("Find how strong a reward may guide: the largest weight whose text stays within bounds. Goes on where it was stopped.");
  addTuneFlags(command);
  addExamples(command, [
    "tune --policy p.gguf --reward r.gguf --prompts prompts.jsonl --embedding MiniLM.gguf --out tuned",
    "tune --prompts prompts.jsonl --weights 0.05,0.1,…,0.4 --max-perplexity 1.5",
    "generate --policy p.gguf --reward r.gguf --settings tuned/settings.json --prompt Hello",
  ]);
  command.action(run);
}

async function run(flags: TuneFlags): Promise<void> {
  logTo(flags.verbose);
  await runTune(tuneOptions(flags), { output: flags.json ? "json" : "table", command: commandLine() });
}
