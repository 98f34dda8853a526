/** Adapters as GGUF files, named where a model's file is wanted: differences to a model. */
import { binding } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";
import { Metadata } from "../gguf/metadata.js";

/** What loading a file failed with; where that is an adapter, in words that say so. */
export async function toldOfAdapter(error: unknown, path: string): Promise<unknown> {
  if (!(error instanceof ArgsearchError) || error.code !== "MODEL_INVALID") return error;
  const file = await native(() => binding().readGguf(path)).catch(() => undefined);
  if (file === undefined || new Metadata(file).text("general.type") !== "adapter") return error;
  const how = `llama.cpp's llama-export-lora does that: llama-export-lora -m BASE.gguf --lora ${path} -o merged.gguf`;
  const what = `${path} is an adapter (LoRA), a difference to a base model`;
  const cure = "As a reward, name it as the adapter of that model's file: { reward: BASE, adapter }, --reward BASE --reward-adapter";
  return new ArgsearchError("MODEL_UNSUPPORTED", `${what}. ${cure}. As a policy, merge it first: ${how}`, { cause: error });
}
