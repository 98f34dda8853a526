/** Files that are wrong in one place each, made from a tiny model that is right. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeGguf, type GgufContent, type GgufTensor, type GgufValue, partPath, splitGguf } from "../helpers/gguf-writer.js";
import { Random } from "../helpers/random.js";

export interface Damage {
  name: string;
  bytes: Buffer;
  /** Of a split model: the parts that are whole, by their place, and that of the damaged one. */
  parts?: { whole: readonly Buffer[]; damaged: number };
}

/** Every metadata key dropped, and set to values of other types, sizes and lengths. */
export function metadataDamages({ metadata, tensors }: GgufContent): Damage[] {
  const damaged = (name: string, changed: Record<string, GgufValue>) => ({ name, bytes: encodeGguf({ metadata: changed, tensors }) });
  return Object.entries(metadata).flatMap(([key, value]) => {
    const { [key]: _dropped, ...others } = metadata;
    return [
      damaged(`${key} dropped`, others),
      ...replacements(value).map((other) => damaged(`${key} = ${describe(other)}`, { ...metadata, [key]: other })),
    ];
  });
}

function replacements(value: GgufValue): GgufValue[] {
  return [...sameType(value), ...OTHER_TYPES.filter(({ type }) => type !== value.type)];
}

const OTHER_TYPES: readonly GgufValue[] = [
  { type: "u32", value: 7 },
  { type: "f32", value: 0.5 },
  { type: "bool", value: true },
  { type: "string", value: "text" },
  { type: "i32[]", value: [1, 2] },
  { type: "f32[]", value: [Number.NaN] },
  { type: "string[]", value: [] },
];

function sameType(value: GgufValue): GgufValue[] {
  switch (value.type) {
    case "u16":
    case "u32":
      return [0, 1, 3, value.value + 1, 513, 2 ** 16, 2 ** 24, 2 ** 31, 2 ** 32 - 1].map((other) => ({ type: "u32", value: other }));
    case "f32":
      return [0, -1, Number.NaN, Number.POSITIVE_INFINITY].map((other) => ({ type: "f32", value: other }));
    case "i32":
      return [-1, 0, 2 ** 31 - 1].map((other) => ({ type: "i32", value: other }));
    case "bool":
      return [{ type: "bool", value: !value.value }];
    case "string":
      return ["", "llama", "bert", "mamba", "rwkv", "t5", "none", "nonsense", "\u0000", "x".repeat(70_000)].map((other) => ({
        type: "string",
        value: other,
      }));
    case "f32[]":
      return [[], [...Array.from(value.value), 1], Array.from(value.value, () => Number.NaN)].map((other) => ({
        type: "f32[]",
        value: other,
      }));
    case "i32[]":
      return [[], Array.from(value.value).slice(1), Array.from(value.value, () => -7)].map((other) => ({ type: "i32[]", value: other }));
    case "string[]":
      return [
        [],
        value.value.slice(1),
        [...value.value, "extra"],
        value.value.map(() => "same"),
        value.value.map(() => ""),
        value.value.map(() => "\uffff a"),
      ].map((other) => ({ type: "string[]", value: other }));
  }
}

function describe({ type, value }: GgufValue): string {
  const text = JSON.stringify(value) ?? String(value);
  return `${type} ${text.length > 40 ? `${text.slice(0, 40)}…` : text}`;
}

/** Optional keys of llama.cpp's, with values that do not fit the model. */
export function optionDamages({ metadata, tensors }: GgufContent): Damage[] {
  return Object.entries(OPTIONAL).flatMap(([key, values]) =>
    values.map((value) => ({
      name: `${key} = ${describe(value)}`,
      bytes: encodeGguf({ metadata: { ...metadata, [key]: value }, tensors }),
    })),
  );
}

const SIZES: readonly GgufValue[] = [0, 1, 3, 2 ** 20, 2 ** 32 - 1].map((value) => ({ type: "u32", value }));
const FACTORS: readonly GgufValue[] = [0, -1, 1e-30, 1e30, Number.NaN].map((value) => ({ type: "f32", value }));
const SWITCHES: readonly GgufValue[] = [
  { type: "bool", value: true },
  { type: "bool", value: false },
];
const INTEGERS: readonly GgufValue[] = [[], [0, 0], [-1, -1], [2 ** 31 - 1, 1]].map((value) => ({ type: "i32[]", value }));
const texts = (...values: string[]): readonly GgufValue[] => values.map((value) => ({ type: "string", value }));

const OPTIONAL: Readonly<Record<string, readonly GgufValue[]>> = {
  "general.alignment": [...SIZES, ...INTEGERS, { type: "u32", value: 64 }],
  "split.count": SIZES,
  "llama.expert_count": SIZES,
  "llama.expert_used_count": SIZES,
  "llama.attention.key_length": SIZES,
  "llama.attention.value_length": SIZES,
  "llama.attention.sliding_window": SIZES,
  "llama.attention.causal": SWITCHES,
  "llama.attention.head_count": INTEGERS,
  "llama.attention.head_count_kv": INTEGERS,
  "llama.feed_forward_length": INTEGERS,
  "llama.pooling_type": SIZES,
  "llama.nextn_predict_layers": SIZES,
  "llama.rope.scaling.type": texts("yarn", "linear", "longrope", "nonsense"),
  "llama.rope.scaling.factor": FACTORS,
  "llama.rope.scaling.original_context_length": SIZES,
  "llama.rope.scaling.attn_factor": FACTORS,
  "tokenizer.ggml.add_eos_token": SWITCHES,
  "tokenizer.ggml.add_space_prefix": SWITCHES,
  "tokenizer.ggml.unknown_token_id": SIZES,
  "tokenizer.ggml.token_type_count": SIZES,
  "tokenizer.ggml.scores": [{ type: "f32[]", value: [1] }, ...INTEGERS],
  "tokenizer.ggml.suppress_tokens": INTEGERS,
  "tokenizer.chat_template": texts("", "{% if %}", "{{ messages[0].content }}", "{{ raise_exception('no') }}"),
};

