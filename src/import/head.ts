/** Finds the reward head among a checkpoint's tensors and reads it. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ArgsearchError } from "../errors.js";
import type { RewardHead } from "../reward-head.js";
import { nonEmptyText, onlyKnown, plainObject } from "../validate.js";
import { Checkpoint } from "./checkpoint.js";
import { labelNames } from "./hf-config.js";
import { readJsonObjectIfAny } from "./json.js";

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

const HEAD_NAME = new RegExp(`^(?:${MODULES.map((name) => name.replace(".", "\\.")).join("|")})\\.`);

export interface HeadTensors {
  weight: string;
  bias: string | undefined;
  /** Every tensor that belongs to heads: none is the trunk's. */
  all: string[];
}

/**
 * The head among tensor names; `wanted` names its weight where there are several, or where it has another name.
 *
 * @throws ArgsearchError REWARD_HEAD_MISSING; REWARD_HEAD_INVALID for several heads, or one of several layers
 */
export function findHead(path: string, names: readonly string[], wanted?: string): HeadTensors {
  const all = names.filter((name) => HEAD_NAME.test(name.replace(WRAPPERS, "")));
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
  throw invalid(`${path} has several heads: ${weights.join(", ")}. Name the one to take`);
}

/**
 * Reads a head: its weight [labels, embedding] or [embedding], and its bias [labels] where it has one.
 *
 * @throws ArgsearchError REWARD_HEAD_INVALID for another shape or for numbers that are not finite; as Checkpoint.floats()
 */
export async function readHead(checkpoint: Checkpoint, head: HeadTensors, labels: readonly string[]): Promise<RewardHead> {
  const shape = checkpoint.info(head.weight)?.shape ?? [];
  const [rows, width] = shape.length === 1 ? [1, shape[0] ?? 0] : [shape[0] ?? 0, shape[1] ?? 0];
  if (shape.length < 1 || shape.length > 2 || rows === 0 || width === 0) {
    throw invalid(`${checkpoint.path}: ${head.weight} is [${shape.join(", ")}], not [labels, embedding]`);
  }
  const weight = await finiteFloats(checkpoint, head.weight);
  const bias = head.bias === undefined ? undefined : await finiteFloats(checkpoint, head.bias);
  if (bias !== undefined && bias.length !== rows) {
    throw invalid(`${checkpoint.path}: ${head.bias} has ${bias.length} numbers, ${head.weight} has ${rows} rows`);
  }
  return {
    weight: Array.from({ length: rows }, (_, row) => Array.from(weight.subarray(row * width, (row + 1) * width))),
    ...(bias && { bias: Array.from(bias) }),
    ...(labels.length === rows && { labels: [...labels] }),
  };
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
  onlyKnown("readRewardHead()", plainObject("the options of readRewardHead()", options), ["tensor"]);
  const checkpoint = await Checkpoint.open(path);
  try {
    const dir = existsSync(join(path, "config.json")) ? path : dirname(path);
    const config = await readJsonObjectIfAny(join(dir, "config.json"));
    return await readHead(checkpoint, findHead(path, checkpoint.names, options.tensor), config === null ? [] : labelNames(config));
  } finally {
    await checkpoint.close();
  }
}

function missing(path: string, what: string): ArgsearchError {
  return new ArgsearchError(
    "REWARD_HEAD_MISSING",
    `${path} has no reward head: ${what}. Give the name of the head's tensor if it is another`,
  );
}

function invalid(what: string): ArgsearchError {
  return new ArgsearchError("REWARD_HEAD_INVALID", what);
}
