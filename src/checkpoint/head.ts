/** Finds the reward head among a checkpoint's tensors and reads it. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ArgsearchError } from "../errors.js";
import { ifAny, type JsonObject, readJsonObject } from "../files/json.js";
import type { RewardHead } from "../gguf/reward-head.js";
import { checkNames, type Names, nonEmptyText } from "../validate.js";
import { refuseAdapterAt, refuseAdapterTensors } from "./adapter.js";
import { Checkpoint } from "./checkpoint.js";
import * as named from "./head-names.js";
import { checkRowChoice, chooseRows, type RowChoice } from "./head-rows.js";
import { normalisation } from "./normalisation.js";

/** Where LLaMA-Factory puts a head: in no shard, and in no index. */
const OWN_FILE = "value_head.safetensors";

export interface HeadTensors {
  weight: string;
  bias: string | undefined;
  /** Every tensor that belongs to heads: none is the trunk's. */
  all: string[];
}

/** Whether any tensor has the name of a head's. */
export function holdsHead(names: readonly string[]): boolean {
  return names.some((name) => named.isOfHead(name, names));
}

/**
 * The head among tensor names: a single linear layer, of which nothing may be left out.
 *
 * @param wanted names its weight where there are several heads, or where it has another name
 * @param alone nobody else looks at what is neither the trunk's nor the head's: it is refused whatever it is called
 * @throws ArgsearchError REWARD_HEAD_MISSING; REWARD_HEAD_INVALID for several heads, one of several layers, and tensors that do something
 * to the hidden state before it or to its rewards; MODEL_UNSUPPORTED for one that is quantised
 */
export function findHead(path: string, names: readonly string[], wanted?: string, alone = false): HeadTensors {
  const heads = names.filter((name) => named.isOfHead(name, names));
  const weight = wanted ?? theOnlyWeight(path, heads, names);
  if (!names.includes(weight)) throw missing(path, `no tensor ${weight}`);
  const bias = names.find((name) => name !== weight && name === weight.replace(/weight$/, "bias"));
  const rest = named.siblings(names, weight).filter((name) => name !== bias && !named.isOriginal(name));
  if (rest.length > 0) throw notApplied(path, weight, rest, names);
  const strays = named.strays(names).filter((name) => name !== weight && name !== bias);
  const speaks = (name: string): boolean => named.speaksOfRewards(name, names);
  const isRefused = (name: string): boolean =>
    wanted === undefined ? alone || speaks(name) : speaks(name) && named.modifiesRewards(name, names);
  refuseStrays(path, weight, strays.filter(isRefused), names);
  const otherHeads = alone ? strays : strays.filter(speaks);
  const own = [weight, ...(bias === undefined ? [] : [bias])];
  const statistics = names.filter((name) => named.statisticOf(name, names) !== undefined);
  return { weight, bias, all: [...new Set([...heads, ...own, ...otherHeads, ...statistics])] };
}

function theOnlyWeight(path: string, heads: readonly string[], names: readonly string[]): string {
  const weights = heads.filter((name) => name.endsWith(".weight") && !named.isOriginal(name));
  const [only, another] = weights.filter((name) => named.isWholeHead(name, names));
  if (only !== undefined) {
    const family = [only, ...named.siblings(names, only, heads)];
    if (another === undefined && heads.every((name) => family.includes(name))) return only;
    throw invalid(`${path} has several heads: ${weights.join(", ")}. Name the one to take with --tensor`);
  }
  if (heads.length === 0) throw missing(path, `none of ${named.MODULES.slice(0, 5).join(", ")}`);
  if (heads.every((name) => name.endsWith(".bias"))) throw onlyBias(path, heads);
  const [first = heads[0] as string] = weights;
  const isWhole = heads.every((name) => name === first || name === first.replace(/weight$/, "bias"));
  if (!isWhole || named.modifiesRewards(first, names)) throw notApplied(path, first, heads, names);
  throw invalid(`${path}: ${first} may be a head, or one layer of it. If it is the whole head, --tensor ${first} takes it`);
}

function onlyBias(path: string, biases: readonly string[]): ArgsearchError {
  return invalid(`${path} holds ${biases.join(", ")} and no weight of a head. Take the shard that holds both, or the whole directory`);
}

/** What a head cannot be read without. */
function notApplied(path: string, weight: string, rest: readonly string[], names: readonly string[]): ArgsearchError {
  const list = rest.join(", ");
  if (rest.some(named.isOfQuantised)) {
    const how = "Save the model with a head of F32, F16 or BF16 (quantisation takes modules to skip)";
    return new ArgsearchError("MODEL_UNSUPPORTED", `${path}: the head is quantised (${list}). ${how}`);
  }
  const reads = "argsearch reads heads of a single linear layer, weight and bias";
  const layers = rest.filter((name) => name.endsWith(".weight") && !named.modifiesRewards(name, names));
  if (layers.length > 0) throw invalid(`${path}: ${[...new Set([weight, ...rest])].join(", ")} make up a head of several layers; ${reads}`);
  return invalid(`${path}: ${list} belong${rest.length === 1 ? "s" : ""} to the head beside ${weight}, and would not be applied; ${reads}`);
}

