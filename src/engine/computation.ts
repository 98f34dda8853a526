/** How models compute: what their numbers depend on beside files, texts and the context's size. */
import type { Gpu } from "../types.js";
import { binding, type EngineInfo } from "./binding.js";
import { native } from "./native.js";

/** The options of load() that change the numbers of a computation. */
export interface Computation {
  /** As it was chosen: false where no GPU is used. */
  gpu: Gpu;
  /** -1: all. */
  gpuLayers: number;
  batchSize: number;
  kvType: string;
}

export function computationOf({ gpuLayers, batchSize, kvType }: Computation, gpu: Gpu): Computation {
  return { gpu, gpuLayers, batchSize, kvType };
}

/** For files that are continued later: another release, device or precision gives other numbers, which are not to be mixed. */
export function computationKey({ version }: EngineInfo, { gpu, gpuLayers, batchSize, kvType }: Computation): unknown {
  const devices = gpu === false ? [] : native(() => binding().devices()).map(({ backend, description }) => [backend, description]);
  return [version, gpu, devices, gpuLayers, batchSize, kvType];
}
