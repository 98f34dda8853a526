/** What the lines of a file of results depend on, for runs that go on with them. */
import { createHash } from "node:crypto";
import type { DataSource } from "../data/read.js";
import type { ModelInfo } from "../engine/binding.js";
import { computationKey } from "../engine/computation.js";
import { ArgsearchError } from "../errors.js";
import { fileBytes, isOrdinaryFile } from "../files/bytes.js";
import { fingerprint } from "../files/fingerprint.js";
import { clockKey, dateOf } from "../model/template-options.js";
import { isRemoteModel } from "../remote/model-info.js";
import { filesOf, objectiveCount, pathsOf } from "../reward/reward-info.js";
import type { GenerateOptions, TemplateOptions } from "../types.js";
import type { Scores } from "./scores.js";

/** Every model's file that is used: a decoder's policy cuts responses into tokens. */
export function modelsOf({ policy, rewards }: Scores["info"]): ModelInfo[] {
  return policy === undefined || isRemoteModel(policy) ? filesOf(rewards) : [policy, ...filesOf(rewards)];
}

/** Of models, data and settings; null where that cannot be known: streams and pipes, rewards that are functions, and what servers run. */
export async function keyOf(info: Scores["info"], source: DataSource, settings: readonly unknown[]): Promise<string | null> {
  const ofModels = info.rewards.reduce((count, reward) => count + objectiveCount(reward), 0);
  if (info.policy !== undefined && isRemoteModel(info.policy)) return null;
  if (typeof source !== "string" || !(await isOrdinaryFile(source)) || ofModels < info.objectives.length) return null;
  const hash = createHash("sha256");
  for (const path of pathsOf(modelsOf(info))) hash.update(await fingerprint(path));
  const kinds = info.rewards.map(({ kind }) => kind);
  if (kinds.some((kind) => kind !== "head")) hash.update(JSON.stringify(kinds));
  const models = [info.objectives, info.weights, info.contextSize, computationKey(info.engine, info.computation)];
  hash.update(JSON.stringify([...models, ...settings]));
  for await (const chunk of fileBytes(source)) hash.update(chunk);
  return hash.digest("hex");
}

/** The same for shards, which may be worked on by different machines; how many entries are dealt out at once belongs to the settings. */
export async function shardKeyOf(info: Scores["info"], source: DataSource, settings: readonly unknown[]): Promise<string> {
  const key = await keyOf({ ...info, computation: { ...info.computation, devices: [] } }, source, settings);
  if (key !== null) return key;
  const message = "shard: what is read must be a file, and rewards those of models: else nobody could tell that shards belong together";
  throw new ArgsearchError("OPTION_INVALID", message, { option: "shard" });
}

/** How prompts become texts. */
export function templateKey(
  models: readonly ModelInfo[],
  options: TemplateOptions & Pick<GenerateOptions, "special"> & { date: Date | string },
): unknown {
  const { template = "auto", special = false, templateVariables = {}, date } = options;
  const templates = models.map(({ chatTemplate }) => chatTemplate);
  return [template, templates, templateVariables, clockKey(templates, dateOf(date)), ...(special ? ["special"] : [])];
}
