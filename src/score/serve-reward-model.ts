/** The child's side of isolated reward models. */
import type { EngineInput } from "../engine/isolated-wire.js";
import { serveEngine } from "../engine/serve-engine.js";
import type { Opened, Parent } from "../isolate/serve-object.js";
import { withFunctions } from "../reward/remote-functions.js";
import type { RewardLoadOptions } from "../types.js";
import type { RewardModelMethods } from "./isolated-reward-model.js";
import { loadRewardLocal } from "./local-reward-model.js";
import { resolveRewardLoad } from "./options.js";

export async function openRewardModel(input: EngineInput<RewardLoadOptions>, parent: Parent): Promise<Opened<RewardModelMethods>> {
  const { onProgress, methods } = serveEngine(input, parent);
  const { options } = input;
  const reward = withFunctions(options.reward, parent) ?? undefined;
  const model = await loadRewardLocal(resolveRewardLoad({ ...options, reward, onProgress }));
  return {
    info: model.info,
    methods: { ...methods, score: ({ signal }, inputs, options) => model.score(inputs, { ...options, signal }) },
  };
}
