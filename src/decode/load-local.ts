import { performance } from "node:perf_hooks";
import { throwIfAborted } from "../engine/abort.js";
import { binding } from "../engine/binding.js";
import { chooseEngine } from "../engine/choice.js";
import { computationOf } from "../engine/computation.js";
import { native } from "../engine/native.js";
import { loadModels, type ModelFile } from "../model/load-models.js";
import type { Model } from "../model/model.js";
import { contextFor } from "../model/options.js";
import { foreignModels, warnOfForeign } from "../model/vocabularies.js";
import { modelFiles, RewardSet } from "../reward/reward-set.js";
import type { ResolvedLoad } from "./load-options.js";
import { type DecoderParts, LocalDecoder } from "./local-decoder.js";
import { settingsFor } from "./settings-file.js";

/** Into this process; `linger`: see DecoderParts. @throws ArgsearchError as load() */
export async function loadLocal(resolved: ResolvedLoad, linger = 0): Promise<LocalDecoder> {
  const started = performance.now();
  const settings = await settingsFor(resolved);
  const { engine, gpu } = await chooseEngine(resolved, resolved.signal);
  const models = await loadModels([policyFile(resolved), ...modelFiles(resolved.terms)], { ...resolved, gpu });
  try {
    const parts = await prepare(resolved, models);
    return new LocalDecoder({
      ...parts,
      ...{ engine, settings, linger, computation: computationOf(resolved, gpu), loadMs: performance.now() - started },
    });
  } catch (error) {
    for (const model of new Set(models)) model.dispose();
    throw error;
  }
}

function policyFile({ policy, chatTemplate }: ResolvedLoad): ModelFile {
  return {
    path: policy,
    role: "policy",
    template: chatTemplate === undefined ? undefined : { text: chatTemplate, option: "chatTemplate" },
  };
}

/** Checks that the models fit together and makes their contexts. */
async function prepare(
  resolved: ResolvedLoad,
  models: readonly Model[],
): Promise<Omit<DecoderParts, "engine" | "computation" | "settings" | "linger" | "loadMs">> {
  const { slots, patience, signal, terms, shareTrunk } = resolved;
  const [policy, ...rewardModels] = models;
  if (policy === undefined) throw new Error("no policy was loaded");
  const foreign = foreignModels(policy, rewardModels, resolved.tokenizers);
  const rewards = new RewardSet(terms, rewardModels, foreign);
  const context = contextFor(
    resolved,
    models.map(({ info }) => info),
  );
  for (const model of models) model.room = context.contextSize;
  throwIfAborted(signal);
  const sources = { policy: policy.native, rewards: rewards.nativeSources };
  const search = await native(() => binding().createSearch({ ...context, ...sources, slots, shareTrunk }));
  if (signal?.aborted) await search.dispose();
  throwIfAborted(signal);
  warnOfForeign(policy, foreign);
  const sharedTrunk = await native(() => search.sharesTrunk());
  return { policy, rewards, search, slots, patience, context, sharedTrunk };
}
