/** Where and how a model runs: defaults and validation. */
import type { ContextOptions, ModelInfo } from "../engine/binding.js";
import { ENGINE, engineOf, type ResolvedEngine } from "../engine/options.js";
import { rpcEndpoints } from "../engine/rpc-endpoints.js";
import { defaultThreads } from "../engine/threads.js";
import type { KvType, ModelOptions } from "../types.js";
import { abortSignal, callback, checkNames, given, integer, type Names, nonEmptyText, oneOf } from "../validate.js";

export interface ResolvedModelOptions extends ResolvedEngine {
  /** -1: all. */
  gpuLayers: number;
  /** Undefined: as many as suit the models. */
  threads: number | undefined;
  /** Undefined: as the models were trained. */
  contextSize: number | undefined;
  batchSize: number;
  kvType: KvType;
  /** Servers, "host:port". */
  rpc: string[];
  rewardDevice: string | undefined;
  policyDevice: string | undefined;
  onProgress: ((progress: number) => void) | undefined;
  signal: AbortSignal | undefined;
}

export const MODEL: Names<ModelOptions> = {
  ...ENGINE,
  gpuLayers: true,
  threads: true,
  contextSize: true,
  batchSize: true,
  kvType: true,
  rpc: true,
  rewardDevice: true,
  policyDevice: true,
  onProgress: true,
  signal: true,
};

/** Tokens, or fewer where the models were trained with fewer. */
export const DEFAULT_CONTEXT = 4096;

/** Options that are a model's alone; `what` takes them. @throws ArgsearchError OPTION_INVALID */
export function resolveModel(what: string, options: ModelOptions): ResolvedModelOptions {
  checkNames(what, options, MODEL);
  return modelOf(options);
}

/** The model's part of options whose names have been checked. @throws ArgsearchError OPTION_INVALID */
export function modelOf(options: ModelOptions): ResolvedModelOptions {
  const { gpuLayers, threads, contextSize, batchSize, kvType } = options;
  return {
    ...engineOf(options),
    gpuLayers: given(gpuLayers, -1, (value) => integer("gpuLayers", value, { min: 0, max: 100_000 })),
    threads: given(threads, undefined, (value) => integer("threads", value, { min: 1, max: 512 })),
    contextSize: given(contextSize, undefined, (value) => integer("contextSize", value, { min: 2, max: 2 ** 28, note: "tokens" })),
    batchSize: given(batchSize, 512, (value) => integer("batchSize", value, { min: 1, max: 65_536, note: "tokens" })),
    kvType: given(kvType, "auto", (value) => oneOf("kvType", value, ["auto", "f32", "f16", "q8_0"])),
    rpc: rpcEndpoints(options.rpc),
    rewardDevice: given(options.rewardDevice, undefined, (value) => nonEmptyText("rewardDevice", value)),
    policyDevice: given(options.policyDevice, undefined, (value) => nonEmptyText("policyDevice", value)),
    onProgress: given(options.onProgress, undefined, (value) => callback("onProgress", value)),
    signal: given(options.signal, undefined, (value) => abortSignal("signal", value)),
  };
}

/** Those of an object's options that say where and how a model runs, but for the callback: its owner has one of its own. */
export function pickModelOptions(options: Omit<ModelOptions, "onProgress">): Omit<ModelOptions, "onProgress"> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name in MODEL && name !== "onProgress"));
}

/** What the models' contexts need, from what was asked for and what the models are. */
export function contextFor(
  { contextSize, threads, batchSize, kvType }: ResolvedModelOptions,
  models: readonly Pick<ModelInfo, "nCtxTrain" | "size">[],
): ContextOptions & { contextSize: number } {
  return {
    contextSize: contextSizeFor(contextSize, Math.min(...models.map(({ nCtxTrain }) => nCtxTrain))),
    threads: threads ?? defaultThreads(Math.max(...models.map(({ size }) => size))),
    batchSize,
    kvType,
  };
}

/** At most what the models were trained with, because beyond it their answers fall apart. */
function contextSizeFor(asked: number | undefined, trained: number): number {
  if (asked === undefined) return Math.min(DEFAULT_CONTEXT, Math.max(2, trained));
  return integer("contextSize", asked, { min: 2, max: Math.max(2, trained), note: "tokens the models were trained with" });
}
