import { describe, expect, it } from "vitest";
import { causalArchitecture } from "../../src/checkpoint/hf-config.js";

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
