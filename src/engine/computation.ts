/** How models compute: what their numbers depend on beside files, texts and the context's size. */
import type { Gpu } from "../types.js";
import { binding, type EngineInfo } from "./binding.js";
import { native } from "./native.js";

/** The options of load() that change the numbers of a computation. */
export interface Computation {
  /** As it was chosen: false where no GPU is used. */
  gpu: Gpu;
  /** What it may be computed on, none where no GPU is used: each device's backend and description. */
  devices: readonly (readonly [backend: string, description: string])[];
  /** -1: all. */
  gpuLayers: number;
  /** Tokens of a batch. */
  batchSize: number;
  /** Type of the KV cache's cells. */
  kvType: string;
}

/** The engine must be open. */
export function computationOf({ gpuLayers, batchSize, kvType }: Omit<Computation, "gpu" | "devices">, gpu: Gpu): Computation {
  const found = gpu === false ? [] : native(() => binding().devices());
  return { gpu, devices: found.map(({ backend, description }) => [backend, description] as const), gpuLayers, batchSize, kvType };
}

/** For files that are continued later: another release, device or precision gives other numbers, which are not to be mixed. */
export function computationKey({ version }: EngineInfo, { gpu, devices, gpuLayers, batchSize, kvType }: Computation): unknown {
  return [version, gpu, devices, gpuLayers, batchSize, kvType];
}
