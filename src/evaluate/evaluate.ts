import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { openEngine } from "../engine.js";
import { resolveEngine } from "../options.js";
import { packageRoot } from "../package-root.js";
import { invalid } from "../validate.js";
import { rewardMetric } from "./average-reward.js";
import { callsMetric } from "./calls.js";
import { coherenceMetric } from "./coherence.js";
import { diversityMetric } from "./diversity.js";
import { type Embedder, loadEmbedder } from "./embedder.js";
import { hashFile, type Identity, identityOf } from "./identity.js";
import { judgeClient } from "./judge/client.js";
import { checkJudge, type JudgeResult, judge } from "./judge/judge.js";
import { VerdictCache } from "./judge/verdicts.js";
import { lengthMetric } from "./length.js";
import { isGuided } from "./methods.js";
import type { Metric } from "./metric.js";
import { type EvaluateOptions, type ResolvedEvaluation, resolveEvaluation, type Variant } from "./options.js";
import type { EvaluationProgress } from "./progress.js";
import { loadPrompts } from "./prompts.js";
import { compare, type EvaluationResults, type EvaluationSettings, type MeasuredMethod, methodResult, valuesByPrompt } from "./results.js";
import { decodeMissing } from "./run.js";
import { speedMetric } from "./speed.js";
import { FILES, json, ResponseStore, writeAtomically } from "./store.js";

const BUILT_IN: readonly Metric[] = [rewardMetric, diversityMetric(), lengthMetric, speedMetric, callsMetric];

/**
 * Answers prompts by several methods and compares the answers: the evaluation of ARGS (Khanov et al., ICLR 2024), section 3.
 *
 * With `out` everything is kept in that directory: settings.json, responses.jsonl (a line as soon as a response is there),
 * results.json, judge.jsonl. The same call again goes on where the last one stopped and gives what an unbroken run gives,
 * times aside; methods, an embedding model, metrics or a judge may be added to it.
 *
 * ```js
 * const { methods } = await evaluate({ policy: "p.gguf", reward: "r.gguf", data: "prompts.jsonl", out: "results" });
 * methods["args-greedy"].reward; // { mean, low, high, count }
 * ```
 *
 * @throws ArgsearchError as load() and generate(); OPTION_INVALID when `out` holds another evaluation; INPUT_INVALID without a
 * prompt; ABORTED; DEPENDENCY_MISSING; FILE_UNWRITABLE
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluationResults> {
  const resolved = resolveEvaluation(options);
  const metrics = metricsOf(options.metrics);
  const verdicts = await prepareJudge(options, resolved);
  const prompts = await loadPrompts(options, options.onBadLine);
  const identity = await identityOf(resolved, prompts);
  const store = await ResponseStore.open(options.out, identity);
  const { version: engine } = openEngine(resolveEngine({ engineDir: options.engineDir, gpu: options.gpu }));
  const embedder = await openEmbedder(options, resolved);
  try {
    const report = (progress: EvaluationProgress): void => options.onProgress?.(progress);
    const failures = await decodeMissing({ resolved, prompts: prompts.prompts, store, signal: options.signal, onProgress: report });
    await store.sort(resolved.variants.map(({ name }) => name));
    const measured = await measureAll(resolved, store, embedder ? [...metrics, coherenceMetric(embedder)] : metrics, options);
    const results: EvaluationResults = {
      settings: await settingsOf(options, resolved, identity, engine),
      methods: Object.fromEntries([...measured].map(([name, values]) => [name, methodResult(values, resolved.seed)])),
      comparisons: compare(measured, resolved.seed),
      judge: (await verdicts?.(store)) ?? [],
      failures,
      badLines: prompts.badLines.map(({ number, error }) => ({ line: number, message: error.message })),
    };
    if (options.out !== undefined) await writeAtomically(join(options.out, FILES.results), json(results));
    return results;
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
  { variants }: ResolvedEvaluation,
  store: ResponseStore,
  metrics: readonly Metric[],
  { signal, onProgress }: EvaluateOptions,
): Promise<Map<string, MeasuredMethod>> {
  const measured = new Map<string, MeasuredMethod>();
  for (const { name } of variants) {
    onProgress?.({ stage: "metrics", done: measured.size, total: variants.length, secondsLeft: null });
    const responses = store.of(name);
    const values = new Map<string, ReadonlyMap<number, number>>();
    for (const metric of metrics) values.set(metric.name, valuesByPrompt(responses, await metric.measure(responses, signal)));
    measured.set(name, values);
  }
  return measured;
}

/** Checks the judge before anything is decoded; what comes back asks it. */
async function prepareJudge(
  { judge: options, out, signal, onProgress }: EvaluateOptions,
  { variants, seed }: ResolvedEvaluation,
): Promise<((store: ResponseStore) => Promise<JudgeResult[]>) | undefined> {
  if (options === undefined) return undefined;
  const names = variants.map(({ name }) => name);
  const pairs = options.pairs ?? defaultPairs(variants);
  checkJudge({ ...options, pairs }, names);
  const ask = await judgeClient(options);
  return async (store) => {
    const cache = await VerdictCache.open(out === undefined ? undefined : join(out, FILES.verdicts));
    const responses = new Map(names.map((name) => [name, store.of(name)]));
    const report = (done: number, total: number): void => onProgress?.({ stage: "judge", done, total, secondsLeft: null });
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
  { pairs, variants }: ResolvedEvaluation,
  identity: Identity,
  engine: string,
): Promise<EvaluationSettings> {
  return {
    ...identity,
    source: typeof data === "string" ? basename(data) : "prompts",
    embedding: embedding === undefined ? null : { ...(await hashFile(embedding)), pooling: pooling ?? "auto" },
    versions: { argsearch: packageVersion(), engine, node: process.version },
    pairs: pairs.map((pair) => ({
      label: pair.label,
      methods: variants.filter((variant) => variant.pair === pair).map(({ name }) => name),
    })),
  };
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  return version;
}
