import type { Command } from "commander";
import { type ConvertOptOptions, convertOpt } from "../../import/index.js";
import {
  addProvenanceFlags,
  addRowFlags,
  type ProvenanceFlags,
  provenance,
  type RowFlags,
  tensorFlag,
  typeFlag,
} from "../flags/conversion.js";
import { addExamples, engineDirFlag } from "../flags/flags.js";
import { interruptible } from "../terminal/interrupt.js";
import { note } from "../terminal/output.js";

type OptFlags = Pick<ConvertOptOptions, "out" | "type" | "tensor" | "engineDir"> & RowFlags & ProvenanceFlags;

export function addConvertOpt(convert: Command): void {
  const command = convert
    .command("opt")
    .description("Make a GGUF of an OPT language or reward model, as llama.cpp's mpt architecture. Takes no Python.")
    .argument("<dir>", "config.json, safetensors and tokenizer, from the hub or save_pretrained()")
    .requiredOption("--out <file>", "the GGUF to write")
    .addOption(typeFlag())
    .addOption(tensorFlag());
  addRowFlags(command);
  addProvenanceFlags(command);
  command.addOption(engineDirFlag());
  addExamples(command, ["convert opt ./opt-1.3b --out opt.gguf", "convert opt ./opt-reward --out reward.gguf --type q8_0"]);
  command.action((model: string, flags: OptFlags) => interruptible((signal) => runConvert(model, flags, signal)));
}

async function runConvert(model: string, flags: OptFlags, signal: AbortSignal): Promise<void> {
  const { out, type, tensor, labels, row, engineDir } = flags;
  const { reward } = await convertOpt({ model, out, type, tensor, labels, row, engineDir, signal, provenance: provenance(flags) });
  note(`wrote ${out}, ${reward ? "a reward model" : "a language model"}`);
}
