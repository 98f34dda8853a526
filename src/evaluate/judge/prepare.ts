/** The judge of an evaluation: checked before anything is decoded, asked when there is something to judge. */
import { join } from "node:path";
import { baselineOf } from "../baseline.js";
import { isGuided } from "../methods.js";
import type { EvaluateOptions, ResolvedEvaluation, Variant } from "../options.js";
import { FILES, type ResponseStore } from "../run/store.js";
import { judgeClient } from "./client.js";
import { type JudgeRequest, type JudgeResult, judge } from "./judge.js";
import { checkJudge } from "./options.js";
import { openVerdicts } from "./verdicts.js";

/** Asks for the verdicts that are still missing. */
export type Verdicts = (store: ResponseStore) => Promise<JudgeResult[]>;

/** @throws ArgsearchError OPTION_INVALID */
export function prepareJudge(
  { judge: options, out, signal, onProgress }: EvaluateOptions,
  { variants, seed }: ResolvedEvaluation,
): Verdicts | undefined {
  if (options === undefined) return undefined;
  const names = variants.map(({ name }) => name);
  const pairs = options.pairs ?? defaultPairs(variants);
  checkJudge({ ...options, pairs }, names);
  const ask = judgeClient(options);
  return async (store) => {
    const cache = await openVerdicts(out === undefined ? undefined : join(out, FILES.verdicts));
    const responses = new Map(names.map((name) => [name, store.of(name)]));
    const report: JudgeRequest["onProgress"] = (done, total, secondsLeft) => onProgress?.({ stage: "judge", done, total, secondsLeft });
    return judge(options, { ask, responses, pairs, seed, cache, signal, onProgress: report });
  };
}

/** Every guided method against greedy decoding of the same models, with the same samplers where there is that. */
function defaultPairs(variants: readonly Variant[]): [string, string][] {
  return variants.flatMap((variant) => {
    const own = variants.filter(({ pair }) => pair === variant.pair);
    const baseline = isGuided(variant.method) ? baselineOf(variant, own, ({ method }) => method) : undefined;
    return baseline ? [[variant.name, baseline.name]] : [];
  });
}