function refuseStrays(path: string, weight: string, refused: readonly string[], names: readonly string[]): void {
  if (refused.length === 0) return;
  const [quantised] = refused.filter(named.isOfQuantised);
  if (quantised !== undefined) throw notApplied(path, weight, [quantised], names);
  const list = refused.slice(0, 5).join(", ") + (refused.length > 5 ? ", …" : "");
  const what = `${list} ${refused.length === 1 ? "is" : "are"} neither the trunk's nor of the head ${weight}, and would not be applied`;
  const way = "Another head beside it is left out when --tensor names the one to take; whatever changes its rewards must be folded into it";
  throw invalid(`${path}: ${what}. ${way}`);
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
 * Reads a head: its weight [labels, embedding] or [embedding], and its bias [labels] where it has one. `config`: what config.json says
 * of labels and of statistics that rewards are normalised by, where there is one.
 *
 * @throws ArgsearchError REWARD_HEAD_INVALID for another shape, for numbers that are not finite, for names that are not as many
 * as the rows and for several rows of which nothing says which count; as Checkpoint.floats()
 */
export async function readHead(
  checkpoint: Checkpoint,
  tensors: HeadTensors,
  config: JsonObject | undefined,
  choice: RowChoice = {},
): Promise<RewardHead> {
  const { path } = checkpoint;
  const shape = checkpoint.info(tensors.weight)?.shape ?? [];
  const [rows, width] = shape.length === 1 ? [1, shape[0] ?? 0] : [shape[0] ?? 0, shape[1] ?? 0];
  if (shape.length < 1 || shape.length > 2 || rows === 0 || width === 0) {
    throw invalid(`${path}: ${tensors.weight} is [${shape.join(", ")}], not [labels, embedding]`);
  }
  if (rows > 1 && (width === 1 || (rows === config?.hidden_size && width !== rows))) {
    throw invalid(`${path}: ${tensors.weight} is [${shape.join(", ")}], transposed: save it as [labels, embedding], [${width}, ${rows}]`);
  }
  const weight = await finiteFloats(checkpoint, tensors.weight);
  const bias = tensors.bias === undefined ? undefined : await finiteFloats(checkpoint, tensors.bias);
  if (bias !== undefined && bias.length !== rows) {
    throw invalid(`${path}: ${tensors.bias} has ${bias.length} numbers, ${tensors.weight} has ${rows} rows`);
  }
  const whole = {
    weight: Array.from({ length: rows }, (_, row) => Array.from(weight.subarray(row * width, (row + 1) * width))),
    ...(bias && { bias: Array.from(bias) }),
    ...(await normalisation(checkpoint, config)),
  };
  return chooseRows(whole, choice, { path, name: tensors.weight, config });
}

async function finiteFloats(checkpoint: Checkpoint, name: string): Promise<Float32Array> {
  const values = await checkpoint.floats(name);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return values;
  throw invalid(`${checkpoint.path}: ${name}[${at}] is ${values[at]}, not a finite number`);
}

/** What readRewardHead() takes. */
export interface ReadHeadOptions extends RowChoice {
  /** Name of the weight's tensor; default: the one head there is. */
  tensor?: string | undefined;
}

/**
 * Reads a reward head out of safetensors, for attachReward(): a shard, an index, or a whole directory. Names of its rows come
 * from config.json, when there is one beside, and so does by what rewards are normalised.
 *
 * @throws ArgsearchError REWARD_HEAD_MISSING, REWARD_HEAD_INVALID, for several rows without names among others; FILE_NOT_FOUND, NOT_A_FILE,
 * FILE_UNREADABLE, MODEL_INVALID, INPUT_INVALID; MODEL_UNSUPPORTED for an adapter's checkpoint, whose head fits no trunk without it, and for
 * a quantised head; OPTION_INVALID
 */
export async function readRewardHead(path: string, options: ReadHeadOptions = {}): Promise<RewardHead> {
  nonEmptyText("path", path);
  checkNames("readRewardHead()", options, { tensor: true, labels: true, row: true } satisfies Names<ReadHeadOptions>);
  if (options.tensor !== undefined) nonEmptyText("tensor", options.tensor);
  checkRowChoice(options);
  await refuseAdapterAt(path);
  const checkpoint = await Checkpoint.open(path);
  try {
    await refuseAdapterTensors(path, checkpoint.names, options.tensor);
    const tensors = findHead(path, checkpoint.names, options.tensor, true);
    const dir = existsSync(join(path, "config.json")) ? path : dirname(path);
    return await readHead(checkpoint, tensors, await ifAny(readJsonObject, join(dir, "config.json")), options);
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
