/** Loading reward models alone, and scoring: defaults and validation. */
import { ArgsearchError } from "../errors.js";
import { ISOLATION, isolationOf, type ResolvedIsolation } from "../isolate/options.js";
import { EMBEDDED } from "../model/embedded.js";
import { MODEL, modelOf, type ResolvedModelOptions } from "../model/options.js";
import { type ResolvedTemplate, TEMPLATE, templateOf } from "../model/template-options.js";
import { type ResolvedTerm, resolveTerms } from "../reward/terms.js";
import { TOKENIZERS, tokenizersOf } from "../reward/vocabularies.js";
import { isWhole } from "../reward/whole.js";
import type { RewardAt, RewardLoadOptions, ScoreOptions, Tokenizers } from "../types.js";
import { abortSignal, checkNames, given, type Names, oneOf } from "../validate.js";

export interface ResolvedRewardLoad extends ResolvedModelOptions {
  terms: ResolvedTerm[];
  tokenizers: Tokenizers;
  /** Undefined: in this process. */
  isolation: ResolvedIsolation | undefined;
}

const REWARD_LOAD: Names<RewardLoadOptions> = { ...MODEL, ...ISOLATION, ...TOKENIZERS, reward: true };
const SCORE: Names<ScoreOptions> = { ...TEMPLATE, rewardAt: true, signal: true };

export interface ResolvedScore {
  template: ResolvedTemplate;
  /** Undefined: as the reward models' files say. */
  rewardAt: RewardAt | undefined;
  signal: AbortSignal | undefined;
}

/** @throws ArgsearchError OPTION_INVALID */
export function resolveRewardLoad(options: RewardLoadOptions = {}): ResolvedRewardLoad {
  checkNames("loadReward()", options, REWARD_LOAD);
  const terms = resolveTerms(options.reward ?? EMBEDDED.reward);
  if (terms.some(({ reward }) => typeof reward === "string" || isWhole(reward)))
    return { ...modelOf(options), terms, tokenizers: tokenizersOf(options), isolation: isolationOf(options) };
  throw new ArgsearchError(
    "OPTION_INVALID",
    "reward must name at least one reward model's file, server or question: without one there is nothing to load",
    {
      option: "reward",
    },
  );
}

/** @throws ArgsearchError OPTION_INVALID */
export function resolveScore(options: ScoreOptions = {}): ResolvedScore {
  checkNames("score()", options, SCORE);
  return {
    template: templateOf(options),
    rewardAt: resolveRewardAt(options.rewardAt),
    signal: given(options.signal, undefined, (value) => abortSignal("signal", value)),
  };
}

/** @throws ArgsearchError OPTION_INVALID */
export function resolveRewardAt(rewardAt: RewardAt | undefined): RewardAt | undefined {
  return given(rewardAt, undefined, (value) => oneOf("rewardAt", value, ["last", "end"]));
}
