/** The shape of an OPT model, out of its config.json. https://arxiv.org/abs/2205.01068 */

import type { HfConfig } from "../../checkpoint/hf-config.js";
import { ArgsearchError } from "../../errors.js";

export interface OptShape {
  layers: number;
  /** Length of the residual stream and of a token's embedding. */
  embedding: number;
  heads: number;
  feedForward: number;
  /** Positions, without the two that OPT's table has before the first. */
  context: number;
  vocabulary: number;
  bos: number;
  eos: number;
  pad: number;
}

/** @throws ArgsearchError MODEL_UNSUPPORTED for another architecture, or an OPT that the mpt architecture cannot express; INPUT_INVALID */
export function optShape({ architecture, json, path }: HfConfig): OptShape {
  if (!/^OPT(ForCausalLM|ForSequenceClassification|Model)$/.test(architecture)) {
    throw new ArgsearchError("MODEL_UNSUPPORTED", `${path} describes ${architecture}: only OPT models are converted here`);
  }
  const read = (key: string, fallback?: number): number => {
    const value = json[key] ?? fallback;
    if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
    throw new ArgsearchError("INPUT_INVALID", `${path}: ${key} is not a whole number`);
  };
  const shape = {
    layers: read("num_hidden_layers"),
    embedding: read("hidden_size"),
    heads: read("num_attention_heads"),
    feedForward: read("ffn_dim"),
    context: read("max_position_embeddings"),
    vocabulary: read("vocab_size"),
    bos: read("bos_token_id", 2),
    eos: read("eos_token_id", 2),
    pad: read("pad_token_id", 1),
  };
  const projection = read("word_embed_proj_dim", shape.embedding);
  const unlike = [
    [projection !== shape.embedding, `embeddings of ${projection} numbers beside a hidden state of ${shape.embedding}`],
    [json.do_layer_norm_before === false, "layer norms behind the blocks"],
    [json._remove_final_layer_norm === true, "no final layer norm"],
    [(json.activation_function ?? "relu") !== "relu", `the activation ${String(json.activation_function)}`],
    [json.enable_bias === false || json.layer_norm_elementwise_affine === false, "layers without biases"],
  ] as const;
  const reasons = unlike.filter(([differs]) => differs).map(([, what]) => what);
  if (reasons.length === 0) return shape;
  const sizes = "opt-125m, 1.3b, 2.7b, 6.7b and larger fit, opt-350m does not";
  throw new ArgsearchError("MODEL_UNSUPPORTED", `${path}: llama.cpp's mpt architecture cannot express ${reasons.join(", ")} (${sizes})`);
}
