/** What makes two evaluations the same: contents of the files, settings of the methods. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { unreadable } from "../files/file-errors.js";
import { modelParts } from "../files/model-parts.js";
import { askOf } from "../reward/ask/local.js";
import { type ResolvedTerm, resolveTerms } from "../reward/terms.js";
import type { ModelOptions, RewardFunction, RewardKind, Shard } from "../types.js";
import type { MethodSpec } from "./methods.js";
import type { Generation, ResolvedEvaluation } from "./options.js";
import type { PromptSet } from "./prompts.js";

/** A model by name and content; a split one by all its parts, under the name of the first. */
export interface FileHash {
  file: string;
  sha256: string;
  /** Bytes. */
  size: number;
}

/** A reward, as settings.json knows it again. */
export interface RewardPrint {
  /** A file, or a function's name with the SHA-256 of its text; what it reaches beyond that is not seen. */
  reward: FileHash | string;
  /** Where the file is no reward head. */
  kind?: Exclude<RewardKind, "head"> | undefined;
  /** Of a contrast. */
  base?: FileHash | undefined;
  /** That is added to the reward model's weights. */
  adapter?: FileHash | undefined;
  weight: number;
  labels: Readonly<Record<string, number>>;
  /** In place of the file's own. */
  chatTemplate?: string | undefined;
  /** Whom a question is put to, where it is not the policy. */
  judge?: FileHash | undefined;
}

/** What makes two evaluations the same. */
export interface Identity {
  /** By the pairs' labels. */
  models: Record<string, { policy: FileHash; chatTemplate?: string | undefined; rewards: RewardPrint[] }>;
  data: { prompts: number; sha256: string };
  generation: Generation;
  seed: number;
  /** Slots share batches, whose shape the numbers of models that are not F32 depend on. */
  slots: number;
  /** What else decides what is computed; options that were left open are absent. */
  engine: { version: string } & Pick<ModelOptions, "contextSize" | "batchSize" | "kvType" | "gpu" | "gpuLayers">;
  methods: Record<string, Omit<MethodSpec, "name">>;
  /** Of a part alone. */
  shard?: Shard | undefined;
}

/** @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE */
export async function identityOf(resolved: ResolvedEvaluation, { prompts, sha256 }: PromptSet, version: string): Promise<Identity> {
  const hashes = new Map<string, Promise<FileHash>>();
  const hash = (path: string): Promise<FileHash> => {
    const found = hashes.get(path) ?? hashFile(path);
    hashes.set(path, found);
    return found;
  };
  const models: Identity["models"] = {};
  for (const pair of resolved.pairs) {
    models[pair.label] = {
      policy: await hash(pair.policy),
      chatTemplate: pair.chatTemplate,
      rewards: await Promise.all(resolveTerms(pair.reward).map((term) => print(term, hash))),
    };
  }
  const { contextSize, batchSize, kvType, gpu, gpuLayers } = resolved.model;
  const methods = resolved.variants.map(({ name, method: { name: _name, ...settings } }) => [name, settings] as const);
  return {
    models,
    data: { prompts: prompts.length, sha256 },
    generation: resolved.generation,
    seed: resolved.seed,
    slots: resolved.slots,
    engine: { version, contextSize, batchSize, kvType, gpu, gpuLayers },
    methods: Object.fromEntries(methods),
    ...(resolved.shard && { shard: resolved.shard }),
  };
}

async function print(
  { reward, kind, base, adapter, weight, labels, template }: ResolvedTerm,
  hash: (path: string) => Promise<FileHash>,
): Promise<RewardPrint> {
  const content = typeof reward === "string" ? await hash(reward) : functionPrint(reward);
  const ofTokens = { ...(kind !== "head" && { kind }), ...(base !== undefined && { base: await hash(base) }) };
  const adapted = adapter === undefined ? {} : { adapter: await hash(adapter) };
  const asked = askOf(reward)?.model;
  const judge = asked === undefined ? {} : { judge: await hash(asked) };
  return { reward: content, ...ofTokens, ...adapted, weight, labels, chatTemplate: template?.text, ...judge };
}

function functionPrint(reward: RewardFunction): string {
  return `${reward.name || "function"} ${createHash("sha256").update(String(reward)).digest("hex")}`;
}

export async function hashFile(path: string): Promise<FileHash> {
  const digest = createHash("sha256");
  const parts = await modelParts(path);
  let size = 0;
  for (const part of parts) {
    try {
      for await (const chunk of createReadStream(part)) digest.update(chunk as Buffer);
      size += (await stat(part)).size;
    } catch (error) {
      throw unreadable(error, part);
    }
  }
  return { file: basename(parts[0] ?? path), sha256: digest.digest("hex"), size };
}
