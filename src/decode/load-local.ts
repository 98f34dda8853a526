import { performance } from "node:perf_hooks";
import { throwIfAborted } from "../engine/abort.js";
import { binding } from "../engine/binding.js";
import { chooseEngine } from "../engine/choice.js";
import { computationOf } from "../engine/computation.js";
import { native } from "../engine/native.js";
import { isSameFile } from "../files/same-file.js";
import { loadModels, type ModelFile } from "../model/load-models.js";
import type { Model } from "../model/model.js";
import { contextFor } from "../model/options.js";
import { Judges, judgeFiles } from "../reward/ask/judges.js";
import { modelFiles, RewardSet } from "../reward/reward-set.js";
import type { ResolvedTerm } from "../reward/terms.js";
import { foreignModels, warnOfForeign } from "../reward/vocabularies.js";
import type { ResolvedLoad } from "./load-options.js";
import { type DecoderParts, LocalDecoder } from "./local-decoder.js";
import { settingsFor } from "./settings-file.js";

/** Into this process; `linger`: see DecoderParts. @throws ArgsearchError as load() */
export async function loadLocal(resolved: ResolvedLoad, linger = 0): Promise<LocalDecoder> {
  const started = performance.now();
  const settings = await settingsFor(resolved);
  const { engine, gpu } = await chooseEngine(resolved, resolved.signal);
  const policy = policyFile(resolved);
  const terms = await Promise.all(resolved.terms.map((term) => onPolicy(term, policy)));
  const asked = judgeFiles(terms, policy);
  const models = await loadModels([policy, ...modelFiles(terms, policy), ...asked], { ...resolved, gpu });
  try {
    const at = models.length - asked.length;
    const parts = await prepare({ ...resolved, terms }, models.slice(0, at), models.slice(at));
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

/** The models of a contrast, and one with an adapter, by the policy's own path, where that is the same file. */
async function onPolicy(term: ResolvedTerm, { path }: ModelFile): Promise<ResolvedTerm> {
  const { reward, base, adapter } = term;
  if ((base === undefined && adapter === undefined) || typeof reward !== "string") return term;
  const isBase = base !== undefined && (await isSameFile(base, path));
  const isTuned = (adapter !== undefined || !isBase) && (await isSameFile(reward, path));
  return { ...term, ...(isBase && { base: path }), ...(isTuned && { reward: path }) };
}

/** Checks that the models fit together and makes their contexts. */
async function prepare(
  resolved: ResolvedLoad,
  models: readonly Model[],
  asked: readonly Model[],
): Promise<Omit<DecoderParts, "engine" | "computation" | "settings" | "linger" | "loadMs">> {
  const { slots, patience, signal, terms, shareTrunk } = resolved;
  const [policy, ...rewardModels] = models;
  if (policy === undefined) throw new Error("no policy was loaded");
  const checked = new RewardSet(terms, rewardModels, policy);
  const foreign = foreignModels(policy, checked.sources, resolved.tokenizers);
  const context = contextFor(
    resolved,
    models.map(({ info }) => info),
  );
  for (const model of [policy, ...checked.readers]) model.room = context.contextSize;
  throwIfAborted(signal);
  const judges = await Judges.open(terms, asked, { load: resolved, contextSize: context.contextSize, slots });
  try {
    const rewards = new RewardSet(judges.terms, rewardModels, policy, foreign);
    const sources = { policy: policy.native, rewards: rewards.nativeSources };
    const search = await native(() => binding().createSearch({ ...context, ...sources, slots, shareTrunk }));
    if (signal?.aborted) await search.dispose();
    throwIfAborted(signal);
    warnOfForeign(policy, foreign);
    const sharedTrunk = await native(() => search.sharesTrunk());
    return { policy, rewards, judges, search, slots, patience, context, sharedTrunk };
  } catch (error) {
    await judges.dispose();
    throw error;
  }
}
