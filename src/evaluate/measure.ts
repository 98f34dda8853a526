/** What responses are measured by. */
import { invalid } from "../validate.js";
import { rewardMetric } from "./metrics/average-reward.js";
import { callsMetric } from "./metrics/calls.js";
import { diversityMetric } from "./metrics/diversity.js";
import { endedMetric } from "./metrics/ended.js";
import { lengthMetric } from "./metrics/length.js";
import { loopsMetric, lowDiversityMetric } from "./metrics/loops.js";
import type { Metric } from "./metrics/metric.js";
import { perplexityMetric } from "./metrics/perplexity.js";
import { speedMetric } from "./metrics/speed.js";
import type { EvaluatedResponse } from "./response.js";
import { type MeasuredMethod, valuesByPrompt } from "./results.js";

/** Those that need no model. */
const BUILT_IN: readonly Metric[] = [
  rewardMetric,
  diversityMetric(),
  endedMetric,
  loopsMetric,
  lowDiversityMetric,
  perplexityMetric,
  lengthMetric,
  speedMetric,
  callsMetric,
];

/** Names of those that need a model, which an evaluation may be given. */
const OF_MODELS = ["coherence", "judgeReward"];

/** What a share may be made of. */
const SHARED: readonly unknown[] = [0, 1, null];

/** The built-in measures with one's own. @throws ArgsearchError OPTION_INVALID */
export function metricsOf(own: readonly Metric[] = []): Metric[] {
  const metrics = [...BUILT_IN, ...own];
  const names = [...metrics.map(({ name }) => name), ...OF_MODELS];
  for (const { name, measure } of own) {
    if (typeof name !== "string" || name === "" || typeof measure !== "function") throw invalid("metrics", "of { name, measure }", own);
    if (names.filter((each) => each === name).length > 1) throw invalid("metrics", "of names that are not taken", name);
  }
  return metrics;
}

/** All measures of all methods. `onMethod` is called before each, with how many are done. @throws ArgsearchError OPTION_INVALID, ABORTED */
export async function measureAll(
  responses: ReadonlyMap<string, readonly EvaluatedResponse[]>,
  metrics: readonly Metric[],
  { signal, onMethod }: { signal?: AbortSignal | undefined; onMethod?: (done: number) => void } = {},
): Promise<Map<string, MeasuredMethod>> {
  const measured = new Map<string, MeasuredMethod>();
  for (const [name, own] of responses) {
    onMethod?.(measured.size);
    const values = new Map<string, ReadonlyMap<number, number>>();
    for (const metric of metrics) values.set(metric.name, valuesByPrompt(own, await valuesOf(metric, own, signal)));
    measured.set(name, values);
  }
  return measured;
}

/** @throws ArgsearchError OPTION_INVALID for a metric that does not give a value for each response, or no zeros and ones for a share */
async function valuesOf(
  { name, share = false, measure }: Metric,
  responses: readonly EvaluatedResponse[],
  signal?: AbortSignal,
): Promise<readonly (number | null)[]> {
  const values: unknown = await measure(responses, signal);
  if (Array.isArray(values) && values.length === responses.length && (!share || values.every((value) => SHARED.includes(value)))) {
    return values as (number | null)[];
  }
  const what = share ? "zeros, ones" : "numbers";
  throw invalid(`metric ${name}`, `an array of ${responses.length} ${what} or nulls, one a response`, values, "metrics");
}
