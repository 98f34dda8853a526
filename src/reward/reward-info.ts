/** What a decoder or a reward model says of its rewards that are files. */
import type { ModelInfo } from "../engine/binding.js";
import type { Model } from "../model/model.js";
import type { RewardKind } from "../types.js";

/** A reward model's file, and what is read of it. */
export interface RewardInfo extends ModelInfo {
  /** What it gives: a value for each label of its head, or one for each token. */
  kind: RewardKind;
  /** Of a contrast: the model that it is compared with, the policy's file where that serves; else null. */
  base: ModelInfo | null;
}

export function rewardInfo({ model, kind, base }: { model: Model; kind: RewardKind; base?: Model | undefined }): RewardInfo {
  return { ...model.info, kind, base: base?.info ?? null };
}

/** Objectives of one reward model. */
export function objectiveCount({ kind, head }: Pick<RewardInfo, "kind" | "head">): number {
  return kind === "head" ? (head?.labels.length ?? 0) : 1;
}

/** The models that rewards of single tokens read in caches of their own: of a contrast all but the policy, whose own logits serve. */
export function languageModels(rewards: readonly RewardInfo[], policy: Pick<ModelInfo, "path">): ModelInfo[] {
  const ofTokens = rewards.filter(({ kind }) => kind !== "head");
  const isPolicy = ({ path, adapter }: ModelInfo): boolean => path === policy.path && adapter === undefined;
  return ofTokens.flatMap((reward) => (reward.base === null ? [reward] : [reward, reward.base].filter((model) => !isPolicy(model))));
}

/** The files of models, adapters among them. */
export function pathsOf(models: readonly ModelInfo[]): string[] {
  return models.flatMap(({ path, adapter }) => (adapter === undefined ? [path] : [path, adapter]));
}

/** Every model that rewards read, bases among them. */
export function filesOf(rewards: readonly RewardInfo[]): ModelInfo[] {
  return rewards.flatMap(({ kind: _, base, ...model }) => (base === null ? [model] : [model, base]));
}
