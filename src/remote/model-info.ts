/** A model of which nothing but its name is known. */
import type { EngineInfo, ModelInfo } from "../engine/binding.js";
import type { Computation } from "../engine/computation.js";

const ARCHITECTURE = "remote";

/** `path` says where it is. */
export function remoteModelInfo(path: string, model: string, chatTemplate: string | null): ModelInfo {
  const unknown = { parameters: 0, size: 0, nEmbd: 0, nVocab: 0, nLayer: 0, nCtxTrain: 0, recurrent: false, encoder: false };
  const tokens = { addBos: false, bos: -1, eos: -1, bosText: "", eosText: "" };
  return { path, architecture: ARCHITECTURE, description: model, ...unknown, ...tokens, chatTemplate, head: null };
}

/** It has no file here. */
export function isRemoteModel({ architecture }: Pick<ModelInfo, "architecture">): boolean {
  return architecture === ARCHITECTURE;
}

/** Where nothing is computed here. */
export const NO_ENGINE: EngineInfo = { dir: "", version: "" };
export const NO_COMPUTATION: Computation = { gpu: false, devices: [], gpuLayers: 0, batchSize: 0, kvType: "auto" };
