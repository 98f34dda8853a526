/** Reward-guided decoding (ARGS) on llama.cpp. */

export type { PreferencePair } from "./data/pair-formats.js";
export {
  type DataSource,
  type Numbered,
  PAIR_FORMAT_NAMES,
  type PairFormat,
  type PromptFormat,
  type ReadOptions,
  readPairs,
  readPrompts,
  readScorables,
  SCORABLE_FORMAT_NAMES,
  type ScorableFormat,
} from "./data/read.js";
export type { ScorableText } from "./data/text-formats.js";
export type { Decoder, DecoderInfo } from "./decode/decoder.js";
export { load } from "./decode/load.js";
export type { CacheBytes, EngineInfo, GgufScalar, ModelInfo, SearchCounters } from "./engine/binding.js";
export { type Device, devices, type TriedDevice, type TryDevicesOptions, tryDevices } from "./engine/devices.js";
export { type Logger, type LogLevel, setLogger } from "./engine/logger.js";
export { ArgsearchError, ERROR_CODES, type ErrorCode } from "./errors.js";
export * from "./evaluate/index.js";
export type { BadLine } from "./files/json-lines.js";
export type { PlaceAccuracy } from "./fit/fit-head.js";
export { fitReward } from "./fit/fit-reward.js";
export type { BadPair, FitOptions, FitProgress, FitResult, PairSource } from "./fit/options.js";
export { type AttachOptions, attachReward } from "./gguf/attach.js";
export { type GgufSummary, inspect, type RewardHeadSummary } from "./gguf/inspect.js";
export type { RewardProvenance } from "./gguf/provenance.js";
export type { RewardHead } from "./gguf/reward-head.js";
export { type ReadHeadOptions, readRewardHead } from "./import/checkpoint/head.js";
export type { RowChoice } from "./import/checkpoint/head-rows.js";
export { type ConvertHfOptions, convertHf } from "./import/convert-hf.js";
export { type ImportOptions, importReward } from "./import/import-reward.js";
export { MODEL_TYPES, type ModelType } from "./import/model-types.js";
export { type ConvertOptOptions, type ConvertOptResult, convertOpt } from "./import/opt/convert-opt.js";
export type { EngineDeath } from "./isolate/failures.js";
export { EMBEDDED } from "./model/embedded.js";
export { type ScoreFileOptions, scoreFile } from "./score/file.js";
export { type ScoredLine, type ScoredPair, type ScoredText, type ScoreLinesOptions, scoreLines } from "./score/lines.js";
export { loadReward } from "./score/load-reward.js";
export type { RewardModel, RewardModelInfo } from "./score/reward-model.js";
export type { ScoreSummary } from "./score/summary.js";
export type { Histogram, Interval } from "./statistics.js";
export type * from "./types.js";
