/** What can be wrong with one metadata entry. */
import type { Random } from "../../helpers/random.js";
import { COUNTS, wrongCount } from "./counts.js";
import { ARRAY, type Entry, type Pieces, STRING, type Text, textOf, type Value } from "./pieces.js";

/** Changes one entry, or adds one; what was done. */
export function mutateMetadata(pieces: Pieces, random: Random): string {
  const at = random.integer(0, pieces.metadata.length - 1);
  const entry = pieces.metadata[at];
  if (entry === undefined || random.uniform() < 0.2) return addOption(pieces, random);
  const key = entry.key.bytes.toString();
  switch (random.integer(0, 9)) {
    case 0:
      pieces.metadata.splice(at, 1);
      pieces.metadataCount -= 1n;
      return `${key} missing`;
    case 1:
      pieces.metadata.splice(random.integer(0, pieces.metadata.length), 0, entry);
      pieces.metadataCount += 1n;
      return `${key} twice`;
    case 2: {
      const other = random.pick(pieces.metadata);
      Object.assign(entry, { type: other.type, value: other.value });
      return `${key} as ${other.key.bytes}`;
    }
    case 3:
      entry.key = wrongText(entry.key, random);
      return `${key} renamed to ${brief(entry.key.bytes.toString())}, ${entry.key.length} bytes`;
    case 4:
      entry.type = random.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255, 2 ** 32 - 1]);
      return `${key} of type ${entry.type}`;
    default:
      entry.value = wrongValue(entry, random);
      return `${key} = ${describe(entry.value)}`;
  }
}

function wrongValue({ type, value }: Entry, random: Random): Value {
  switch (value.kind) {
    case "scalar":
      return { kind: "scalar", bytes: wrongScalar(type, value.bytes, random) };
    case "text":
      return { kind: "text", text: wrongText(value.text, random) };
    case "array":
      return wrongArray(value, random);
  }
}

const FLOAT = 6;
const INTEGERS: readonly bigint[] = [...COUNTS, 3n, 7n, 64n, 513n, 1n << 24n, (1n << 31n) - 1n, (1n << 32n) - 1n];
const FLOATS: readonly number[] = [0, -1, 1e-30, 1e30, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e9];

/** Of the same size. */
function wrongScalar(type: number, bytes: Buffer, random: Random): Buffer {
  const changed = Buffer.alloc(8);
  if (type === FLOAT) changed.writeFloatLE(random.pick(FLOATS));
  else if (random.uniform() < 0.4) changed.writeBigUInt64LE(BigInt.asUintN(64, integer(bytes) + BigInt(random.integer(-2, 2))));
  else changed.writeBigUInt64LE(random.pick(INTEGERS));
  return changed.subarray(0, bytes.length);
}

function integer(bytes: Buffer): bigint {
  const padded = Buffer.alloc(8);
  bytes.copy(padded);
  return padded.readBigUInt64LE();
}

const TEXTS: readonly string[] = [
  ...["", "\0", "x", "x".repeat(70_000), "none", "no_vocab", "nonsense", "llama", "gpt2", "bert", "t5", "rwkv", "mamba", "gemma3", "phi3"],
  ...[
    "qwen2",
    "mpt",
    "plamo2",
    "whisper",
    "ugm",
    "default",
    "llama-bpe",
    "deepseek-llm",
    "{% for x in",
    "{{ messages }}",
    "yarn",
    "longrope",
  ],
];

function wrongText(text: Text, random: Random): Text {
  switch (random.integer(0, 3)) {
    case 0:
      return { length: wrongCount(text.length, random), bytes: text.bytes };
    case 1: {
      const bytes = Buffer.from(text.bytes);
      if (bytes.length > 0) bytes.writeUInt8(random.integer(0, 255), random.integer(0, bytes.length - 1));
      return textOf(bytes);
    }
    case 2:
      return textOf(text.bytes.subarray(0, random.integer(0, text.bytes.length)));
    default:
      return textOf(random.pick(TEXTS));
  }
}

function wrongArray(array: Value & { kind: "array" }, random: Random): Value {
  const { itemType, count, items } = array;
  const resized = (changed: readonly (Text | Buffer)[]): Value => ({ ...array, items: changed, count: BigInt(changed.length) });
  const at = random.integer(0, Math.max(0, items.length - 1));
  const item = items[at];
  switch (random.integer(0, 6)) {
    case 0:
      return { ...array, count: wrongCount(count, random) };
    case 1:
      return { ...array, itemType: random.pick([0, 4, 5, 6, 7, STRING, ARRAY, 10, 12, 13, 2 ** 32 - 1]) };
    case 2:
      return resized(items.slice(0, at));
    case 3:
      return resized(item === undefined ? items : [...items, item]);
    case 4: // all alike
      return item === undefined ? resized([]) : resized(items.map(() => item));
    default:
      if (item === undefined) return resized([]);
      return resized(items.with(at, Buffer.isBuffer(item) ? wrongScalar(itemType, item, random) : wrongText(item, random)));
  }
}

