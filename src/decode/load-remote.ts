import { performance } from "node:perf_hooks";
import { NO_COMPUTATION, NO_ENGINE, remoteModelInfo } from "../remote/model-info.js";
import { judgeFiles } from "../reward/ask/judges.js";
import { needsModel } from "../reward/ask/local.js";
import { functionTerms } from "../reward/reward-set.js";
import { type ResolvedTerm, specOf } from "../reward/terms.js";
import { loadRewardIsolated } from "../score/isolated-reward-model.js";
import { loadRewardLocal } from "../score/local-reward-model.js";
import type { RewardModel } from "../score/reward-model.js";
import { WholeScorer } from "../score/whole-scorer.js";
import type { LoadOptions, RewardLoadOptions } from "../types.js";
import type { ResolvedLoad } from "./load-options.js";
import { RemoteDecoder } from "./remote-decoder.js";
import type { ResolvedPolicy } from "./remote-options.js";
import { remoteTexts } from "./remote-texts.js";
import { settingsFor } from "./settings-file.js";

/** A policy on a server; reward models beside it are loaded here, or with `isolate` into a process of their own. @throws ArgsearchError as load() */
export async function loadRemote(options: LoadOptions, resolved: ResolvedLoad, policy: ResolvedPolicy): Promise<RemoteDecoder> {
  const started = performance.now();
  const { signal, terms, slots, chatTemplate } = resolved;
  const closing = new AbortController();
  const settings = await settingsFor(resolved);
  const texts = await remoteTexts(policy, chatTemplate, { signal });
  const models = await modelsOf(options, resolved, terms);
  const functions = functionTerms(terms.filter(({ reward }) => !needsModel(reward)));
  const scorer = new WholeScorer({ models, functions, format: texts.format, closing: closing.signal });
  const { objectives, weights } = scorer.sums;
  const info = {
    engine: models?.info.engine ?? NO_ENGINE,
    policy: remoteModelInfo(resolved.policy, policy.model, texts.chatTemplate),
    rewards: models?.info.rewards ?? [],
    ...{ objectives, weights, slots, settings, sharedTrunk: false },
    contextSize: models?.info.contextSize ?? 0,
    computation: models?.info.computation ?? NO_COMPUTATION,
  };
  const rewardsEndings = functions.some(({ reward }) => reward.ending === "reward");
  const { completions } = policy;
  return new RemoteDecoder({ info, completions, texts, scorer, models, closing, rewardsEndings, loadMs: performance.now() - started });
}

/** Undefined where no term needs one here. @throws ArgsearchError OPTION_INVALID for a question to the policy */
async function modelsOf(options: LoadOptions, resolved: ResolvedLoad, all: readonly ResolvedTerm[]): Promise<RewardModel | undefined> {
  const terms = all.filter(({ reward }) => needsModel(reward));
  if (terms.length === 0) return undefined;
  if (resolved.isolation === undefined) return loadRewardLocal({ ...resolved, terms });
  judgeFiles(terms);
  const reward = terms.map(specOf);
  return loadRewardIsolated({ ...modelOptions(options), reward }, { ...resolved, terms }, resolved.isolation);
}

/** Those of load()'s options that loadReward() has, too. */
function modelOptions(options: LoadOptions): RewardLoadOptions {
  const { policy, reward, chatTemplate, slots, shareTrunk, queue, settings, ...rest } = options;
  return rest;
}
