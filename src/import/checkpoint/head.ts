/** Finds the reward head among a checkpoint's tensors and reads it. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ArgsearchError } from "../../errors.js";
import { ifAny, readJsonObject } from "../../files/json.js";
import type { RewardHead } from "../../gguf/reward-head.js";
import { checkNames, type Names, nonEmptyText } from "../../validate.js";
import { Checkpoint } from "./checkpoint.js";
import { labelNames } from "./hf-config.js";

/** Modules that hold a head: transformers' and OpenRLHF's, TRL's value head, and what others call theirs. */
const MODULES = [
  "score",
  "v_head.summary",
  "reward_head",
  "regression_head",
  "classifier",
  "value_head",
  "rm_head",
  "classification_head",
  "regression_layer",
  "v_head",
] as const;

/** What wrappers put before the names of what they wrap. */
const WRAPPERS = /^(?:(?:module|model|base_model|pretrained_model|transformer)\.)*/;

/** Where LLaMA-Factory puts a head: in no shard, and in no index. */
const OWN_FILE = "value_head.safetensors";

const HEAD_NAME = new RegExp(`^(?:${MODULES.map((name) => name.replace(".", "\\.")).join("|")})\\.`);

export interface HeadTensors {
  weight: string;
  bias: string | undefined;
  /** Every tensor that belongs to heads: none is the trunk's. */
  all: string[];
}

/** Whether any tensor has the name of a head's. */
export function holdsHead(names: readonly string[]): boolean {
  return names.some(isOfHead);
}

function isOfHead(name: string): boolean {
  return HEAD_NAME.test(name.replace(WRAPPERS, ""));
}

/**
 * The head among tensor names; `wanted` names its weight where there are several, or where it has another name.
 *
 * @throws ArgsearchError REWARD_HEAD_MISSING; REWARD_HEAD_INVALID for several heads, or one of several layers
 */
export function findHead(path: string, names: readonly string[], wanted?: string): HeadTensors {
  const all = names.filter(isOfHead);
  const weight = wanted ?? theOnlyWeight(path, all);
  if (!names.includes(weight)) throw missing(path, `no tensor ${weight}`);
  const bias = names.find((name) => name !== weight && name === weight.replace(/weight$/, "bias"));
  return { weight, bias, all: [...new Set([...all, weight, ...(bias === undefined ? [] : [bias])])] };
}

function theOnlyWeight(path: string, candidates: readonly string[]): string {
  const weights = candidates.filter((name) => name.endsWith(".weight"));
  const single = weights.filter((name) => (MODULES as readonly string[]).includes(name.replace(WRAPPERS, "").slice(0, -".weight".length)));
  const [only, another] = single;
  if (only !== undefined && another === undefined && weights.length === 1) return only;
  if (weights.length === 0) throw missing(path, `none of ${MODULES.slice(0, 5).join(", ")}`);
  if (single.length === 0) {
    throw invalid(`${path}: ${weights.join(", ")} make up a head of several layers; argsearch reads heads of a single linear layer`);
  }
  throw invalid(`${path} has several heads: ${weights.join(", ")}. Name the one to take with --tensor`);
}

/**
 * A head of another length would only be noticed when everything is converted. `where` says how long the hidden state is.
 *
 * @throws ArgsearchError REWARD_HEAD_INVALID
 */
export function requireWidth(checkpoint: Checkpoint, { weight }: HeadTensors, hiddenSize: number, where: string): void {
  const shape = checkpoint.info(weight)?.shape ?? [];
  if (shape.at(-1) === hiddenSize) return;
  throw invalid(`${weight} is [${shape.join(", ")}], but the hidden state has ${hiddenSize} numbers (${where})`);
}

/**
 * Reads a head: its weight [labels, embedding] or [embedding], and its bias [labels] where it has one. `labels`: names of its
 * rows, none when it has none of its own.
 *
 * @throws ArgsearchError REWARD_HEAD_INVALID for another shape, for numbers that are not finite and for names that are not as many
 * as the rows; as Checkpoint.floats()
 */
