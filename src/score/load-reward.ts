import { needsModel } from "../reward/ask/local.js";
import { withFilesToLoad } from "../reward/hub-models.js";
import type { RewardLoadOptions } from "../types.js";
import { loadRewardIsolated } from "./isolated-reward-model.js";
import { loadRewardLocal } from "./local-reward-model.js";
import { resolveRewardLoad } from "./options.js";
import { RemoteRewardModel } from "./remote-reward-model.js";
import type { RewardModel } from "./reward-model.js";

/**
 * Loads reward models alone, to score; without options, the embedded one. With `isolate`, into a process of its own. Of rewards that servers give
 * nothing is loaded; a question needs its `model` here, where there is no policy.
 *
 * @throws ArgsearchError as load()
 */
export async function loadReward(options: RewardLoadOptions = {}): Promise<RewardModel> {
  const checked = resolveRewardLoad(options);
  const local = await withFilesToLoad(options);
  const resolved = local === options ? checked : resolveRewardLoad(local);
  if (!resolved.terms.some(({ reward }) => needsModel(reward))) return new RemoteRewardModel(resolved);
  return resolved.isolation === undefined ? loadRewardLocal(resolved) : loadRewardIsolated(local, resolved, resolved.isolation);
}
