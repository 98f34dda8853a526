import { join } from "node:path";
import { anyEngine } from "../engine/choice.js";
import { resolveEngine } from "../engine/options.js";
import { toJson } from "../files/json.js";
import { writeWhole } from "../files/whole-file.js";
import { withFiles } from "../reward/hub-models.js";
import { filePaths } from "../reward/reward-set.js";
import { resolveTerms } from "../reward/terms.js";
import { carryOver } from "./carry-over.js";
import { evaluationDate } from "./date.js";
import { hashFile, identityOf } from "./identity.js";
import type { JudgeResult } from "./judge/judge.js";
import { prepareJudge, type Verdicts } from "./judge/prepare.js";
import { measureAll, metricsOf } from "./measure.js";
import { coherenceMetric } from "./metrics/coherence.js";
import { type Embedder, loadEmbedder } from "./metrics/embedder.js";
import type { Metric } from "./metrics/metric.js";
import { type EvaluateOptions, type ResolvedEvaluation, resolveEvaluation } from "./options.js";
import { loadPrompts, type PromptSet } from "./prompts.js";
import { compare, type EvaluationResults, type EvaluationSettings, methodResult } from "./results.js";
import { prepareRewardJudge, type RewardJudge } from "./reward-judge/judge.js";
import { FILES, readResults } from "./run/directory.js";
import { decodeMissing } from "./run/run.js";
import { ResponseStore } from "./run/store.js";
import { describe, settingsOf } from "./settings.js";

/**
 * Answers prompts by several methods and compares the answers: the evaluation of ARGS (Khanov et al., ICLR 2024), section 3.
 *
 * With `out` everything is kept in that directory: settings.json, responses.jsonl (a line as soon as a response is there),
 * results.json, judge.jsonl, judge-reward.jsonl. The same call again goes on where the last one stopped and gives what an unbroken run gives,
 * times aside; methods, an embedding model, metrics or judges may be added to it, and what an earlier call found stays.
 *
 * ```js
 * const { methods } = await evaluate({ policy: "p.gguf", reward: "r.gguf", data: "prompts.jsonl", out: "results" });
 * methods["args-greedy"].reward; // { mean, low, high, count }
 * ```
 *
 * @throws ArgsearchError as load() and generate(); OPTION_INVALID when `out` holds another evaluation, what is read, or files of
 * these names that are no evaluation's; BUSY when it is in use;
 * INPUT_INVALID without a prompt; ABORTED; FILE_UNWRITABLE
 */
export async function evaluate(asked: EvaluateOptions): Promise<EvaluationResults> {
  const checked = resolveEvaluation(asked);
  const options = await withFiles(asked, { engineDir: asked.engineDir, gpu: asked.gpu, signal: asked.signal });
  const settings = options === asked ? checked : resolveEvaluation(options);
  const metrics = metricsOf(options.metrics);
  const verdicts = prepareJudge(options, settings);
  const rewardJudge = await prepareRewardJudge(options, settings);
  const prompts = await loadPrompts(options, options.onBadLine);
  const engine = { engineDir: options.engineDir, gpu: options.gpu };
  const { version } = await anyEngine(resolveEngine(engine), options.signal);
  const date = await evaluationDate(options.date, settings.pairs, options.out, engine, settings.shard);
  const resolved = { ...settings, generation: { ...settings.generation, date } };
  const identity = await identityOf(resolved, prompts, version);
  const description = describe(options, resolved.variants, identity);
  const store = await ResponseStore.open(options.out, { ...identity, description }, inputsOf(options, settings));
  try {
    return await run({ options, resolved, metrics, verdicts, rewardJudge, prompts, store });
  } finally {
    await store.close();
  }
}

/** Files that an evaluation reads. */
export function inputsOf(
  { data, embedding, judgeReward }: Pick<EvaluateOptions, "data" | "embedding" | "judgeReward">,
  { pairs }: Pick<ResolvedEvaluation, "pairs">,
): string[] {
  const models = pairs.flatMap(({ policy, reward }) => [policy, ...filePaths(resolveTerms(reward))]);
  const judge = typeof judgeReward === "object" ? judgeReward.reward : judgeReward;
  return [...models, ...[data, embedding, judge].filter((each) => typeof each === "string")];
}

interface Prepared {
  options: EvaluateOptions;
  resolved: ResolvedEvaluation;
  metrics: readonly Metric[];
  verdicts: Verdicts | undefined;
  rewardJudge: RewardJudge | undefined;
  prompts: PromptSet;
  store: ResponseStore;
}

async function run({ options, resolved, metrics: ofUser, verdicts, rewardJudge, prompts, store }: Prepared): Promise<EvaluationResults> {
  const { out, signal, onProgress = () => {} } = options;
  const embedder = await openEmbedder(options, resolved);
  try {
    const { failures, decoded } = await decodeMissing({ resolved, prompts: prompts.prompts, store, signal, onProgress });
    const names = store.methodsAfter(resolved.variants.map(({ name }) => name));
    await store.sort(names);
    const responses = new Map(names.map((name) => [name, store.of(name)]));
    const judged = await rewardJudge?.rate(responses, resolved.generation);
    const metrics = [...ofUser, ...(embedder ? [coherenceMetric(embedder)] : []), ...(judged ? [judged.metric] : [])];
    const measured = await measureAll(responses, metrics, {
      signal,
      onMethod: (done) => onProgress({ stage: "metrics", done, total: names.length, secondsLeft: null }),
    });
    const found: EvaluationResults = {
      settings: settingsOf(store.settings, names, { embedding: await embeddingOf(options), judgeReward: rewardJudge?.file ?? null }),
      methods: Object.fromEntries([...measured].map(([name, values]) => [name, methodResult(values, metrics, resolved.seed)])),
      comparisons: await compare(measured, resolved.seed, signal, (done, total) => {
        onProgress({ stage: "comparisons", done, total, secondsLeft: null });
      }),
      judge: [],
      judgeReward: judged?.results ?? [],
      failures,
      badLines: prompts.badLines.map(({ number, error }) => ({ line: number, message: error.message })),
    };
    const before = out === undefined ? undefined : await readResults(out);
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

async function embeddingOf({ embedding, pooling }: EvaluateOptions): Promise<EvaluationSettings["embedding"]> {
  return embedding === undefined ? null : { ...(await hashFile(embedding)), pooling: pooling ?? "auto" };
}

async function openEmbedder(options: EvaluateOptions, { model }: ResolvedEvaluation): Promise<Embedder | null> {
  if (options.embedding === undefined) return null;
  const { engineDir, gpu, gpuLayers, threads } = model;
  return loadEmbedder({ engineDir, gpu, gpuLayers, threads, model: options.embedding, pooling: options.pooling, signal: options.signal });
}
