/** Numbers that do not fit the heads: llama.cpp looks at them only while it computes, and ends the process there. */
import { expect, test } from "vitest";
import { architectureModel, modelOf } from "../helpers/architectures.js";
import { encodeGguf, type GgufContent, type GgufValue } from "../helpers/gguf-writer.js";
import { HEAD, KV_HEADS, type Shapes } from "../helpers/layer-shapes.js";
import { RECURRENT } from "../helpers/recurrent.js";
import { probe } from "./probe.js";

const rotaryModel = architectureModel("a sliding window", 1);
const sectionedModel = architectureModel("M-RoPE", 1);
const COUNT = "gemma3.rope.dimension_count";
const SECTIONS = "qwen2vl.rope.dimension_sections";

const u32 = (value: number): GgufValue => ({ type: "u32", value });
const wkvModel = architectureModel("weighted keys and values", 1);
const i32s = (...value: number[]): GgufValue => ({ type: "i32[]", value });
const changed = ({ metadata, tensors }: GgufContent, key: string, value: GgufValue) => ({
  name: `${key} = ${JSON.stringify(value)}`,
  bytes: encodeGguf({ metadata: { ...metadata, [key]: value }, tensors }),
});

test("more numbers are turned than a head has, none, or an odd number of them", async () => {
  const wrong = [0, HEAD + 2, HEAD - 1, 2 ** 24, 2 ** 32 - 2].map((count) => changed(rotaryModel, COUNT, u32(count)));
  for (const { uses } of await probe([...wrong, changed(rotaryModel, "gemma3.rope.dimension_count_swa", u32(HEAD + 2))])) {
    expect(uses.pair).toMatch(/^MODEL_INVALID: .*gemma3\.rope\.dimension_count(_swa)? /);
  }
});

test("sections that are longer than a head, negative or of nothing", async () => {
  const wrong = [i32s(1, 1, HEAD, 0), i32s(2 ** 31 - 1, 2 ** 31 - 1, 2, 0), i32s(4, -2, 2, 0), i32s(0, 0, 0, 0), u32(HEAD)];
  for (const { uses } of await probe(wrong.map((sections) => changed(sectionedModel, SECTIONS, sections)))) {
    expect(uses.pair).toMatch(/^MODEL_INVALID: .*qwen2vl\.rope\.dimension_sections /);
  }
});

test("heads of RWKV that its kernels run over", async () => {
  const wrong = [0, 16, 96, 2 ** 32 - 1].map((size) => changed(wkvModel, "rwkv7.wkv.head_size", u32(size)));
  for (const { uses } of await probe(wrong)) expect(uses.pair).toMatch(/^MODEL_INVALID: .*rwkv7\.wkv\.head_size /);
  const [{ uses }] = await probe([changed(wkvModel, "rwkv7.wkv.head_size", u32(64))]);
  expect(uses.pair).toBe("works");
});

test("hybrid models whose layers are all of one kind", async () => {
  const { layer, second, ...hybrid } = RECURRENT["short convolutions"];
  const alike = (parts: Shapes, heads: number) =>
    encodeGguf(
      modelOf({ ...hybrid, layer: parts, keys: { ...hybrid.keys, "attention.head_count_kv": i32s(heads, heads, heads, heads) } }, 1),
    );
  const wrong = [
    { name: "attention", bytes: alike(second, KV_HEADS) },
    { name: "convolutions", bytes: alike(layer, 0) },
  ];
  for (const { uses } of await probe(wrong)) expect(uses.pair).toMatch(/^MODEL_INVALID: .*llama\.cpp failed to decode/);
});

test("fewer are turned than a head has, as many models do", async () => {
  for (const { uses } of await probe([changed(rotaryModel, COUNT, u32(HEAD / 2)), changed(sectionedModel, SECTIONS, i32s(2, 1, 1, 0))])) {
    expect(uses.pair).toBe("works");
  }
});
