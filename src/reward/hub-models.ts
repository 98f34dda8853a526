/** Options that name models of the Hugging Face Hub, as the same options with files. */
import { throwIfAborted } from "../engine/abort.js";
import { type LocalModelOptions, localModels } from "../hub/local-model.js";
import { hubName, isHubName } from "../hub/name.js";
import type { EngineOptions, ModelDownload, ModelOptions, RewardSpec } from "../types.js";
import { rewardFile } from "./hub-head.js";

/** Wherever the options of this package have a model's path. */
export interface ModelNames {
  policy?: unknown;
  reward?: RewardSpec | readonly RewardSpec[] | null | undefined;
  pairs?: readonly object[] | undefined;
  embedding?: string | undefined;
  judgeReward?: string | object | undefined;
  /** A trunk, or a model that is read. */
  model?: string | undefined;
}

/** `head`: it must have a reward head. Returns what is to stand there. */
type Change = (option: string, name: string, head: boolean) => string;

/** Fields of rewards of every kind; a server's reward has a `model`, too, which is no file. */
interface RewardFields {
  reward?: unknown;
  base?: unknown;
  adapter?: unknown;
  kind?: unknown;
  ask?: unknown;
  url?: unknown;
  model?: unknown;
}

/**
 * Downloads what is missing, and makes reward models of trunks that have their head beside them. Options without such names come back as
 * they are. To be called behind the checks of all others, and before anything looks at a path.
 *
 * @throws ArgsearchError as localModel() and rewardFile()
 */
export async function withFiles<T extends object>(options: T, how: LocalModelOptions & EngineOptions): Promise<T> {
  const wanted = new Map<string, { option: string; name: string; head: boolean }>();
  mapModels(options, (option, name, head) => {
    if (!isHubName(name)) return name;
    hubName(option, name);
    wanted.set(keyOf(name, head), { option, name, head });
    return name;
  });
  if (wanted.size === 0) return options;
  const models = [...wanted.values()];
  const local = await localModels(models, how);
  const paths = new Map<string, string>();
  for (const [at, { name, head }] of models.entries()) {
    const model = local[at];
    if (model === undefined) continue;
    paths.set(keyOf(name, head), head ? await rewardFile(model, how) : model.path);
    throwIfAborted(how.signal);
  }
  return mapModels(options, (_option, name, head) => paths.get(keyOf(name, head)) ?? name) as T;
}

/** Of loading, what downloads are, if there are any. */
const SHARE = 0.9;

/** The same for options of load() and its kind, whose progress is of downloads, too. @throws ArgsearchError as withFiles() */
export async function withFilesToLoad<T extends ModelOptions>(options: T): Promise<T> {
  const { onProgress, signal, engineDir, gpu } = options;
  let [before, last] = [0, 0];
  const report =
    onProgress &&
    ((progress: number, download?: ModelDownload): void => {
      last = Math.max(last, progress);
      onProgress(last, download);
    });
  const onDownload = (download: ModelDownload): void => {
    before = SHARE;
    report?.(download.total > 0 ? (SHARE * download.bytes) / download.total : SHARE, download);
  };
  const local = await withFiles(options, { engineDir, gpu, signal, onProgress: onDownload });
  if (before === 0 || report === undefined) return local;
  return { ...local, onProgress: (progress: number) => report(before + (1 - before) * progress) };
}

function keyOf(name: string, head: boolean): string {
  return `${head} ${name}`;
}

function mapModels(options: ModelNames, change: Change): ModelNames {
  const { policy, reward, pairs, embedding, judgeReward, model } = options;
  const own = (option: string, value: unknown): object => (typeof value === "string" ? { [option]: change(option, value, false) } : {});
  return {
    ...options,
    ...own("policy", policy),
    ...own("embedding", embedding),
    ...own("model", model),
    ...(reward != null && { reward: mapRewards(reward, change) }),
    ...(judgeReward !== undefined && { judgeReward: mapReward("judgeReward", judgeReward, change) }),
    ...(Array.isArray(pairs) && {
      pairs: pairs.map((pair: ModelNames, at) => mapModels(pair, (option, name, head) => change(`pairs[${at}].${option}`, name, head))),
    }),
  } as ModelNames;
}

function mapRewards(reward: unknown, change: Change): unknown {
  return Array.isArray(reward) ? reward.map((each, at) => mapReward(`reward[${at}]`, each, change)) : mapReward("reward", reward, change);
}

function mapReward(option: string, spec: unknown, change: Change): unknown {
  if (typeof spec === "string") return change(option, spec, true);
  if (typeof spec !== "object" || spec === null) return spec;
  const { reward, base, adapter, kind = "head", ask, url, model } = spec as RewardFields;
  const file = (field: string, value: unknown, head: boolean): object =>
    typeof value === "string" ? { [field]: change(`${option}.${field}`, value, head) } : {};
  if (ask !== undefined) return { ...spec, ...(url === undefined && file("model", model, false)) };
  if (reward === undefined) return spec;
  if (typeof reward === "object") return { ...spec, reward: mapReward(`${option}.reward`, reward, change) };
  const own = file("reward", reward, base === undefined && kind === "head");
  return { ...spec, ...own, ...file("base", base, false), ...file("adapter", adapter, false) };
}
