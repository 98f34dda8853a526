/** Adapters: what PEFT and its like save is a difference to a base model, and no model. */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ArgsearchError } from "../errors.js";
import { ifAny, type JsonObject, readJsonObject } from "../files/json.js";
import { isOfHead } from "./head-names.js";
import { beside, mergeLine } from "./python-lines.js";
import { SafetensorsFile } from "./safetensors.js";

const CONFIG = "adapter_config.json";

/** As PEFT calls them, then MLX. */
const WEIGHTS = ["adapter_model.safetensors", "adapter_model.bin", "adapters.safetensors"];

/** How PEFT begins the names of its methods' tensors; MLX and others write LoRA's in lower case. */
const METHODS = [
  "adamss adaption beft boft bone c3a cartridge cpt deft delora dora fourierft frod glora gralora hada hira hra ia3 lily",
  "ln_tuning lokr lora miss multitask_prompt_tuning oft osf p_tuning peanut poly prefix_tuning prompt_tuning psoft pvera",
  "randlora road shadow shira sslora supertuning tinylora trainable_tokens unilora vblora vera waveft xlora",
].flatMap((line) => line.split(" "));

/** A part of a tensor's name that only an adapter has, or a model that one is still mounted on. */
const PART = new RegExp(
  `^(?:(?:${METHODS.join("|")})_.*|adapters|adapter_(?:down|up)|base_layer|token_adapter|prompt_(?:embeddings|encoder)|prefix_(?:encoder|task_\\w+))$`,
  "i",
);

/** Modules that an adapter was trained beside, each with a copy of what it was before. */
const SAVED = /\.(?:modules_to_save|original_module)\./;

/** What PEFT puts before every name; a merged model has lost it. */
const WRAPPED = "base_model.model.";

/** These change what a model reads, not its weights: there is nothing to merge. */
const UNMERGEABLE = /^(?:(?:MULTITASK_)?PROMPT_TUNING|PREFIX_TUNING|P_TUNING|CPT|CARTRIDGE|ADAPTION_PROMPT|XLORA)$/;

/**
 * A directory that holds an adapter, or a file beside one: its trunk is not the base model, and a head that was trained with it fits
 * no other.
 *
 * @throws ArgsearchError MODEL_UNSUPPORTED, saying how to merge it; FILE_UNREADABLE, INPUT_INVALID for an adapter_config.json that is none
 */
export async function refuseAdapterAt(path: string): Promise<void> {
  const dir = isDirectory(path) ? path : dirname(path);
  const file = [CONFIG, ...WEIGHTS].find((name) => existsSync(join(dir, name)));
  if (file === undefined) return;
  const own = resolve(dir) === resolve(path) || WEIGHTS.includes(basename(path)) ? "" : ` beside ${basename(path)}`;
  throw await adapterError(dir, `${dir} holds an adapter${own} (${file})`);
}

/**
 * The same for the tensors of a file, wherever it lies. `wanted`: a head that was named for its own sake is taken out of a file that holds
 * nothing else of an adapter.
 *
 * @throws ArgsearchError MODEL_UNSUPPORTED
 */
export async function refuseAdapterTensors(path: string, names: readonly string[], wanted?: string): Promise<void> {
  const found = names.find((name) => isOfAdapter(name, names)) ?? (wanted === undefined ? strayOfAdapter(names) : undefined);
  if (found === undefined) return;
  const dir = isDirectory(path) ? path : dirname(path);
  throw await adapterError(dir, `${path} is an adapter's checkpoint: it holds ${found}`);
}

function isOfAdapter(name: string, names: readonly string[]): boolean {
  return name.split(".").some((part) => PART.test(part)) || (SAVED.test(name) && !isOfHead(name, names));
}

/** Of an adapter that changes no layer in this file: a merged model would have its layers here. */
function strayOfAdapter(names: readonly string[]): string | undefined {
  const wrapped = names.filter((name) => name.startsWith(WRAPPED));
  return wrapped.some((name) => /\.\d+\./.test(name)) ? undefined : wrapped[0];
}

async function adapterError(dir: string, what: string): Promise<ArgsearchError> {
  const config = (await ifAny(readJsonObject, join(dir, CONFIG))) ?? {};
  const { peft_type: type } = config;
  if (typeof type === "string" && UNMERGEABLE.test(type)) {
    const why = "it changes what the model reads, which no GGUF can hold. Train a LoRA instead, or all weights";
    return new ArgsearchError("MODEL_UNSUPPORTED", `${what}, of the kind ${type}: ${why}`);
  }
  const own = existsSync(join(dir, "value_head.safetensors")) ? ", with a copy of value_head.safetensors" : "";
  const why = "its weights are a difference to a base model, and a head in it fits only that model with the adapter merged";
  const how = `Merge the adapter first and take ${beside(dir, "merged")}${own}; where it is merged already, take the adapter's files away`;
  return new ArgsearchError("MODEL_UNSUPPORTED", `${what}: ${why}. ${how}. In Python: ${await mergeLineOf(dir, config)}`);
}

/** PEFT's own way: a class by task, and as many labels as the head has rows. */
async function mergeLineOf(dir: string, { task_type: task }: JsonObject): Promise<string> {
  const rows = await headRows(join(dir, WEIGHTS[0] as string));
  const classifies = task === "SEQ_CLS" || (task !== "CAUSAL_LM" && rows !== undefined);
  return classifies ? mergeLine(dir, "SequenceClassification", rows ?? 1) : mergeLine(dir, "CausalLM");
}

/** Undefined where there is no such file, or no head in it. */
async function headRows(path: string): Promise<number | undefined> {
  const file = await SafetensorsFile.open(path).catch(() => undefined);
  await file?.close();
  const names = [...(file?.tensors.keys() ?? [])];
  const head = [...(file?.tensors.values() ?? [])].find(
    ({ name, shape }) => isOfHead(name, names) && name.endsWith("weight") && shape.length === 2,
  );
  return head?.shape[0];
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // whoever opens it says why
  }
}
