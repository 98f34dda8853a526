import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeJson } from "./json-writer.js";
import { type SafeTensors, writeSafetensors, writeShards } from "./safetensors-writer.js";

export interface HfDirectory {
  config: object;
  tensors: SafeTensors;
  /** Default 1: model.safetensors. */
  shards?: number;
  /** Other files of JSON by name, for example "vocab.json"; default a tokenizer.json that says nothing. */
  files?: Readonly<Record<string, unknown>>;
}

/** A directory as transformers saves models; its path. What lies there already stays. */
export function writeHfDirectory(dir: string, { config, tensors, shards = 1, files = { "tokenizer.json": {} } }: HfDirectory): string {
  mkdirSync(dir, { recursive: true });
  for (const [name, value] of Object.entries({ "config.json": config, ...files })) writeJson(join(dir, name), value);
  if (shards === 1) writeSafetensors(join(dir, "model.safetensors"), tensors);
  else writeShards(dir, tensors, shards);
  return dir;
}
