import { refuseAdapterAt } from "../checkpoint/adapter.js";
import { Checkpoint } from "../checkpoint/checkpoint.js";
import { causalArchitecture, type HfConfig, readConfig } from "../checkpoint/hf-config.js";
import { anyEngine } from "../engine/choice.js";
import { ENGINE, resolveEngine } from "../engine/options.js";
import { ArgsearchError } from "../errors.js";
import { refuseInputs } from "../files/inputs.js";
import { requireWritable } from "../files/whole-file.js";
import type { EngineOptions } from "../types.js";
import { abortSignal, callback, checkNames, type Names, nonEmptyText } from "../validate.js";
import { type ModelType, resolveType } from "./model-types.js";
import { publish } from "./publish.js";
import { convertTrunk, requireTokenizer, type TrunkConversion, trunkType } from "./python/converter.js";
import { converterDir } from "./python/converter-source.js";
import { findPython } from "./python/python.js";

/** What driving llama.cpp's converter takes. */
export interface ConvertHfOptions extends EngineOptions {
  /** A Hugging Face directory: config.json, safetensors (sharded too), tokenizer. One that you trust: its tokenizer may bring code. */
  model: string;
  /** Path of the new GGUF; an older one of that name is replaced at the end, in one move. */
  out: string;
  /** Format of the weights, default "f16"; a reward head stays F32. */
  type?: ModelType | undefined;
  /** A Python 3 with torch and transformers; default `python3` or `python`. */
  python?: string | undefined;
  /** Directory of llama.cpp's convert_hf_to_gguf.py; default: a copy of the engine's release, fetched once. */
  converter?: string | undefined;
  /** Each line that the converter prints. */
  onLog?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export const CONVERT_HF_NAMES: Names<ConvertHfOptions> = {
  ...ENGINE,
  model: true,
  out: true,
  type: true,
  python: true,
  converter: true,
  onLog: true,
  signal: true,
};

/**
 * Makes a policy of a Hugging Face directory with a causal language model, by llama.cpp's converter. Takes Python. The new file
 * gets its name only when it is whole, on disk and can be loaded.
 *
 * @throws ArgsearchError OPTION_INVALID; MODEL_UNSUPPORTED, also for a model that is no causal language model and for an adapter that is
 * not merged; FILE_NOT_FOUND,
 * also for a missing shard or tokenizer; NOT_A_FILE, FILE_UNREADABLE, FILE_UNWRITABLE, INPUT_INVALID; MODEL_INVALID, also for weights that are
 * not finite; TOOL_NOT_FOUND without Python or its modules; CONVERSION_FAILED; ABORTED; as devices()
 */
export async function convertHf(options: ConvertHfOptions): Promise<void> {
  checkNames("convertHf()", options, CONVERT_HF_NAMES);
  const type = await checkConversion(options);
  const { model, out, signal, engineDir, gpu } = options;
  await refuseInputs(out, [model]);
  await refuseAdapterAt(model);
  const config = await readConfig(model);
  const architecture = causalArchitecture(config);
  requireCausal(config);
  const checkpoint = await Checkpoint.open(model);
  try {
    const outType = trunkType(type, checkpoint.dtype);
    const conversion = await conversionOf(options, { outType, architecture });
    await checkpoint.requireFinite(signal);
    const write = (file: string): Promise<void> => convertTrunk({ ...conversion, out: file });
    await publish({ out, type, written: outType, write, engine: { engineDir, gpu }, signal });
  } finally {
    await checkpoint.close();
  }
}

/** Checks what every conversion takes and opens the engine; returns the format. @throws ArgsearchError OPTION_INVALID, ABORTED; as devices() */
export async function checkConversion({ model, out, onLog, signal, type, engineDir, gpu }: ConvertHfOptions): Promise<ModelType> {
  nonEmptyText("model", model);
  nonEmptyText("out", out);
  if (onLog !== undefined) callback("onLog", onLog);
  if (signal !== undefined) abortSignal("signal", signal);
  const resolved = resolveType(type);
  await anyEngine(resolveEngine({ engineDir, gpu }), signal);
  return resolved;
}

/**
 * The converter's run: the whole model, unless the parts say otherwise. What it takes is looked for first: reading every weight takes
 * minutes.
 *
 * @throws ArgsearchError FILE_UNWRITABLE; as requireTokenizer(), converterDir() and findPython()
 */
export async function conversionOf(
  { model, out, converter, python, onLog, signal }: ConvertHfOptions,
  parts: Pick<TrunkConversion, "outType" | "architecture"> & Partial<Pick<TrunkConversion, "drop" | "prefix" | "tied">>,
): Promise<Omit<TrunkConversion, "out">> {
  await requireWritable(out);
  await requireTokenizer(model);
  const [source, program] = [await converterDir(converter), await findPython(python, signal)];
  return { drop: [], prefix: "", tied: false, ...parts, converter: source, model, python: program, onLine: onLog, signal };
}

function requireCausal({ architecture, path }: HfConfig): void {
  if (/(ForCausalLM|LMHeadModel)$/.test(architecture)) return;
  const hint = /(ForSequenceClassification|RewardModel)$/.test(architecture) ? '. "argsearch reward import" takes reward models' : "";
  throw new ArgsearchError("MODEL_UNSUPPORTED", `${path}: ${architecture} is no causal language model${hint}`);
}
