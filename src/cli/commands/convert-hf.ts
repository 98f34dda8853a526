import type { Command } from "commander";
import { type ConvertHfOptions, convertHf } from "../../import/index.js";
import { addPythonFlags, type PythonFlags, pythonOptions, typeFlag } from "../flags/conversion.js";
import { addExamples } from "../flags/flags.js";
import { interruptible } from "../terminal/interrupt.js";
import { note } from "../terminal/output.js";

type HfFlags = Pick<ConvertHfOptions, "out" | "type"> & PythonFlags;

export function addConvertHf(convert: Command): void {
  const command = convert
    .command("hf")
    .description("Make a GGUF policy of a Hugging Face causal language model. Takes Python with torch and transformers.")
    .argument("<dir>", "config.json, safetensors and tokenizer, from the hub or save_pretrained()")
    .requiredOption("--out <file>", "the GGUF to write")
    .addOption(typeFlag());
  addPythonFlags(command);
  addExamples(command, ["convert hf ./my-policy --out policy.gguf --type q8_0"]);
  command.action((model: string, flags: HfFlags) => interruptible((signal) => runConvert(model, flags, signal)));
}

async function runConvert(model: string, flags: HfFlags, signal: AbortSignal): Promise<void> {
  const { out, type } = flags;
  note(`converting ${model} …`);
  await convertHf({ model, out, type, signal, ...pythonOptions(flags) });
  note(`wrote ${out}`);
}
