import type { RewardLoadOptions } from "../types.js";
import { loadRewardIsolated } from "./isolated-reward-model.js";
import { loadRewardLocal } from "./local-reward-model.js";
import { resolveRewardLoad } from "./options.js";
import type { RewardModel } from "./reward-model.js";

/**
 * Loads reward models alone, to score; without options, the embedded one. With `isolate`, into a process of its own.
 *
 * @throws ArgsearchError as load()
 */
export async function loadReward(options: RewardLoadOptions = {}): Promise<RewardModel> {
  const resolved = resolveRewardLoad(options);
  return resolved.isolation === undefined ? loadRewardLocal(resolved) : loadRewardIsolated(options, resolved, resolved.isolation);
}
