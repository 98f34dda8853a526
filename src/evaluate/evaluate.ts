import { basename, join } from "node:path";
import { openEngine } from "../engine/engine.js";
import { resolveEngine } from "../engine/options.js";
import { ifAny, readJson, toJson } from "../files/json.js";
import { writeWhole } from "../files/whole-file.js";
import { packageManifest } from "../package-root.js";
import { invalid } from "../validate.js";
import { carryOver } from "./carry-over.js";
import { hashFile, type Identity, identityOf } from "./identity.js";
import { judgeClient } from "./judge/client.js";
import { type JudgeRequest, type JudgeResult, judge } from "./judge/judge.js";
import { checkJudge } from "./judge/options.js";
import { VerdictCache } from "./judge/verdicts.js";
import { isGuided } from "./methods.js";
import { rewardMetric } from "./metrics/average-reward.js";
import { callsMetric } from "./metrics/calls.js";
import { coherenceMetric } from "./metrics/coherence.js";
import { diversityMetric } from "./metrics/diversity.js";
import { type Embedder, loadEmbedder } from "./metrics/embedder.js";
import { lengthMetric } from "./metrics/length.js";
import type { Metric } from "./metrics/metric.js";
import { speedMetric } from "./metrics/speed.js";
import { type EvaluateOptions, type ResolvedEvaluation, resolveEvaluation, type Variant } from "./options.js";
import { loadPrompts, type PromptSet } from "./prompts.js";
import type { EvaluatedResponse } from "./response.js";
import { compare, type EvaluationResults, type EvaluationSettings, type MeasuredMethod, methodResult, valuesByPrompt } from "./results.js";
import { decodeMissing } from "./run/run.js";
import { FILES, ResponseStore } from "./run/store.js";

const BUILT_IN: readonly Metric[] = [rewardMetric, diversityMetric(), lengthMetric, speedMetric, callsMetric];

/**
 * Answers prompts by several methods and compares the answers: the evaluation of ARGS (Khanov et al., ICLR 2024), section 3.
 *
 * With `out` everything is kept in that directory: settings.json, responses.jsonl (a line as soon as a response is there),
 * results.json, judge.jsonl. The same call again goes on where the last one stopped and gives what an unbroken run gives,
 * times aside; methods, an embedding model, metrics or a judge may be added to it, and what an earlier call found stays.
 *
 * ```js
 * const { methods } = await evaluate({ policy: "p.gguf", reward: "r.gguf", data: "prompts.jsonl", out: "results" });
 * methods["args-greedy"].reward; // { mean, low, high, count }
 * ```
 *
 * @throws ArgsearchError as load() and generate(); OPTION_INVALID when `out` holds another evaluation, BUSY when it is in use;
 * INPUT_INVALID without a prompt; ABORTED; DEPENDENCY_MISSING; FILE_UNWRITABLE
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluationResults> {
  const resolved = resolveEvaluation(options);
  const metrics = metricsOf(options.metrics);
  const verdicts = await prepareJudge(options, resolved);
  const prompts = await loadPrompts(options, options.onBadLine);
  const { version } = openEngine(resolveEngine({ engineDir: options.engineDir, gpu: options.gpu }));
  const identity = await identityOf(resolved, prompts, version);
  const store = await ResponseStore.open(options.out, identity);
  try {
    return await run({ options, resolved, metrics, verdicts, prompts, identity, store });
  } finally {
    await store.close();
  }
}

interface Prepared {
  options: EvaluateOptions;
  resolved: ResolvedEvaluation;
  metrics: readonly Metric[];
  verdicts: Verdicts | undefined;
  prompts: PromptSet;
  identity: Identity;
  store: ResponseStore;
}

async function run({ options, resolved, metrics, verdicts, prompts, identity, store }: Prepared): Promise<EvaluationResults> {
  const { out, signal, onProgress = () => {} } = options;
  const embedder = await openEmbedder(options, resolved);
  try {
    const { failures, decoded } = await decodeMissing({ resolved, prompts: prompts.prompts, store, signal, onProgress });
    const names = store.methodsAfter(resolved.variants.map(({ name }) => name));
    await store.sort(names);
    const measured = await measureAll(names, store, embedder ? [...metrics, coherenceMetric(embedder)] : metrics, options);
    const found: EvaluationResults = {
      settings: await settingsOf(options, resolved, { ...identity, methods: store.methods }, names),
      methods: Object.fromEntries([...measured].map(([name, values]) => [name, methodResult(values, resolved.seed)])),
      comparisons: await compare(measured, resolved.seed, signal, (done, total) => {
        onProgress({ stage: "comparisons", done, total, secondsLeft: null });
      }),
      judge: [],
      failures,
      badLines: prompts.badLines.map(({ number, error }) => ({ line: number, message: error.message })),
    };
    const before = out === undefined ? undefined : ((await ifAny(readJson, join(out, FILES.results))) as EvaluationResults | undefined);
    const keep = async (judge: JudgeResult[]): Promise<EvaluationResults> => {
      const results = carryOver(before, { ...found, judge }, decoded);
      if (out !== undefined) await writeWhole(join(out, FILES.results), toJson(results));
      return results;
    };
    // Judging takes long and may be interrupted: what there is so far is kept before it.
    const results = await keep([]);
    return verdicts ? await keep(await verdicts(store)) : results;
  } finally {
    await embedder?.dispose();
  }
}

function metricsOf(own: readonly Metric[] = []): Metric[] {
  const metrics = [...BUILT_IN, ...own];
  const names = [...metrics.map(({ name }) => name), "coherence"];
  for (const { name, measure } of own) {
    if (typeof name !== "string" || name === "" || typeof measure !== "function") throw invalid("metrics", "of { name, measure }", own);
    if (names.filter((each) => each === name).length > 1) throw invalid("metrics", "of names that are not taken", name);
  }
  return metrics;
}

async function openEmbedder(options: EvaluateOptions, { model }: ResolvedEvaluation): Promise<Embedder | null> {
  if (options.embedding === undefined) return null;
  const { engineDir, gpu, gpuLayers, threads } = model;
  return loadEmbedder({ engineDir, gpu, gpuLayers, threads, model: options.embedding, pooling: options.pooling, signal: options.signal });
}

async function measureAll(
  names: readonly string[],
  store: ResponseStore,
  metrics: readonly Metric[],
  { signal, onProgress }: EvaluateOptions,
): Promise<Map<string, MeasuredMethod>> {
  const measured = new Map<string, MeasuredMethod>();
  for (const name of names) {
    onProgress?.({ stage: "metrics", done: measured.size, total: names.length, secondsLeft: null });
    const responses = store.of(name);
    const values = new Map<string, ReadonlyMap<number, number>>();
    for (const metric of metrics) values.set(metric.name, valuesByPrompt(responses, await valuesOf(metric, responses, signal)));
    measured.set(name, values);
  }
  return measured;
}

/** @throws ArgsearchError OPTION_INVALID for a metric that does not give a value for each response */
async function valuesOf(
  { name, measure }: Metric,
  responses: readonly EvaluatedResponse[],
  signal?: AbortSignal,
): Promise<readonly (number | null)[]> {
  const values: unknown = await measure(responses, signal);
  if (Array.isArray(values) && values.length === responses.length) return values as (number | null)[];
  throw invalid(`metric ${name}`, `an array of ${responses.length} numbers or nulls, one a response`, values);
}