/** Keys of llama.cpp's that most models do without; "*" is the architecture. */
const OPTIONS: readonly (readonly [key: string, type: "u32" | "f32" | "bool" | "text" | "u32[]"])[] = [
  ...["*.context_length", "*.vocab_size", "*.leading_dense_block_count", "*.expert_count", "*.expert_used_count"].map(
    (key) => [key, "u32"] as const,
  ),
  ...["*.expert_shared_count", "*.expert_group_count", "*.attention.key_length", "*.attention.value_length"].map(
    (key) => [key, "u32"] as const,
  ),
  ...["*.attention.sliding_window", "*.attention.sliding_window_pattern", "*.rope.dimension_count"].map((key) => [key, "u32"] as const),
  ...["*.rope.scaling.original_context_length", "*.pooling_type", "*.nextn_predict_layers", "*.embedding_length_out"].map(
    (key) => [key, "u32"] as const,
  ),
  ...["*.attention.layer_norm_epsilon", "*.attention.layer_norm_rms_epsilon", "*.rope.freq_base"].map((key) => [key, "f32"] as const),
  ...["*.rope.scaling.factor", "*.rope.scaling.attn_factor", "*.rope.scaling.yarn_log_multiplier"].map((key) => [key, "f32"] as const),
  ...["*.attn_logit_softcapping", "*.final_logit_softcapping", "*.logit_scale", "*.attention.scale"].map((key) => [key, "f32"] as const),
  ...["*.attention.max_alibi_bias", "*.attention.clamp_kqv", "*.residual_scale", "*.embedding_scale"].map((key) => [key, "f32"] as const),
  ...["*.attention.causal", "*.use_parallel_residual", "tokenizer.ggml.add_eos_token"].map((key) => [key, "bool"] as const),
  ...["tokenizer.ggml.add_space_prefix", "tokenizer.ggml.remove_extra_whitespaces"].map((key) => [key, "bool"] as const),
  ...["tokenizer.chat_template", "tokenizer.ggml.pre", "*.rope.scaling.type", "general.type"].map((key) => [key, "text"] as const),
  ...["tokenizer.ggml.unknown_token_id", "tokenizer.ggml.token_type_count", "tokenizer.ggml.eot_token_id"].map(
    (key) => [key, "u32"] as const,
  ),
  ...["tokenizer.ggml.bos_token_id", "tokenizer.ggml.padding_token_id", "general.alignment", "split.count"].map(
    (key) => [key, "u32"] as const,
  ),
  ...["*.attention.head_count", "*.attention.head_count_kv", "*.feed_forward_length"].map((key) => [key, "u32[]"] as const),
  ...["*.rope.dimension_sections", "*.attention.sliding_window_pattern", "tokenizer.ggml.suppress_tokens"].map(
    (key) => [key, "u32[]"] as const,
  ),
];

function addOption(pieces: Pieces, random: Random): string {
  const architecture = pieces.metadata.find(({ key }) => key.bytes.toString() === "general.architecture")?.value;
  const [pattern, type] = random.pick(OPTIONS);
  const key = pattern.replace("*", architecture?.kind === "text" ? architecture.text.bytes.toString() : "llama");
  const entry = optionOf(key, type, random);
  const present = pieces.metadata.findIndex((each) => each.key.bytes.equals(entry.key.bytes));
  if (present >= 0) pieces.metadata[present] = entry;
  else {
    pieces.metadata.push(entry);
    pieces.metadataCount += 1n;
  }
  return `${key} = ${describe(entry.value)}`;
}

function optionOf(name: string, type: (typeof OPTIONS)[number][1], random: Random): Entry {
  const key = textOf(name);
  const scalar = (id: number, length: number): Buffer => wrongScalar(id, Buffer.alloc(length), random);
  switch (type) {
    case "u32":
      return { key, type: 4, value: { kind: "scalar", bytes: scalar(4, 4) } };
    case "f32":
      return { key, type: FLOAT, value: { kind: "scalar", bytes: scalar(FLOAT, 4) } };
    case "bool":
      return { key, type: 7, value: { kind: "scalar", bytes: Buffer.from([random.integer(0, 1)]) } };
    case "text":
      return { key, type: STRING, value: { kind: "text", text: textOf(random.pick(TEXTS)) } };
    case "u32[]": {
      const items = Array.from({ length: random.pick([0, 1, 2, 4, 600]) }, () => scalar(4, 4));
      return { key, type: ARRAY, value: { kind: "array", itemType: 4, count: BigInt(items.length), items } };
    }
  }
}

function describe(value: Value): string {
  switch (value.kind) {
    case "scalar":
      return `0x${value.bytes.toString("hex")}`;
    case "text":
      return `${brief(value.text.bytes.toString())}, ${value.text.length} bytes`;
    case "array":
      return `${value.count} (${value.items.length}) items of type ${value.itemType}`;
  }
}

function brief(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