/** Every tensor dropped, renamed and reshaped. */
export function tensorDamages({ metadata, tensors }: GgufContent): Damage[] {
  return tensors.flatMap((tensor, index) => {
    const { name, shape, data } = tensor;
    const damaged = (what: string, changed: readonly GgufTensor[]) => ({
      name: `${name} ${what}`,
      bytes: encodeGguf({ metadata, tensors: [...tensors.slice(0, index), ...changed, ...tensors.slice(index + 1)] }),
    });
    const reshaped = (dims: readonly number[]) => ({
      ...tensor,
      shape: dims,
      data: data.slice(
        0,
        dims.reduce((product, length) => product * length, 1),
      ),
    });
    return [
      damaged("dropped", []),
      damaged("renamed", [{ ...tensor, name: `${name}.other` }]),
      damaged("without a name", [{ ...tensor, name: "" }]),
      damaged("twice", [tensor, tensor]),
      damaged("transposed", [{ ...tensor, shape: [...shape].reverse() }]),
      damaged("flattened", [{ ...tensor, shape: [data.length] }]),
      damaged("empty", [reshaped([0])]),
      damaged("halved", [reshaped([...shape.slice(0, -1), Math.floor((shape.at(-1) ?? 0) / 2)])]),
      damaged("of NaN", [{ ...tensor, data: data.map(() => Number.NaN) }]),
    ];
  });
}

/** ggml's types by number, with the bytes of a block and the values in it. */
const TENSOR_TYPES: Readonly<Record<string, { id: number; bytes: number; values: number }>> = {
  f16: { id: 1, bytes: 2, values: 1 },
  q4_0: { id: 2, bytes: 18, values: 32 },
  q8_0: { id: 8, bytes: 34, values: 32 },
  q8_1: { id: 9, bytes: 36, values: 32 },
  i8: { id: 24, bytes: 1, values: 1 },
  i16: { id: 25, bytes: 2, values: 1 },
  i32: { id: 26, bytes: 4, values: 1 },
  i64: { id: 27, bytes: 8, values: 1 },
  f64: { id: 28, bytes: 8, values: 1 },
  bf16: { id: 30, bytes: 2, values: 1 },
  mxfp4: { id: 39, bytes: 17, values: 32 },
  withdrawn: { id: 31, bytes: 18, values: 32 },
  unknown: { id: 200, bytes: 4, values: 1 },
};

/** Every tensor as one of each type, of the size that it then has. */
export function typeDamages({ metadata, tensors }: GgufContent): Damage[] {
  return tensors.flatMap((tensor, index) =>
    Object.entries(TENSOR_TYPES).map(([type, { id, bytes, values }]) => {
      const data = new Float32Array(Math.ceil((tensor.data.length * bytes) / values / 4));
      const whole = encodeGguf({ metadata, tensors: tensors.with(index, { ...tensor, data }) });
      const name = Buffer.from(tensor.name);
      whole.writeUInt32LE(id, whole.indexOf(name) + name.length + 4 + 8 * tensor.shape.length);
      return { name: `${tensor.name} of ${type}`, bytes: whole };
    }),
  );
}

/** One bit, or one byte, changed somewhere before `end`. */
export function flips(whole: Buffer, end: number, count: number, seed: number): Damage[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const bytes = Buffer.from(whole);
    const place = random.integer(0, end - 1);
    const before = bytes.readUInt8(place);
    const after = random.pick([before ^ (1 << random.integer(0, 7)), 0, 0xff, random.integer(0, 255)]);
    bytes.writeUInt8(after, place);
    return { name: `byte ${place}: ${before} -> ${after}`, bytes };
  });
}

/** flips() in the headers of a split model's parts. */
export function partFlips(content: GgufContent, count: number, perPart: number, seed: number): Damage[] {
  const parts = splitGguf(content, count);
  const whole = parts.map(encodeGguf);
  return parts.flatMap(({ metadata, tensors }, damaged) => {
    const header = encodeGguf({ metadata, tensors: tensors.map((tensor) => ({ ...tensor, data: new Float32Array(0) })) }).length;
    return flips(whole[damaged], header, perPart, seed + damaged).map((flip) => ({ ...flip, parts: { whole, damaged } }));
  });
}

/** The file cut off at places all over it; most of them in its header, where most of its structure is. */
export function truncations(whole: Buffer, header: number): Damage[] {
  const small = [0, 1, 3, 4, 7, 8, 15, 16, 23, 24, 31];
  const inHeader = Array.from({ length: 40 }, (_, index) => Math.floor((header * (index + 1)) / 40));
  const inData = Array.from({ length: 40 }, (_, index) => header + Math.floor(((whole.length - header) * index) / 40));
  return [...small, ...inHeader, ...inData, whole.length - 1].map((length) => ({
    name: `${length} of ${whole.length} bytes`,
    bytes: whole.subarray(0, length),
  }));
}

/** Writes the files; their paths, in order. */
export function writeDamages(folder: string, damages: readonly Damage[]): string[] {
  return damages.map(({ bytes, parts }, index) => {
    const path = join(folder, `${index}.gguf`);
    if (parts === undefined) {
      writeFileSync(path, bytes);
      return path;
    }
    const paths = parts.whole.map((_, place) => partPath(path, place, parts.whole.length));
    for (const [place, part] of parts.whole.entries()) writeFileSync(paths[place], place === parts.damaged ? bytes : part);
    return paths[0];
  });
}
