import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findHead, type ReadHeadOptions, readRewardHead } from "../../src/checkpoint/head.js";
import { writeJson } from "../helpers/json-writer.js";
import { type SafeTensor, type SafeTensors, writeSafetensors } from "../helpers/safetensors-writer.js";

const TRUNK = ["model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight", "lm_head.weight"];

describe("findHead()", () => {
  it.each([
    "score",
    "v_head.summary",
    "reward_head",
    "regression_head",
    "classifier",
    "value_head",
    "pretrained_model.v_head.summary",
    "model.score",
    "module.score",
  ])("finds %s, with and without a bias", (name) => {
    const [weight, bias] = [`${name}.weight`, `${name}.bias`];
    expect(findHead("dir", [...TRUNK, weight])).toEqual({ weight, bias: undefined, all: [weight] });
    expect(findHead("dir", [bias, ...TRUNK, weight])).toEqual({ weight, bias, all: [bias, weight] });
  });

  it("takes the named one, whatever it is called", () => {
    const names = [...TRUNK, "score.weight", "my_head.weight", "my_head.bias"];
    expect(findHead("dir", names, "my_head.weight")).toEqual({
      weight: "my_head.weight",
      bias: "my_head.bias",
      all: ["score.weight", "my_head.weight", "my_head.bias"],
    });
    expect(() => findHead("dir", names, "none.weight")).toThrow(expect.objectContaining({ code: "REWARD_HEAD_MISSING" }));
  });

  it("says when there is none, several, or one of several layers", () => {
    expect(() => findHead("dir", TRUNK)).toThrow(expect.objectContaining({ code: "REWARD_HEAD_MISSING" }));
    const several = [...TRUNK, "score.weight", "v_head.summary.weight"];
    expect(() => findHead("dir", several)).toThrow(expect.objectContaining({ message: expect.stringContaining("several heads") }));
    const deep = [...TRUNK, "score.0.weight", "score.0.bias", "score.2.weight"];
    expect(() => findHead("dir", deep)).toThrow(expect.objectContaining({ message: expect.stringContaining("several layers") }));
    const missing = expect.objectContaining({ message: expect.stringMatching(/--tensor.*"argsearch reward attach --head/) });
    expect(() => findHead("dir", TRUNK)).toThrow(missing);
  });
});

describe("readRewardHead()", () => {
  let dir: string;
  let shard: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "argsearch-head-"));
    shard = join(dir, "model-00002-of-00002.safetensors");
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const writeConfig = (config: object): void => writeJson(join(dir, "config.json"), config);
  const oneRow: SafeTensors = { "score.weight": { shape: [1, 2], data: Float32Array.of(1, 2) } };
  const twoRows: SafeTensors = {
    "score.weight": { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 6, 8) },
    "score.bias": { shape: [2], data: Uint16Array.of(0x3f80, 0x4000) },
  };
  const weight = [
    [1, 2, 3],
    [4, 6, 8],
  ];

  it("reads rows, bias and names", async () => {
    writeSafetensors(shard, twoRows);
    writeConfig({ id2label: { 1: "safe", 0: "helpful" } });
    expect(await readRewardHead(shard)).toEqual({ weight, bias: [1, 2], labels: ["helpful", "safe"] });
    expect(await readRewardHead(shard, { row: 1 })).toEqual({ weight: [[4, 6, 8]], bias: [2], labels: ["safe"] });
    expect(await readRewardHead(shard, { labels: ["a", "b"] })).toEqual({ weight, bias: [1, 2], labels: ["a", "b"] });
  });

  it.each<[string, object | undefined]>([
    ["no config.json", undefined],
    ["no names", { architectures: ["LlamaForSequenceClassification"] }],
    ["names that transformers made up", { id2label: { 0: "LABEL_0", 1: "LABEL_1" } }],
    ["names that are numbers", { id2label: { 0: "0", 1: 1 } }],
    ["the classes of one choice", { id2label: { 0: "rejected", 1: "chosen" }, problem_type: "single_label_classification" }],
  ])("asks which of two rows counts with %s", async (_, config) => {
    writeSafetensors(shard, twoRows);
    if (config !== undefined) writeConfig(config);
    const message = expect.stringMatching(/2 rows.*--row N.*--labels/);
    await expect(readRewardHead(shard)).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID", message });
    expect(await readRewardHead(shard, { row: 0 })).toMatchObject({ weight: [[1, 2, 3]], bias: [1] });
    expect(await readRewardHead(shard, { row: [1, 0] })).toEqual({ weight: [[3, 4, 5]], bias: [1] });
    expect(await readRewardHead(shard, { row: [0, 1] })).toEqual({ weight: [[-3, -4, -5]], bias: [-1] });
    expect(await readRewardHead(shard, { labels: ["no", "yes"] })).toEqual({ weight, bias: [1, 2], labels: ["no", "yes"] });
  });

  it("takes a single row as it is, whatever it is called", async () => {
    writeSafetensors(shard, oneRow);
    for (const config of [{}, { id2label: { 0: "LABEL_0" } }, { problem_type: "single_label_classification" }, { num_labels: 1 }]) {
      writeConfig(config);
      expect(await readRewardHead(shard)).toEqual({ weight: [[1, 2]] });
    }
  });

  it.each<[string, ReadHeadOptions, string]>([
    ["a row that there is not", { row: 2 }, "REWARD_HEAD_INVALID"],
    ["a second row that there is not", { row: [0, 2] }, "REWARD_HEAD_INVALID"],
    ["names for other rows", { labels: ["a", "b", "c"] }, "REWARD_HEAD_INVALID"],
    ["a name twice", { labels: ["a", "a"] }, "OPTION_INVALID"],
    ["an empty name", { labels: ["a", ""] }, "OPTION_INVALID"],
    ["no names", { labels: [] }, "OPTION_INVALID"],
    ["a row less itself", { row: [1, 1] }, "OPTION_INVALID"],
    ["a row below 0", { row: -1 }, "OPTION_INVALID"],
    ["three rows", { row: [0, 1, 2] as never }, "OPTION_INVALID"],
    ["a row's name", { row: "safe" as never }, "OPTION_INVALID"],
    ["an empty tensor name", { tensor: "" }, "OPTION_INVALID"],
  ])("refuses %s", async (_, options, code) => {
    writeSafetensors(shard, twoRows);
    await expect(readRewardHead(shard, options)).rejects.toMatchObject({ code });
  });

  it.each([[{ num_labels: 3 }], [{ id2label: { 0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2" } }]])(
    "refuses a classifier's config.json of another head: %j",
    async (config) => {
      writeSafetensors(shard, oneRow);
      writeConfig({ architectures: ["LlamaForSequenceClassification"], ...config });
      const message = expect.stringMatching(/says that the head has 3 labels, score\.weight has 1 row/);
      await expect(readRewardHead(shard)).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID", message });
      writeConfig({ architectures: ["LlamaForCausalLM"], ...config });
      expect(await readRewardHead(shard)).toEqual({ weight: [[1, 2]] });
    },
  );

  const trunk: SafeTensors = {
    "model.layers.1.mlp.up_proj.weight": { shape: [1], data: Float32Array.of(1) },
    "model.norm.weight": { shape: [2], data: Float32Array.of(1, 1) },
    "lm_head.weight": { shape: [1, 2], data: Float32Array.of(1, 1) },
  };
  const one = { shape: [1], data: Float32Array.of(1) };
  const bytes = { shape: [1], data: Uint8Array.of(1) };

  it.each([
    ["a first layer", "score.0.weight", "score.2.weight"],
    ["a dense layer before it", "classifier.dense.weight", "classifier.out_proj.weight"],
    ["another layer beside its own", "score.weight", "score.hidden.weight"],
    ["a norm in it", "score.weight", "score.norm.weight"],
    ["a norm before it", "score.weight", "score_norm.weight"],
    ["a norm before it, by a plain name", "score.weight", "norm.weight"],
    ["an activation's parameter", "score.weight", "score.activation.alpha"],
    ["a buffer that scales", "score.weight", "reward_scale"],
    ["a buffer in it", "v_head.summary.weight", "v_head.scale"],
    ["weight norm", "score.weight_g", "score.weight_v"],
    ["a parametrisation", "score.parametrizations.weight.original0", "score.parametrizations.weight.original1"],
    ["a gate", "regression_layer.weight", "gating.layers.0.weight"],
    ["a transformation", "regression_layer.weight", "reward_transform_matrix"],
    ["a second head of another name", "score.weight", "cost_head.weight"],
    ["a second head of a known name", "score.weight", "value_head.weight"],
  ])("refuses a head with %s, which would not be applied", async (_, name, other) => {
    writeSafetensors(shard, { ...trunk, ...oneRow, [name]: oneRow["score.weight"] as SafeTensor, [other]: one });
    if (name !== "score.weight") writeSafetensors(shard, { ...trunk, [name]: oneRow["score.weight"] as SafeTensor, [other]: one });
    const refused = readRewardHead(shard);
    await expect(refused).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID", message: expect.stringContaining(other) });
  });

  it.each([
    ["the last of several layers", "score.2.weight", "score.0.weight"],
    ["one with a norm", "head.out.weight", "head.norm.weight"],
    ["one whose norm lies beside it", "my_head.weight", "my_head_norm.weight"],
    ["one that a buffer scales", "score.weight", "reward_scale"],
  ])("refuses %s even when it is named", async (_, tensor, other) => {
    writeSafetensors(shard, { ...trunk, [tensor]: oneRow["score.weight"] as SafeTensor, [other]: one });
    const refused = readRewardHead(shard, { tensor });
    await expect(refused).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID", message: expect.stringContaining(other) });
  });

  it("takes the named one of two heads, and leaves the trunk alone", async () => {
    writeSafetensors(shard, { ...trunk, ...oneRow, "cost_head.weight": { shape: [1, 2], data: Float32Array.of(3, 4) } });
    expect(await readRewardHead(shard, { tensor: "cost_head.weight" })).toEqual({ weight: [[3, 4]] });
    expect(await readRewardHead(shard, { tensor: "score.weight" })).toEqual({ weight: [[1, 2]] });
    for (const norm of [
      "model.norm",
      "transformer.ln_f",
      "model.final_layernorm",
      "model.decoder.final_layer_norm",
      "gpt_neox.final_layer_norm",
    ]) {
      const layer = { "model.layers.0.w.weight": one };
      writeSafetensors(shard, { ...(norm.startsWith("model.") ? layer : {}), [`${norm}.weight`]: one, "embed_out.weight": one, ...oneRow });
      expect(await readRewardHead(shard)).toEqual({ weight: [[1, 2]] });
    }
  });

  it("knows a trunk in a wrapper of another name by its layers, and any where the head is named", async () => {
    const wrapped = { "rwtransformer.h.0.attn.c_attn.weight": one, "rwtransformer.ln_f.weight": one, "rwtransformer.wte.weight": one };
    writeSafetensors(shard, { ...wrapped, "v_head.weight": oneRow["score.weight"] as SafeTensor });
    expect(await readRewardHead(shard)).toEqual({ weight: [[1, 2]] });
    writeSafetensors(shard, { "rwtransformer.ln_f.weight": one, "v_head.weight": oneRow["score.weight"] as SafeTensor });
    await expect(readRewardHead(shard)).rejects.toMatchObject({ message: expect.stringContaining("rwtransformer.ln_f.weight") });
    expect(await readRewardHead(shard, { tensor: "v_head.weight" })).toEqual({ weight: [[1, 2]] });
  });

  it.each<[string, SafeTensors]>([
    ["bitsandbytes, 4 bit", { "score.weight": bytes, "score.weight.absmax": one, "score.weight.quant_state.bitsandbytes__nf4": bytes }],
    ["bitsandbytes, 8 bit", { "score.weight": { ...bytes, dtype: "I8" }, "score.SCB": one }],
    ["GPTQ", { "score.qweight": bytes, "score.qzeros": bytes, "score.scales": one, "score.g_idx": bytes }],
    ["FP8 with its scale", { "score.weight": { ...bytes, dtype: "F8_E4M3" }, "score.weight_scale_inv": one }],
    ["FP8 alone", { "score.weight": { shape: [1, 2], data: Uint8Array.of(1, 2), dtype: "F8_E5M2" } }],
    ["MLX", { "score.weight": { shape: [1], data: Int32Array.of(1), dtype: "U32" }, "score.scales": one, "score.biases": one }],
  ])("a head that is quantised is MODEL_UNSUPPORTED: %s", async (_, head) => {
    writeSafetensors(shard, { ...trunk, ...head });
    await expect(readRewardHead(shard)).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED", message: expect.stringContaining("quantised") });
  });

  it("applies OpenRLHF's normalisation as shift and scale", async () => {
    writeSafetensors(shard, oneRow);
    writeConfig({ mean: 1.5, std: 2, normalize_reward: true });
    expect(await readRewardHead(shard)).toEqual({ weight: [[1, 2]], shift: 1.5, scale: 2 });
    writeConfig({ mean: 1.5, std: 2, normalize_reward: false });
    expect(await readRewardHead(shard)).toEqual({ weight: [[1, 2]] });
    writeConfig({ mean: 0, std: 1 });
    expect(await readRewardHead(shard)).toEqual({ weight: [[1, 2]] });
    const buffers = { mean: { shape: [1], data: Float32Array.of(-1) }, std: { shape: [1], data: Float32Array.of(0.5) } };
    writeSafetensors(shard, { ...oneRow, ...buffers });
    writeConfig({ normalize_reward: true });
    expect(await readRewardHead(shard)).toEqual({ weight: [[1, 2]], shift: -1, scale: 0.5 });
    writeSafetensors(shard, { ...twoRows, ...buffers });
    expect(await readRewardHead(shard, { row: [1, 0] })).toEqual({ weight: [[3, 4, 5]], bias: [1], scale: 0.5 });
    expect(await readRewardHead(shard, { row: 1 })).toEqual({ weight: [[4, 6, 8]], bias: [2], shift: -1, scale: 0.5 });
  });

  it.each<[string, object, SafeTensors]>([
    ["of which nothing says whether it is applied", { mean: 1.5, std: 2 }, {}],
    ["among the tensors, of which nothing says whether it is applied", {}, { mean: one, std: { shape: [1], data: Float32Array.of(2) } }],
    ["that divides by 0", { mean: 1.5, std: 0, normalize_reward: true }, {}],
    ["of several numbers", { mean: [1, 2], std: [1, 2], normalize_reward: true }, {}],
    ["of Safe RLHF's", { do_normalize: true }, { "normalizer.mean": one, "normalizer.var": one }],
  ])("refuses a normalisation %s", async (_, config, buffers) => {
    writeSafetensors(shard, { ...oneRow, ...buffers });
    writeConfig(config);
    await expect(readRewardHead(shard)).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID" });
  });

  it("reads Safe RLHF's heads, which keep statistics that they do not apply", async () => {
    writeConfig({ architectures: ["LlamaForScore"], do_normalize: false });
    const score = { "score_head.weight": oneRow["score.weight"] as SafeTensor, "score_head.bias": one };
    writeSafetensors(shard, { ...trunk, ...score, "normalizer.mean": one, "normalizer.var": one, "normalizer.count": bytes });
    expect(await readRewardHead(shard)).toEqual({ weight: [[1, 2]], bias: [1] });
  });

  it.each([
    [
      "three names for two rows",
      { 0: "helpful", 1: "safe", 2: "terse" },
      /names 3 labels \(helpful, safe, terse\), score\.weight has 2 rows/,
    ],
    ["one name for two rows", { 0: "helpful" }, /names 1 label \(helpful\), score\.weight has 2 rows/],
    ["a name twice", { 0: "helpful", 1: "helpful" }, /"helpful" twice/],
    ["an empty name", { 0: "helpful", 1: "" }, /an empty name/],
  ])("refuses %s", async (_, id2label, message) => {
    writeSafetensors(shard, { "score.weight": { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } });
    writeJson(join(dir, "config.json"), { id2label });
    await expect(readRewardHead(shard)).rejects.toMatchObject({
      code: "REWARD_HEAD_INVALID",
      message: expect.stringMatching(message),
    });
  });

  it("takes a vector for a single row", async () => {
    writeSafetensors(shard, { w: { shape: [2], data: Float32Array.of(1, 2) } });
    expect(await readRewardHead(shard, { tensor: "w" })).toEqual({ weight: [[1, 2]] });
  });

  it.each([
    ["three dimensions", { "score.weight": { shape: [1, 1, 2], data: Float32Array.of(1, 2) } }],
    ["no rows", { "score.weight": { shape: [0, 2], data: new Float32Array() } }],
    ["a weight that is not a number", { "score.weight": { shape: [1, 2], data: Float32Array.of(1, Number.NaN) } }],
    [
      "a bias of another length",
      { "score.weight": { shape: [1, 2], data: Float32Array.of(1, 2) }, "score.bias": { shape: [2], data: Float32Array.of(1, 2) } },
    ],
  ])("refuses %s", async (_, tensors) => {
    writeSafetensors(shard, tensors);
    await expect(readRewardHead(shard)).rejects.toMatchObject({ code: "REWARD_HEAD_INVALID" });
  });
});