export async function readHead(checkpoint: Checkpoint, head: HeadTensors, labels: readonly string[]): Promise<RewardHead> {
  const shape = checkpoint.info(head.weight)?.shape ?? [];
  const [rows, width] = shape.length === 1 ? [1, shape[0] ?? 0] : [shape[0] ?? 0, shape[1] ?? 0];
  if (shape.length < 1 || shape.length > 2 || rows === 0 || width === 0) {
    throw invalid(`${checkpoint.path}: ${head.weight} is [${shape.join(", ")}], not [labels, embedding]`);
  }
  requireLabels(checkpoint.path, labels, `${head.weight} has ${rows} row${rows === 1 ? "" : "s"}`, rows);
  const weight = await finiteFloats(checkpoint, head.weight);
  const bias = head.bias === undefined ? undefined : await finiteFloats(checkpoint, head.bias);
  if (bias !== undefined && bias.length !== rows) {
    throw invalid(`${checkpoint.path}: ${head.bias} has ${bias.length} numbers, ${head.weight} has ${rows} rows`);
  }
  return {
    weight: Array.from({ length: rows }, (_, row) => Array.from(weight.subarray(row * width, (row + 1) * width))),
    ...(bias && { bias: Array.from(bias) }),
    ...(labels.length > 0 && { labels: [...labels] }),
  };
}

/** Names of other rows would be rewards under false names. */
function requireLabels(path: string, labels: readonly string[], has: string, rows: number): void {
  if (labels.length === 0) return;
  const twice = labels.find((label, at) => labels.indexOf(label) < at);
  const wrong = [
    [labels.length !== rows, `names ${labels.length} label${labels.length === 1 ? "" : "s"} (${labels.join(", ")}), ${has}`],
    [labels.includes(""), "has an empty name"],
    [twice !== undefined, `names ${JSON.stringify(twice)} twice`],
  ] as const;
  const reason = wrong.find(([is]) => is)?.[1];
  if (reason !== undefined) throw invalid(`${path}: id2label of config.json ${reason}. Correct it there`);
}

async function finiteFloats(checkpoint: Checkpoint, name: string): Promise<Float32Array> {
  const values = await checkpoint.floats(name);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return values;
  throw invalid(`${checkpoint.path}: ${name}[${at}] is ${values[at]}, not a finite number`);
}

export interface ReadHeadOptions {
  /** Name of the weight's tensor; default: the one head there is. */
  tensor?: string | undefined;
}

/**
 * Reads a reward head out of safetensors, for attachReward(): a shard, an index, or a whole directory. Names of its rows come
 * from config.json, when there is one beside.
 *
 * @throws ArgsearchError REWARD_HEAD_MISSING, REWARD_HEAD_INVALID; FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE,
 * MODEL_INVALID, INPUT_INVALID; OPTION_INVALID
 */
export async function readRewardHead(path: string, options: ReadHeadOptions = {}): Promise<RewardHead> {
  nonEmptyText("path", path);
  checkNames("readRewardHead()", options, { tensor: true } satisfies Names<ReadHeadOptions>);
  const checkpoint = await Checkpoint.open(path);
  try {
    const dir = existsSync(join(path, "config.json")) ? path : dirname(path);
    const config = await ifAny(readJsonObject, join(dir, "config.json"));
    return await readHead(checkpoint, findHead(path, checkpoint.names, options.tensor), config === undefined ? [] : labelNames(config));
  } finally {
    await checkpoint.close();
  }
}

function missing(path: string, what: string): ArgsearchError {
  const own = join(path, OWN_FILE);
  const attach = `"argsearch reward attach --head ${existsSync(own) ? own : "FILE"}"`;
  const how = existsSync(own)
    ? `Its head is in ${OWN_FILE}: convert the rest with "argsearch convert hf", then ${attach}`
    : `A tensor of another name is given with --tensor; a head in a file of its own goes to the converted trunk with ${attach}`;
  return new ArgsearchError("REWARD_HEAD_MISSING", `${path} has no reward head: ${what}. ${how}`);
}

function invalid(what: string): ArgsearchError {
  return new ArgsearchError("REWARD_HEAD_INVALID", what);
}
