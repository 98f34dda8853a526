/** Shards of an evaluation as one. */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ArgsearchError } from "../errors.js";
import { toJson } from "../files/json.js";
import { isOf, requireAll } from "../files/shard.js";
import { writeWhole } from "../files/whole-file.js";
import type { Shard } from "../types.js";
import { carryOver } from "./carry-over.js";
import { measureAll, metricsOf } from "./measure.js";
import type { EvaluatedResponse, FailedResponse } from "./response.js";
import { compare, type EvaluationResults, methodResult } from "./results.js";
import { FILES, readResults, readSettings, type StoredSettings } from "./run/directory.js";
import { differences, ResponseStore, readResponses } from "./run/store.js";
import { settingsOf } from "./settings.js";

/** What mergeEvaluations() takes. */
export interface MergeOptions {
  /** A directory for the whole; it may hold the same evaluation already. */
  out: string;
  signal?: AbortSignal | undefined;
}

interface ShardDirectory {
  dir: string;
  shard: Shard;
  settings: StoredSettings;
  results: EvaluationResults;
  responses: EvaluatedResponse[];
}

/**
 * Makes one evaluation of the directories of its shards: `out` then holds what a run that was not sharded leaves there, and is measured as a whole
 * by the metrics that need no model. No model is loaded. Coherence, judges and metrics of one's own come by the same evaluate() without
 * `shard` and with this `out`: it decodes nothing again.
 *
 * @throws ArgsearchError INPUT_INVALID where a shard is missing, there twice, not finished or of another evaluation; OPTION_INVALID when `out`
 * holds something else; BUSY; ABORTED; FILE_UNREADABLE, FILE_UNWRITABLE
 */
export async function mergeEvaluations(dirs: readonly string[], { out, signal }: MergeOptions): Promise<EvaluationResults> {
  const shards: ShardDirectory[] = [];
  for (const dir of dirs) shards.push(await readShard(dir));
  requireAll(shards.map(({ dir: path, shard }) => ({ path, shard })));
  const [first] = shards as [ShardDirectory];
  for (const each of shards) requireSame(first, each);
  requireEverything(shards);
  const { shard: _, ...settings } = first.settings;
  const store = await ResponseStore.open(out, settings);
  try {
    for (const response of shards.flatMap(({ responses }) => responses)) {
      if (!store.has(response.method, response.index)) await store.add(response);
    }
    const before = await readResults(out);
    const results = carryOver(before, await measure(store, shards, signal), new Set());
    await writeWhole(join(out, FILES.results), toJson(results));
    return results;
  } finally {
    await store.close();
  }
}

async function measure(
  store: ResponseStore,
  shards: readonly ShardDirectory[],
  signal: AbortSignal | undefined,
): Promise<EvaluationResults> {
  const { settings } = store;
  const names = store.methodsAfter(Object.keys(settings.methods));
  await store.sort(names);
  const metrics = metricsOf();
  const responses = new Map(names.map((name) => [name, store.of(name)]));
  const measured = await measureAll(responses, metrics, { signal });
  const [first] = shards;
  return {
    settings: settingsOf(settings, names, { embedding: null, judgeReward: null }),
    methods: Object.fromEntries([...measured].map(([name, values]) => [name, methodResult(values, metrics, settings.seed)])),
    comparisons: await compare(measured, settings.seed, signal),
    judge: [],
    judgeReward: [],
    failures: failuresOf(shards),
    badLines: first?.results.badLines ?? [],
  };
}

/** In the order of the prompts, and for one prompt in that of the methods. */
function failuresOf(shards: readonly ShardDirectory[]): FailedResponse[] {
  return shards.flatMap(({ results }) => results.failures).sort((a, b) => a.index - b.index);
}

/** @throws ArgsearchError INPUT_INVALID for what is no finished shard */
async function readShard(dir: string): Promise<ShardDirectory> {
  const settings = await readSettings(dir);
  if (settings === undefined) throw new ArgsearchError("INPUT_INVALID", `${dir} holds no evaluation: there is no ${FILES.settings}`);
  const { shard } = settings;
  if (shard === undefined) throw new ArgsearchError("INPUT_INVALID", `${dir} holds an evaluation that is no shard`);
  const results = await readResults(dir);
  const what = `shard ${shard.index}/${shard.count}, ${dir},`;
  if (results === undefined) {
    throw new ArgsearchError("INPUT_INVALID", `${what} is not finished: there is no ${FILES.results}. The same call goes on with it`);
  }
  return { dir, shard, settings, results, responses: await readResponses(join(dir, FILES.responses)) };
}

/** @throws ArgsearchError INPUT_INVALID that names what differs */
function requireSame(first: ShardDirectory, other: ShardDirectory): void {
  const [known, found] = [first, other].map(({ settings: { shard: _, ...rest } }) => rest) as [StoredSettings, StoredSettings];
  const names = new Set([known, found].flatMap(({ methods }) => Object.keys(methods)));
  const methods = [...names].filter((name) => !isDeepStrictEqual(known.methods[name], found.methods[name]));
  const differing = [...differences(known, found), ...methods.map((name) => `method "${name}"`)];
  if (differing.length === 0) return;
  throw new ArgsearchError(
    "INPUT_INVALID",
    `${other.dir} is of another evaluation than ${first.dir}: they differ in ${differing.join(", ")}`,
  );
}

/** Every prompt was answered by every method, or could not be. @throws ArgsearchError INPUT_INVALID that names the shard that lacks some */
function requireEverything(shards: readonly ShardDirectory[]): void {
  const { settings } = shards[0] as ShardDirectory;
  for (const { dir, shard, responses, results } of shards) {
    const done = new Set([...responses, ...results.failures].map(({ method, index }) => JSON.stringify([method, index])));
    const group = (index: number): number => Math.floor(index / settings.slots);
    for (const method of Object.keys(settings.methods)) {
      const own = Array.from({ length: settings.data.prompts }, (_, index) => index).filter((index) => isOf(shard, group(index)));
      const lacking = own.filter((index) => !done.has(JSON.stringify([method, index])));
      if (lacking.length === 0) continue;
      const what = `shard ${shard.index}/${shard.count}, ${dir}, lacks ${lacking.length} responses of "${method}", the first to prompt ${lacking[0]}`;
      throw new ArgsearchError("INPUT_INVALID", `${what}. The same call goes on with it`);
    }
  }
}
