/** Models and rewards of checkpoints, and heads onto trunks: what `argsearch/import` exports. */

export { type ReadHeadOptions, readRewardHead } from "../checkpoint/head.js";
export type { RowChoice } from "../checkpoint/head-rows.js";
export { type AttachOptions, attachReward } from "../gguf/attach.js";
export type { RewardProvenance } from "../gguf/provenance.js";
export type { RewardHead } from "../gguf/reward-head.js";
export { type ConvertHfOptions, convertHf } from "./convert-hf.js";
export { type ImportOptions, importReward } from "./import-reward.js";
export { MODEL_TYPES, type ModelType } from "./model-types.js";
export { type ConvertOptOptions, type ConvertOptResult, convertOpt } from "./opt/convert-opt.js";
