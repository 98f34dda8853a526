import { refuseAdapterAt, refuseAdapterTensors } from "../checkpoint/adapter.js";
import { Checkpoint } from "../checkpoint/checkpoint.js";
import { findHead, type HeadTensors, readHead, requireWidth } from "../checkpoint/head.js";
import { checkRowChoice, type RowChoice } from "../checkpoint/head-rows.js";
import { causalArchitecture, readConfig } from "../checkpoint/hf-config.js";
import { refuseInputs } from "../files/inputs.js";
import type { RewardProvenance } from "../gguf/provenance.js";
import type { RewardAt } from "../types.js";
import { checkNames, type Names, nonEmptyText, oneOf } from "../validate.js";
import { CONVERT_HF_NAMES, type ConvertHfOptions, checkConversion, conversionOf } from "./convert-hf.js";
import { completeProvenance } from "./provenance.js";
import { publish } from "./publish.js";
import { convertTrunk, trunkType } from "./python/converter.js";

export interface ImportOptions extends ConvertHfOptions, RowChoice {
  /** Name of the head's weight; default: the one there is. */
  tensor?: string | undefined;
  /** Where the head was trained to read a whole response, kept in the file: score() and generate() do so; default "last". */
  rewardAt?: RewardAt | undefined;
  /** What is known beside the weights; `source` is by default what config.json says. */
  provenance?: RewardProvenance | undefined;
}

const NAMES: Names<ImportOptions> = { ...CONVERT_HF_NAMES, tensor: true, labels: true, row: true, rewardAt: true, provenance: true };

/**
 * Makes a reward model of a Hugging Face directory: a sequence classification model of any decoder that llama.cpp's converter
 * knows, or a causal language model with a value head. Takes Python. The new file gets its name only when it is whole, on disk
 * and can be loaded.
 *
 * @throws ArgsearchError OPTION_INVALID; REWARD_HEAD_MISSING, REWARD_HEAD_INVALID, also for several rows without names; FILE_NOT_FOUND, also for a missing shard or tokenizer;
 * NOT_A_FILE, FILE_UNREADABLE, FILE_UNWRITABLE, INPUT_INVALID; MODEL_INVALID, also for weights that are not finite;
 * MODEL_UNSUPPORTED, also for an adapter that is not merged; TOOL_NOT_FOUND without Python or its modules; CONVERSION_FAILED; ABORTED; as devices()
 */
export async function importReward(options: ImportOptions): Promise<void> {
  checkNames("importReward()", options, NAMES);
  const type = await checkConversion(options);
  const { model, out, tensor, signal, engineDir, gpu } = options;
  if (tensor !== undefined) nonEmptyText("tensor", tensor);
  checkRowChoice(options);
  const provenance = completeProvenance(options.provenance);
  await refuseInputs(out, [model]);
  await refuseAdapterAt(model);
  const position = oneOf("rewardAt", options.rewardAt ?? "last", ["last", "end"]);
  const config = await readConfig(model);
  const architecture = causalArchitecture(config);
  const checkpoint = await Checkpoint.open(model);
  try {
    await refuseAdapterTensors(model, checkpoint.names, tensor);
    const tensors = findHead(model, checkpoint.names, tensor);
    if (config.hiddenSize !== null) requireWidth(checkpoint, tensors, config.hiddenSize, config.path);
    const head = await readHead(checkpoint, tensors, config.json, options);
    const outType = trunkType(type, checkpoint.dtype);
    const conversion = await conversionOf(options, { outType, architecture, drop: tensors.all, ...trunkNames(checkpoint.names, tensors) });
    await checkpoint.requireFinite(signal);
    await publish({
      out,
      type,
      written: outType,
      write: (path) => convertTrunk({ ...conversion, out: path }),
      head: { ...head, position },
      provenance: { source: config.source, ...provenance },
      engine: { engineDir, gpu },
      signal,
    });
  } finally {
    await checkpoint.close();
  }
}

const WRAPPERS = [
  "pretrained_model.",
  "module.",
  "base_model.model.",
  "_orig_mod.",
  "_fsdp_wrapped_module.",
  "reward_model.",
  "critic.",
  "rm.",
];

/** What TRL's, PEFT's and other wrappers have put before every name, and whether there is no vocabulary projection. */
function trunkNames(names: readonly string[], head: HeadTensors): { prefix: string; tied: boolean } {
  const trunk = names.filter((name) => !head.all.includes(name));
  const prefix = WRAPPERS.find((wrapper) => trunk.every((name) => name.startsWith(wrapper))) ?? "";
  return { prefix, tied: !trunk.some((name) => name === `${prefix}lm_head.weight`) };
}
