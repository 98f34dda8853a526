import { refuseAdapterAt, refuseAdapterTensors } from "../../checkpoint/adapter.js";
import { Checkpoint } from "../../checkpoint/checkpoint.js";
import { findHead, type HeadTensors, holdsHead, readHead, requireWidth } from "../../checkpoint/head.js";
import { checkRowChoice, type RowChoice } from "../../checkpoint/head-rows.js";
import { type HfConfig, readConfig } from "../../checkpoint/hf-config.js";
import { anyEngine } from "../../engine/choice.js";
import { ENGINE, resolveEngine } from "../../engine/options.js";
import { ArgsearchError } from "../../errors.js";
import { refuseInputs } from "../../files/inputs.js";
import { requireWritable } from "../../files/whole-file.js";
import type { RewardProvenance } from "../../gguf/provenance.js";
import { writeGguf } from "../../gguf/writer.js";
import type { EngineOptions } from "../../types.js";
import { abortSignal, checkNames, type Names, nonEmptyText } from "../../validate.js";
import { type ModelType, resolveType } from "../model-types.js";
import { completeProvenance } from "../provenance.js";
import { publish } from "../publish.js";
import { type OptShape, optShape } from "./config.js";
import { gpt2Tokenizer } from "./gpt2-tokenizer.js";
import { optTensors } from "./tensors.js";

export interface ConvertOptOptions extends EngineOptions, RowChoice {
  /** A Hugging Face directory of an OPT: config.json, safetensors (sharded too), tokenizer. */
  model: string;
  /** Path of the new GGUF; an older one of that name is replaced at the end, in one move. */
  out: string;
  /** Format of the weights, default "f16"; a reward head stays F32. */
  type?: ModelType | undefined;
  /** Name of the reward head's weight; default: the one there is. */
  tensor?: string | undefined;
  /** What is known of a reward model beside its weights; `source` is by default what config.json says. */
  provenance?: RewardProvenance | undefined;
  signal?: AbortSignal | undefined;
}

/** What convertOpt() has written. */
export interface ConvertOptResult {
  /** The S that makes GELU(S x) / S stand for ReLU(x): 65536, or less where F16 would overflow. The smallest of all layers. */
  reluScale: number;
  /** The model has a reward head. */
  reward: boolean;
}

const NAMES: Names<ConvertOptOptions> = {
  ...ENGINE,
  model: true,
  out: true,
  type: true,
  tensor: true,
  labels: true,
  row: true,
  provenance: true,
  signal: true,
};

/**
 * Writes an OPT as a GGUF of the mpt architecture; one with a reward head (OPTForSequenceClassification, or a value head beside a language
 * model) becomes a reward model. Takes no Python. The new file gets its name only when it is whole, on disk and can be loaded.
 *
 * @throws ArgsearchError OPTION_INVALID; MODEL_UNSUPPORTED for what is no OPT or one of another build, such as opt-350m, for tensors that
 * OPT does not have and for an adapter that is not merged;
 * FILE_NOT_FOUND, also for a missing shard; NOT_A_FILE, FILE_UNREADABLE, FILE_UNWRITABLE, INPUT_INVALID; MODEL_INVALID;
 * REWARD_HEAD_MISSING, REWARD_HEAD_INVALID; ABORTED; as devices()
 */
export async function convertOpt(options: ConvertOptOptions): Promise<ConvertOptResult> {
  const { type, provenance } = checkOptions(options);
  const { model, out, tensor, signal, engineDir, gpu } = options;
  await anyEngine(resolveEngine({ engineDir, gpu }), signal);
  await refuseInputs(out, [model]);
  await refuseAdapterAt(model);
  const config = await readConfig(model);
  const shape = optShape(config);
  const checkpoint = await Checkpoint.open(model);
  try {
    await refuseAdapterTensors(model, checkpoint.names, tensor);
    refuseQuantised(checkpoint);
    const found = headOf(config, shape, checkpoint, tensor);
    const head = found && (await readHead(checkpoint, found, config.json, options));
    await requireWritable(out);
    await checkpoint.requireFinite(signal);
    const plain = type === "f32" || type === "f16";
    const written = plain ? type : checkpoint.dtype === "F16" ? "f16" : "f32";
    const { tensors, reluScale } = await optTensors(checkpoint, shape, { type, written, others: found?.all ?? [] }, signal);
    const metadata = {
      ...architecture(config, shape, written),
      ...(await gpt2Tokenizer(model, shape.vocabulary, shape)),
    };
    await publish({
      out,
      type,
      written,
      write: (path) => writeGguf(path, { metadata, tensors }, signal),
      head,
      provenance: { source: config.source, ...provenance },
      engine: { engineDir, gpu },
      signal,
    });
    return { reluScale, reward: head !== undefined };
  } finally {
    await checkpoint.close();
  }
}

function checkOptions(options: ConvertOptOptions): { type: ModelType; provenance: RewardProvenance } {
  checkNames("convertOpt()", options, NAMES);
  nonEmptyText("model", options.model);
  nonEmptyText("out", options.out);
  if (options.tensor !== undefined) nonEmptyText("tensor", options.tensor);
  if (options.signal !== undefined) abortSignal("signal", options.signal);
  checkRowChoice(options);
  return { type: resolveType(options.type), provenance: completeProvenance(options.provenance) };
}

function refuseQuantised({ path, quantised }: Checkpoint): void {
  if (quantised === undefined) return;
  const how = "convert it as it was before, and quantise with type";
  throw new ArgsearchError("MODEL_UNSUPPORTED", `${path} is quantised (${quantised}): ${how}`);
}

/** The head of a reward model; undefined for a language model, which has none. */
function headOf(
  { architecture, path }: HfConfig,
  { embedding }: OptShape,
  checkpoint: Checkpoint,
  wanted: string | undefined,
): HeadTensors | undefined {
  const required = wanted !== undefined || architecture.endsWith("ForSequenceClassification");
  if (!required && !holdsHead(checkpoint.names)) return undefined;
  const tensors = findHead(checkpoint.path, checkpoint.names, wanted, true);
  requireWidth(checkpoint, tensors, embedding, path);
  return tensors;
}

/** transformers' layer norms have no setting in OPT's config: it is PyTorch's default. */
const EPSILON = 1e-5;

function architecture({ source }: HfConfig, shape: OptShape, written: "f32" | "f16") {
  return {
    "general.architecture": { type: "string", value: "mpt" },
    "general.name": { type: "string", value: source },
    "general.file_type": { type: "u32", value: written === "f16" ? 1 : 0 },
    "mpt.vocab_size": { type: "u32", value: shape.vocabulary },
    "mpt.context_length": { type: "u32", value: shape.context },
    "mpt.embedding_length": { type: "u32", value: shape.embedding },
    "mpt.feed_forward_length": { type: "u32", value: shape.feedForward },
    "mpt.block_count": { type: "u32", value: shape.layers },
    "mpt.attention.head_count": { type: "u32", value: shape.heads },
    "mpt.attention.layer_norm_epsilon": { type: "f32", value: EPSILON },
  } as const;
}
