/** A pair on the native border itself, below text, options and scheduling. */
import {
  type BeginOptions,
  binding,
  type NativeModel,
  type NativeRewardSource,
  type NativeSearch,
  type NativeStep,
  type SearchOptions,
} from "../../src/engine/binding.js";
import { openEngine } from "../../src/engine/engine.js";
import { NO_SAMPLERS } from "../../src/engine/no-samplers.js";
import type { StoredPair } from "./model-folder.js";

export async function loadNative(path: string): Promise<NativeModel> {
  openEngine({ engineDir: undefined, gpu: false });
  return binding().loadModel({ path, gpuLayers: 0, backend: "CPU" }, null);
}

export const NATIVE_CONTEXT = { threads: 1, batchSize: 512, kvType: "auto", contextSize: 256 } as const;

/** Runs the work on a search over the pair; without `rewarded` it has no reward model. */
export async function withNativeSearch<T>(
  { policy, reward }: StoredPair,
  {
    slots = 1,
    rewarded = true,
    contextSize = 256,
    batchSize = 512,
    slotsPerContext,
  }: { slots?: number; rewarded?: boolean; contextSize?: number; batchSize?: number; slotsPerContext?: SearchOptions["slotsPerContext"] },
  work: (search: NativeSearch) => Promise<T>,
): Promise<T> {
  const models = { policy: await loadNative(policy.path), reward: await loadNative(reward.path) };
  const rewards: NativeRewardSource[] = rewarded ? [{ model: models.reward, weights: Float64Array.of(1) }] : [];
  const search = await binding().createSearch({
    ...{ ...NATIVE_CONTEXT, contextSize, batchSize, slots, policy: models.policy, rewards },
    ...(slotsPerContext !== undefined && { slotsPerContext }),
  });
  try {
    return await work(search);
  } finally {
    await search.dispose();
    models.policy.dispose();
    models.reward.dispose();
  }
}

/** As many slots in a context of each model as on a GPU. */
export const TOGETHER = { policy: 16, rewards: 16 };

/** ARGS with ten candidates for a prompt that policy and reward model read alike. */
export function beginOptions(prompt: readonly number[], given: Partial<BeginOptions> = {}): BeginOptions {
  return {
    policyTokens: Int32Array.from(prompt),
    rewardTokens: [Int32Array.from(prompt)],
    method: "args",
    topK: 10,
    weight: 0.6,
    combine: "interpolate",
    select: "greedy",
    temperature: 1,
    ending: "reward",
    gate: { kind: "off", limit: 0 },
    samplers: NO_SAMPLERS,
    seed: 0,
    candidates: true,
    topLogProbs: 0,
    ...given,
  };
}

/** One step of one slot. */
export async function stepOnce(search: NativeSearch, slot = 0): Promise<NativeStep> {
  const { steps } = await search.step(Int32Array.of(slot));
  return steps[0];
}
