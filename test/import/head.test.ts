import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findHead, readRewardHead } from "../../src/import/checkpoint/head.js";
import { causalArchitecture } from "../../src/import/checkpoint/hf-config.js";
import { writeSafetensors } from "../helpers/safetensors-writer.js";

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

  it("reads rows, bias and names", async () => {
    writeSafetensors(shard, {
      "score.weight": { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      "score.bias": { shape: [2], data: Uint16Array.of(0x3f80, 0x4000) },
    });
    const weight = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    expect(await readRewardHead(shard)).toEqual({ weight, bias: [1, 2] });
    writeFileSync(join(dir, "config.json"), JSON.stringify({ id2label: { 1: "safe", 0: "helpful" } }));
    expect(await readRewardHead(shard)).toEqual({ weight, bias: [1, 2], labels: ["helpful", "safe"] });
    writeFileSync(join(dir, "config.json"), JSON.stringify({ id2label: { 0: "LABEL_0", 1: "LABEL_1" } }));
    expect(await readRewardHead(shard)).not.toHaveProperty("labels");
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
    writeFileSync(join(dir, "config.json"), JSON.stringify({ id2label }));
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

describe("causalArchitecture()", () => {
  it.each([
    ["LlamaForSequenceClassification", "LlamaForCausalLM"],
    ["Qwen2ForRewardModel", "Qwen2ForCausalLM"],
    ["InternLM2ForRewardModel", "InternLM2ForCausalLM"],
    ["Gemma2ForTokenClassification", "Gemma2ForCausalLM"],
    ["LlamaForScore", "LlamaForCausalLM"],
    ["LlamaForRewardModelWithGating", "LlamaForCausalLM"],
    ["MistralModel", "MistralForCausalLM"],
    ["GPT2ForSequenceClassification", "GPT2LMHeadModel"],
    ["GPT2LMHeadModel", "GPT2LMHeadModel"],
    ["Phi3ForCausalLM", "Phi3ForCausalLM"],
    ["Gemma3TextForSequenceClassification", "Gemma3ForCausalLM"],
    ["Gemma3ForSequenceClassification", "Gemma3ForCausalLM"],
    ["Qwen3_5TextForSequenceClassification", "Qwen3_5ForCausalLM"],
    ["Qwen3_5MoeTextForSequenceClassification", "Qwen3_5MoeForCausalLM"],
    ["MptForSequenceClassification", "MPTForCausalLM"],
    ["MptForCausalLM", "MPTForCausalLM"],
    ["PhimoeForSequenceClassification", "PhiMoEForCausalLM"],
    ["PhimoeForCausalLM", "PhiMoEForCausalLM"],
    ["Dots3NoteTextForCausalLM", "Dots3NoteTextForCausalLM"],
    ["GPTNeoXForSequenceClassification", "GPTNeoXForCausalLM"],
    ["Starcoder2ForTokenClassification", "Starcoder2ForCausalLM"],
  ])("%s has the trunk of %s", (architecture, expected) => {
    expect(causalArchitecture({ architecture, path: "config.json" })).toBe(expected);
  });

  it("is MODEL_UNSUPPORTED where none can be told", () => {
    expect(() => causalArchitecture({ architecture: "Something", path: "config.json" })).toThrow(
      expect.objectContaining({ code: "MODEL_UNSUPPORTED" }),
    );
  });

  it.each(["OPTForSequenceClassification", "OPTForCausalLM"])("says what takes %s", (architecture) => {
    expect(() => causalArchitecture({ architecture, path: "config.json" })).toThrow(
      expect.objectContaining({ code: "MODEL_UNSUPPORTED", message: expect.stringContaining('"argsearch convert opt"') }),
    );
  });
});
