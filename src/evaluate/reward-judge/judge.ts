/** The reward model that judges an evaluation: checked before anything is decoded, loaded when there is something to rate. */
import { ArgsearchError } from "../../errors.js";
import { inspect } from "../../gguf/inspect.js";
import { baselineOf } from "../baseline.js";
import { type FileHash, hashFile } from "../identity.js";
import type { Metric } from "../metrics/metric.js";
import type { EvaluateOptions, Generation, ResolvedEvaluation, Variant } from "../options.js";
import type { EvaluatedResponse } from "../response.js";
import { resolveJudgeReward } from "./options.js";
import { type Ratings, rateAll } from "./rate-all.js";
import { countWins, type JudgeRewardResult } from "./result.js";

export interface RewardJudge {
  file: FileHash;
  /** Rates what has not been rated yet. @throws ArgsearchError as loadReward() and score(); ABORTED; FILE_UNWRITABLE */
  rate(responses: ReadonlyMap<string, readonly EvaluatedResponse[]>, generation: Generation): Promise<Judgement>;
}

export interface Judgement {
  /** "judgeReward": the judge's reward of each answer. */
  metric: Metric;
  results: JudgeRewardResult[];
}

/** @throws ArgsearchError OPTION_INVALID; as inspect(); REWARD_HEAD_MISSING */
export async function prepareRewardJudge(
  options: EvaluateOptions,
  { variants, model }: ResolvedEvaluation,
): Promise<RewardJudge | undefined> {
  const { judgeReward, engineDir, gpu, out, signal, onProgress } = options;
  if (judgeReward === undefined) return undefined;
  const names = variants.map(({ name }) => name);
  const judge = resolveJudgeReward(judgeReward, names);
  const { rewardHead, chatTemplate } = await inspect(judge.reward, { engineDir, gpu });
  if (rewardHead === null) {
    throw new ArgsearchError("REWARD_HEAD_MISSING", `${judge.reward} has no reward head: it cannot judge`, { option: "judgeReward" });
  }
  const file = await hashFile(judge.reward);
  const pairs = judge.pairs ?? defaultPairs(variants);
  const asText = (judge.chatTemplate ?? chatTemplate) === null;
  return {
    file,
    rate: async (responses, generation) => {
      const ratings = await rateAll([...responses.values()].flat(), { judge, file, asText, model, generation, out, signal, onProgress });
      return { metric: metricOf(ratings), results: pairs.map((pair) => resultOf(pair, responses, ratings, file)) };
    },
  };
}

/** Every method, not only those that are guided: rating costs no money. */
function defaultPairs(variants: readonly Variant[]): [string, string][] {
  return variants.flatMap((variant) => {
    const own = variants.filter(({ pair }) => pair === variant.pair);
    const baseline = baselineOf(variant, own, ({ method }) => method);
    return baseline ? [[variant.name, baseline.name]] : [];
  });
}

function metricOf(ratings: Ratings): Metric {
  const value = (response: EvaluatedResponse): number | null => ratings.get(response)?.reward ?? null;
  return { name: "judgeReward", measure: (responses) => responses.map(value) };
}

function resultOf(
  [method, baseline]: readonly [string, string],
  responses: ReadonlyMap<string, readonly EvaluatedResponse[]>,
  ratings: Ratings,
  { file, sha256 }: FileHash,
): JudgeRewardResult {
  const byPrompt = (name: string) => new Map((responses.get(name) ?? []).map((each) => [each.index, ratings.get(each) ?? {}]));
  return { method, baseline, model: file, sha256, ...countWins(byPrompt(method), byPrompt(baseline)) };
}