type Verdicts = (store: ResponseStore) => Promise<JudgeResult[]>;

/** Checks the judge before anything is decoded; what comes back asks it. */
async function prepareJudge(
  { judge: options, out, signal, onProgress }: EvaluateOptions,
  { variants, seed }: ResolvedEvaluation,
): Promise<Verdicts | undefined> {
  if (options === undefined) return undefined;
  const names = variants.map(({ name }) => name);
  const pairs = options.pairs ?? defaultPairs(variants);
  checkJudge({ ...options, pairs }, names);
  const ask = await judgeClient(options);
  return async (store) => {
    const cache = await VerdictCache.open(out === undefined ? undefined : join(out, FILES.verdicts));
    const responses = new Map(names.map((name) => [name, store.of(name)]));
    const report: JudgeRequest["onProgress"] = (done, total, secondsLeft) => onProgress?.({ stage: "judge", done, total, secondsLeft });
    return judge(options, { ask, responses, pairs, seed, cache, signal, onProgress: report });
  };
}

/** Every guided method against greedy decoding of the same models. */
function defaultPairs(variants: readonly Variant[]): [string, string][] {
  return variants.flatMap(({ name, pair, method }) => {
    const greedy = variants.find((other) => other.pair === pair && other.method.name === "greedy");
    return isGuided(method) && greedy ? [[name, greedy.name]] : [];
  });
}

async function settingsOf(
  { data, embedding, pooling }: EvaluateOptions,
  { pairs }: ResolvedEvaluation,
  identity: Identity,
  names: readonly string[],
): Promise<EvaluationSettings> {
  const own = (label: string): readonly string[] => (pairs.length === 1 ? names : names.filter((name) => name.startsWith(`${label}: `)));
  return {
    ...identity,
    source: typeof data === "string" ? basename(data) : "prompts",
    embedding: embedding === undefined ? null : { ...(await hashFile(embedding)), pooling: pooling ?? "auto" },
    versions: { argsearch: packageManifest().version, engine: identity.engine.version, node: process.version },
    pairs: pairs.map(({ label }) => ({ label, methods: [...own(label)] })),
  };
}
