import type { Command } from "commander";
import { type ImportOptions, importReward } from "../index.js";
import { addProvenanceFlags, type ProvenanceFlags, provenance, typeFlag } from "./conversion-flags.js";
import { addExamples, engineDirFlag, verboseFlag } from "./flags.js";
import { interruptible } from "./interrupt.js";
import { note } from "./output.js";

interface ImportFlags extends Pick<ImportOptions, "out" | "type" | "tensor" | "python" | "converter" | "engineDir">, ProvenanceFlags {
  verbose?: boolean;
}

export function addRewardImport(reward: Command): void {
  const command = reward
    .command("import")
    .description("Make a GGUF of a Hugging Face reward model. Takes Python with torch and transformers; import only what you trust.")
    .argument("<dir>", "config.json, safetensors and tokenizer, from the hub or save_pretrained()")
    .requiredOption("--out <file>", "the reward model to write")
    .addOption(typeFlag())
    .option("--tensor <name>", "the head's weight, where there are several heads or it has a name of its own");
  addProvenanceFlags(command);
  command
    .option("--python <file>", "the Python to use (default: python3 or python)")
    .option("--converter <dir>", "llama.cpp's source with convert_hf_to_gguf.py (default: fetched once)")
    .addOption(engineDirFlag())
    .addOption(verboseFlag());
  addExamples(command, ["reward import ./my-reward-model --out reward.gguf --type q8_0"]);
  command.action((model: string, flags: ImportFlags) => interruptible((signal) => runImport(model, flags, signal)));
}

async function runImport(model: string, flags: ImportFlags, signal: AbortSignal): Promise<void> {
  const { out, type, tensor, python, converter, engineDir, verbose } = flags;
  const onLog = verbose ? (line: string): void => note(line, true) : undefined;
  note(`converting ${model} …`);
  await importReward({ model, out, type, tensor, python, converter, engineDir, onLog, signal, provenance: provenance(flags) });
  note(`wrote ${out}`);
}
