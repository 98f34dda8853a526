import { openEngine } from "../engine.js";
import { ArgsearchError } from "../errors.js";
import { resolveEngine } from "../options.js";
import type { RewardProvenance } from "../provenance.js";
import type { EngineOptions } from "../types.js";
import { abortSignal, callback, nonEmptyText, onlyKnown, plainObject } from "../validate.js";
import { Checkpoint } from "./checkpoint.js";
import { convertTrunk } from "./converter.js";
import { converterDir } from "./converter-source.js";
import { findHead, type HeadTensors, readHead } from "./head.js";
import { causalArchitecture, type HfConfig, readConfig } from "./hf-config.js";
import { type ModelType, resolveType } from "./model-types.js";
import { publish } from "./publish.js";

export interface ImportOptions extends EngineOptions {
  /** A Hugging Face directory: config.json, safetensors (sharded too), tokenizer. One that you trust: its tokenizer may bring code. */
  model: string;
  /** Path of the new GGUF; an older one of that name is replaced at the end, in one move. */
  out: string;
  /** Format of the trunk's weights, default "f16"; the head stays F32. */
  type?: ModelType | undefined;
  /** Name of the head's weight; default: the one there is. */
  tensor?: string | undefined;
  /** What is known beside the weights; `source` is by default what config.json says. */
  provenance?: RewardProvenance | undefined;
  /** A Python 3 with torch and transformers; default `python3` or `python`. */
  python?: string | undefined;
  /** Directory of llama.cpp's convert_hf_to_gguf.py; default: a copy of the engine's release, fetched once. */
  converter?: string | undefined;
  /** Each line that the converter prints. */
  onLog?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

const NAMES: Record<keyof ImportOptions, true> = {
  model: true,
  out: true,
  type: true,
  tensor: true,
  provenance: true,
  python: true,
  converter: true,
  onLog: true,
  signal: true,
  engineDir: true,
  gpu: true,
};

/**
 * Makes a reward model of a Hugging Face directory: a sequence classification model of any decoder that llama.cpp's converter
 * knows, or a causal language model with a value head. Takes Python. The new file gets its name only when it is whole and on disk.
 *
 * @throws ArgsearchError OPTION_INVALID; REWARD_HEAD_MISSING, REWARD_HEAD_INVALID; FILE_NOT_FOUND, also for a missing shard;
 * NOT_A_FILE, FILE_UNREADABLE, FILE_UNWRITABLE, INPUT_INVALID; MODEL_INVALID, also for weights that are not finite;
 * MODEL_UNSUPPORTED; TOOL_NOT_FOUND without Python or its modules; CONVERSION_FAILED; ABORTED; as devices()
 */
export async function importReward(options: ImportOptions): Promise<void> {
  onlyKnown("importReward()", plainObject("the options of importReward()", options), Object.keys(NAMES));
  const { model, out, tensor, python, converter, onLog, signal, engineDir, gpu } = options;
  nonEmptyText("model", model);
  nonEmptyText("out", out);
  if (onLog !== undefined) callback("onLog", onLog);
  if (signal !== undefined) abortSignal("signal", signal);
  const type = resolveType(options.type);
  openEngine(resolveEngine({ engineDir, gpu }));

  const config = await readConfig(model);
  const architecture = causalArchitecture(config);
  const checkpoint = await Checkpoint.open(model);
  try {
    const tensors = findHead(model, checkpoint.names, tensor);
    requireWidth(config, checkpoint, tensors);
    const head = await readHead(checkpoint, tensors, config.labels);
    await checkpoint.requireFinite(signal);
    const source = await converterDir(converter);
    const outType = trunkType(type, checkpoint.dtype);
    const { prefix, tied } = trunkNames(checkpoint.names, tensors);
    const conversion = { converter: source, model, outType, architecture, drop: tensors.all, prefix, tied, python, onLine: onLog, signal };
    await publish({
      out,
      type,
      written: outType,
      write: (path) => convertTrunk({ ...conversion, out: path }),
      head,
      provenance: { source: config.source, ...options.provenance },
      engine: { engineDir, gpu },
      signal,
    });
  } finally {
    await checkpoint.close();
  }
}

/** A head of another length would only be noticed when the trunk is converted. */
function requireWidth({ hiddenSize, path }: HfConfig, checkpoint: Checkpoint, { weight }: HeadTensors): void {
  const shape = checkpoint.info(weight)?.shape ?? [];
  const width = shape[shape.length - 1];
  if (hiddenSize === null || width === hiddenSize) return;
  const what = `${weight} is [${shape.join(", ")}], but the hidden state has ${hiddenSize} numbers (${path})`;
  throw new ArgsearchError("REWARD_HEAD_INVALID", what);
}

/** What the converter is to write: the wanted type if it can, else what loses nothing of the weights before they are quantised. */
function trunkType(type: ModelType, dtype: string): "f32" | "f16" | "bf16" {
  if (type === "f32" || type === "f16" || type === "bf16") return type;
  return dtype === "BF16" ? "bf16" : dtype === "F16" ? "f16" : "f32";
}

/** What TRL's and other wrappers have put before every name, and whether there is no vocabulary projection. */
function trunkNames(names: readonly string[], head: HeadTensors): { prefix: string; tied: boolean } {
  const trunk = names.filter((name) => !head.all.includes(name));
  const prefix = ["pretrained_model.", "module."].find((wrapper) => trunk.every((name) => name.startsWith(wrapper))) ?? "";
  return { prefix, tied: !trunk.some((name) => name === `${prefix}lm_head.weight`) };
}
