import { oneOf } from "../validate.js";

/** The formats a converted model can be written in: llama-quantize's names. A reward head stays F32 in all of them. */
export const MODEL_TYPES = [
  "f32",
  "f16",
  "bf16",
  "q8_0",
  "q6_k",
  "q5_k_m",
  "q5_k_s",
  "q5_1",
  "q5_0",
  "q4_k_m",
  "q4_k_s",
  "q4_1",
  "q4_0",
  "q3_k_m",
  "q2_k",
] as const;

/** A format of weights, one of MODEL_TYPES. */
export type ModelType = (typeof MODEL_TYPES)[number];

/** Default F16. @throws ArgsearchError OPTION_INVALID */
export function resolveType(type: unknown = "f16"): ModelType {
  return oneOf("type", type, MODEL_TYPES);
}
