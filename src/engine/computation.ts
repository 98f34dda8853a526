/** How models compute: what their numbers depend on beside files, texts and the context's size. */
import type { Gpu } from "../types.js";
import { binding, type EngineInfo } from "./binding.js";
import { native } from "./native.js";
import { RPC_BACKEND } from "./placement.js";

/** The options of load() that change the numbers of a computation. */
export interface Computation {
  /** As it was chosen: false where no GPU is used. */
  gpu: Gpu;
  /** What it may be computed on, none where no GPU and no RPC server is used: each device's backend and description. */
  devices: readonly (readonly [backend: string, description: string])[];
  /** -1: all. */
  gpuLayers: number;
  /** Tokens of a batch. */
  batchSize: number;
  /** Type of the KV cache's cells. */
  kvType: string;
  /** As given. */
  rewardDevice?: string | undefined;
  policyDevice?: string | undefined;
}

type Settings = Omit<Computation, "gpu" | "devices"> & { rpc?: readonly string[] };

/** The engine must be open. */
export function computationOf({ gpuLayers, batchSize, kvType, rewardDevice, policyDevice, rpc = [] }: Settings, gpu: Gpu): Computation {
  const found = gpu === false && rpc.length === 0 ? [] : native(() => binding().devices());
  const used = found.filter(({ backend, description }) => (backend === RPC_BACKEND ? rpc.includes(description) : gpu !== false));
  const devices = used.map(({ backend, description }) => [backend, description] as const);
  const placed = { ...(rewardDevice !== undefined && { rewardDevice }), ...(policyDevice !== undefined && { policyDevice }) };
  return { gpu, devices, gpuLayers, batchSize, kvType, ...placed };
}

/** For files that are continued later: another release, device or precision gives other numbers, which are not to be mixed. */
export function computationKey({ version }: EngineInfo, computation: Computation): unknown {
  const { gpu, devices, gpuLayers, batchSize, kvType, rewardDevice, policyDevice } = computation;
  const placed = rewardDevice === undefined && policyDevice === undefined ? [] : [rewardDevice ?? null, policyDevice ?? null];
  return [version, gpu, devices, gpuLayers, batchSize, kvType, ...placed];
}
