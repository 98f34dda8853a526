/** The formats a converted model can be written in, and the last steps to its file. */
import { rm } from "node:fs/promises";
import { attachReward, writeAside } from "../attach.js";
import { binding } from "../binding.js";
import { native } from "../border.js";
import type { RewardProvenance } from "../provenance.js";
import type { RewardHead } from "../reward-head.js";
import { defaultThreads } from "../threads.js";

/** llama.cpp's names, as llama-quantize has them. */
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

export type ModelType = (typeof MODEL_TYPES)[number];

/** A GGUF under a temporary name. Whoever holds it removes it. */
export interface Draft {
  path: string;
  /** The type it is written in. */
  type: ModelType;
}
