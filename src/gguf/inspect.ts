/** What a GGUF says about itself, read from its metadata alone. */
import { binding, type GgufFile, type GgufScalar } from "../engine/binding.js";
import { anyEngine } from "../engine/choice.js";
import { native } from "../engine/native.js";
import { resolveEngine } from "../engine/options.js";
import { localModel } from "../hub/local-model.js";
import type { EngineOptions, RewardAt } from "../types.js";
import { nonEmptyText } from "../validate.js";
import { fileTypeName } from "./file-types.js";
import { Metadata } from "./metadata.js";
import { HEAD_KEYS, HEAD_PREFIX, headPosition, POSITION_KEY } from "./reward-head.js";

/** What a GGUF file says of itself. */
export interface GgufSummary {
  path: string;
  /** Files that the model is split into; all numbers are of all of them. 1 for a model in one piece. */
  files: number;
  /** Bytes. */
  size: number;
  /** GGUF version. */
  version: number;
  /** For example "llama"; null when the file does not say. */
  architecture: string | null;
  /** general.name. */
  name: string | null;
  /** How many weights there are. */
  parameters: number;
  /** Name of general.file_type, for example "Q4_K_M"; else the tensor type that holds most parameters. */
  quantization: string | null;
  /** A row a tensor type, in ggml's names. */
  tensors: { type: string; tensors: number; parameters: number; bytes: number }[];
  /** Context length the model was trained with, tokens. */
  contextLength: number | null;
  /** Length of a hidden state. */
  embeddingLength: number | null;
  layers: number | null;
  /** Rows of the vocabulary. */
  vocabulary: number | null;
  /** Jinja. */
  chatTemplate: string | null;
  /** Null in a model that is no reward model. */
  rewardHead: RewardHeadSummary | null;
  /** Every scalar of the metadata. */
  metadata: Record<string, GgufScalar>;
}

/** A reward head as the metadata of a GGUF has it. */
export interface RewardHeadSummary {
  /** One name a row; synthesised as the decoder does when the file has none, for at most 1,000 rows. */
  labels: string[];
  /** Length of a row; null when the weights do not divide into rows of the embedding's length. */
  nEmbd: number | null;
  /** One value, or one a label; so are scale and shift. */
  bias: number[];
  scale: number[];
  shift: number[];
  /** Where it reads a whole response, where the file says so. */
  position?: RewardAt | undefined;
  /** What else is told about the head, for example where it came from: the other argsearch.reward.* scalars. */
  notes: Record<string, GgufScalar>;
}

const MOST_NAMES = 1000;

/**
 * Reads a GGUF's metadata and tensor table; the tensors stay on disk. Of a split model, any part may be named. A
 * model of the Hub ("hf:OWNER/REPO:QUANT") is downloaded first.
 *
 * @throws ArgsearchError FILE_NOT_FOUND, also for a part that is missing, NOT_A_FILE, FILE_UNREADABLE, NOT_GGUF, MODEL_INVALID;
 * HUB_NOT_FOUND, HUB_UNAUTHORIZED, HUB_UNREACHABLE, HUB_FAILED for a name of the Hub; as devices() for the engine
 */
export async function inspect(path: string, options?: EngineOptions): Promise<GgufSummary> {
  const local = await localModel("path", nonEmptyText("path", path));
  await anyEngine(resolveEngine(options));
  const file = await native(() => binding().readGguf(local));
  return summarise(local, new Metadata(file), file);
}

function summarise(path: string, metadata: Metadata, file: GgufFile): GgufSummary {
  const architecture = metadata.text("general.architecture");
  return {
    path,
    files: file.files.length,
    size: file.size,
    version: file.version,
    architecture,
    name: metadata.text("general.name"),
    parameters: file.parameters,
    quantization: quantization(metadata, file),
    tensors: file.tensorTypes,
    contextLength: metadata.number(`${architecture}.context_length`),
    embeddingLength: metadata.number(`${architecture}.embedding_length`),
    layers: metadata.number(`${architecture}.block_count`),
    vocabulary: metadata.number(`${architecture}.vocab_size`) ?? metadata.count("tokenizer.ggml.tokens"),
    chatTemplate: metadata.text("tokenizer.chat_template"),
    rewardHead: headOf(metadata),
    metadata: metadata.scalars(),
  };
}

function quantization(metadata: Metadata, { tensorTypes }: GgufFile): string | null {
  const named = fileTypeName(metadata.number("general.file_type") ?? -1);
  if (named !== undefined) return named;
  const [largest] = [...tensorTypes].sort((a, b) => b.parameters - a.parameters);
  return largest?.type.toUpperCase() ?? null;
}

function headOf(metadata: Metadata): RewardHeadSummary | null {
  const weights = metadata.count(HEAD_KEYS.weight);
  if (weights === null) return null;
  const length = metadata.number(`${metadata.text("general.architecture")}.embedding_length`) ?? 0;
  const nEmbd = Number.isInteger(length) && length >= 1 ? length : null;
  const rows = nEmbd === null ? 1 : weights / nEmbd;
  const known: readonly string[] = [...Object.values(HEAD_KEYS), POSITION_KEY];
  const position = headPosition(metadata);
  const notes = Object.entries(metadata.scalars()).filter(([key]) => key.startsWith(HEAD_PREFIX) && !known.includes(key));
  const named = metadata.texts(HEAD_KEYS.labels);
  return {
    labels: named ?? (rows === 1 ? ["reward"] : Array.from({ length: Math.min(rows, MOST_NAMES) }, (_, index) => String(index))),
    nEmbd: Number.isInteger(rows) ? nEmbd : null,
    bias: metadata.numbers(HEAD_KEYS.bias) ?? [0],
    scale: metadata.numbers(HEAD_KEYS.scale) ?? [1],
    shift: metadata.numbers(HEAD_KEYS.shift) ?? [0],
    ...(position && { position }),
    notes: Object.fromEntries(notes.map(([key, value]) => [key.slice(HEAD_PREFIX.length), value])),
  };
}
