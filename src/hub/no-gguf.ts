/** Repositories without a GGUF: what they hold, and how a GGUF is made of it. */
import { ArgsearchError } from "../errors.js";
import type { RepoFile } from "./cache.js";
import type { HubName } from "./name.js";

/** What PEFT saves is a difference to a base model. */
const ADAPTER = /^adapter_(?:config\.json|model\.(?:safetensors|bin))$/;
const WEIGHTS = /^(?:model.*\.safetensors|model\.safetensors\.index\.json)$/;

export function noGguf({ text, repo, revision }: HubName, files: readonly RepoFile[]): ArgsearchError {
  const dir = repo.slice(repo.indexOf("/") + 1);
  const at = revision === "main" ? "" : ` --revision ${revision}`;
  const download = `hf download ${repo}${at} --local-dir ${dir}`;
  const has = (pattern: RegExp): boolean => files.some(({ path }) => pattern.test(path));
  if (has(ADAPTER) && !has(WEIGHTS)) {
    const why = "a difference to a base model, and a head in it fits only that model with the adapter merged: merge it first";
    const how = `${download}, then "argsearch reward import ${dir} --out reward.gguf" says the line of Python that merges it`;
    return new ArgsearchError("MODEL_UNSUPPORTED", `${text}: ${repo} holds an adapter and no model, ${why}. ${how}`);
  }
  if (!has(/\.safetensors$/)) {
    return new ArgsearchError("HUB_NOT_FOUND", `${text}: ${repo} has no GGUF at ${revision}, nor safetensors that one could be made of`);
  }
  const how = `"argsearch convert hf ${dir} --out model.gguf", for a reward model "argsearch reward import ${dir} --out reward.gguf"`;
  const why = "Many models are on the Hub as a GGUF of somebody's else; this one is made by";
  return new ArgsearchError(
    "HUB_NOT_FOUND",
    `${text}: ${repo} has no GGUF at ${revision}, but safetensors. ${why} ${download}, then ${how}`,
  );
}
