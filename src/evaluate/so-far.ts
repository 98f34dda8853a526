/** What can be said of an evaluation that has not ended: measures that need no model, of the responses that are there. */
import { measureAll, metricsOf } from "./measure.js";
import type { EvaluatedResponse } from "./response.js";
import { compare, type EvaluationResults, methodResult } from "./results.js";
import type { StoredSettings } from "./run/directory.js";
import { settingsOf } from "./settings.js";

/** Failures and lines that were left out are known only at the end. */
export async function resultsSoFar(settings: StoredSettings, responses: readonly EvaluatedResponse[]): Promise<EvaluationResults> {
  const byMethod = new Map(Object.keys(settings.methods).map((name) => [name, new Map<number, EvaluatedResponse>()]));
  for (const response of responses) byMethod.get(response.method)?.set(response.index, response);
  const begun = [...byMethod].filter(([, own]) => own.size > 0);
  const metrics = metricsOf();
  const measured = await measureAll(new Map(begun.map(([name, own]) => [name, [...own.values()]])), metrics);
  const { seed } = settings;
  return {
    settings: settingsOf(settings, [...measured.keys()], { embedding: null, judgeReward: null }),
    methods: Object.fromEntries([...measured].map(([name, values]) => [name, methodResult(values, metrics, seed)])),
    comparisons: await compare(measured, seed),
    judge: [],
    judgeReward: [],
    failures: [],
    badLines: [],
  };
}
