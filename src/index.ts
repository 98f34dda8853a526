/** Reward-guided decoding (ARGS) on llama.cpp. */
export { type AttachOptions, attachReward } from "./attach.js";
export type { CacheBytes, EngineInfo, GgufScalar, ModelInfo, SearchCounters } from "./binding.js";
export { Decoder, type DecoderInfo } from "./decoder.js";
export { type Device, devices } from "./devices.js";
export { EMBEDDED } from "./embedded.js";
export { ArgsearchError, ERROR_CODES, type ErrorCode } from "./errors.js";
export { type GgufSummary, inspect, type RewardHeadSummary } from "./gguf.js";
export { load } from "./load.js";
export { type Logger, type LogLevel, setLogger } from "./logger.js";
export type { RewardHead } from "./reward-head.js";
export { loadReward, RewardModel, type RewardModelInfo } from "./reward-model.js";
export type * from "./types.js";
