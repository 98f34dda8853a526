/** GET /v1/models: the policy, and what guides it. */
import { basename } from "node:path";
import type { DecoderInfo } from "../decode/decoder.js";
import type { ModelInfo } from "../engine/binding.js";
import { HttpError } from "./errors.js";

/** Names under which the models are asked for. */
export interface ModelNames {
  /** The policy's; answers carry it. */
  policy: string;
  /** Others that mean the same. */
  aliases: readonly string[];
  /** The reward models'. */
  rewards: readonly string[];
}

export function namesOf({ policy, rewards }: DecoderInfo, model: string | undefined, aliases: readonly string[]): ModelNames {
  return { policy: model ?? fileName(policy), aliases, rewards: rewards.map(fileName) };
}

function fileName({ path }: ModelInfo): string {
  return basename(path).replace(/\.gguf$/i, "");
}

/** No name is any name. @throws HttpError 404 for a model that is not served */
export function requireServed(asked: string | null | undefined, { policy, aliases, rewards }: ModelNames, scoring = false): void {
  if (asked == null || asked === "") return;
  const names = [policy, ...aliases, ...(scoring ? rewards : [])];
  if (names.includes(asked)) return;
  const message = `no model ${JSON.stringify(asked.slice(0, 200))} here: served is ${names.map((name) => JSON.stringify(name)).join(", ")}; or leave "model" out`;
  throw new HttpError({ status: 404, code: "MODEL_NOT_FOUND", message, param: "model" });
}

export function modelList(info: DecoderInfo, names: ModelNames, created: number): object {
  return { object: "list", data: [names.policy, ...names.aliases].map((id) => modelEntry(id, info, names, created)) };
}

/** One of them. @throws HttpError 404 */
export function servedModel(id: string, info: DecoderInfo, names: ModelNames, created: number): object {
  requireServed(id, names);
  return modelEntry(id, info, names, created);
}

function modelEntry(id: string, info: DecoderInfo, { rewards }: ModelNames, created: number): object {
  const { objectives, weights, slots, contextSize, sharedTrunk, settings } = info;
  const { nCtxTrain, nVocab, parameters, size } = info.policy;
  const meta = { n_ctx: contextSize, n_ctx_train: nCtxTrain, n_vocab: nVocab, n_params: parameters, size };
  const argsearch = { rewards, objectives, weights, slots, contextSize, sharedTrunk, settings };
  return { id, object: "model", created, owned_by: "argsearch", meta, argsearch };
}
