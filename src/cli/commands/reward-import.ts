import type { Command } from "commander";
import { type ImportOptions, importReward } from "../../import/index.js";
import {
  addProvenanceFlags,
  addPythonFlags,
  addRowFlags,
  headPositionFlag,
  type ProvenanceFlags,
  type PythonFlags,
  provenance,
  pythonOptions,
  type RowFlags,
  tensorFlag,
  typeFlag,
} from "../flags/conversion.js";
import { addExamples } from "../flags/flags.js";
import { interruptible } from "../terminal/interrupt.js";
import { note } from "../terminal/output.js";

type ImportFlags = Pick<ImportOptions, "out" | "type" | "tensor" | "rewardAt"> & RowFlags & ProvenanceFlags & PythonFlags;

export function addRewardImport(reward: Command): void {
  const command = reward
    .command("import")
    .description("Make a GGUF of a Hugging Face reward model. Takes Python with torch and transformers; import only what you trust.")
    .argument("<dir>", "config.json, safetensors and tokenizer, from the hub or save_pretrained()")
    .requiredOption("--out <file>", "the reward model to write")
    .addOption(typeFlag())
    .addOption(tensorFlag())
    .addOption(headPositionFlag());
  addRowFlags(command);
  addProvenanceFlags(command);
  addPythonFlags(command);
  addExamples(command, ["reward import ./my-reward-model --out reward.gguf --type q8_0"]);
  command.action((model: string, flags: ImportFlags) => interruptible((signal) => runImport(model, flags, signal)));
}

async function runImport(model: string, flags: ImportFlags, signal: AbortSignal): Promise<void> {
  const { out, type, tensor, labels, row, rewardAt } = flags;
  note(`converting ${model} …`);
  await importReward({ model, out, type, tensor, labels, row, rewardAt, signal, provenance: provenance(flags), ...pythonOptions(flags) });
  note(`wrote ${out}`);
}
