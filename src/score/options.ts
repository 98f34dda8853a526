/** Loading reward models alone, and scoring: defaults and validation. */
import { ArgsearchError } from "../errors.js";
import { EMBEDDED } from "../model/embedded.js";
import { MODEL, modelOf, type ResolvedModelOptions } from "../model/options.js";
import { type ResolvedTerm, resolveTerms } from "../reward/terms.js";
import type { RewardLoadOptions, ScoreOptions } from "../types.js";
import { abortSignal, checkNames, given, type Names, oneOf } from "../validate.js";

export interface ResolvedRewardLoad extends ResolvedModelOptions {
  terms: ResolvedTerm[];
}

const REWARD_LOAD: Names<RewardLoadOptions> = { ...MODEL, reward: true };
const SCORE: Names<ScoreOptions> = { template: true, signal: true };

/** @throws ArgsearchError OPTION_INVALID */
export function resolveRewardLoad(options: RewardLoadOptions = {}): ResolvedRewardLoad {
  checkNames("loadReward()", options, REWARD_LOAD);
  const terms = resolveTerms(options.reward ?? EMBEDDED.reward);
  if (terms.some((term) => typeof term.reward === "string")) return { ...modelOf(options), terms };
  throw new ArgsearchError("OPTION_INVALID", "reward must name at least one reward model's file: without one there is nothing to load", {
    option: "reward",
  });
}

/** @throws ArgsearchError OPTION_INVALID */
export function resolveScore(options: ScoreOptions = {}): { template: "auto" | "none"; signal: AbortSignal | undefined } {
  checkNames("score()", options, SCORE);
  return {
    template: resolveTemplate(options.template),
    signal: given(options.signal, undefined, (value) => abortSignal("signal", value)),
  };
}

/** @throws ArgsearchError OPTION_INVALID */
export function resolveTemplate(template: "auto" | "none" | undefined): "auto" | "none" {
  return given(template, "auto", (value) => oneOf("template", value, ["auto", "none"]));
}
