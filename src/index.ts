/** Reward-guided decoding (ARGS) on llama.cpp. */
export { type AttachOptions, attachReward } from "./attach.js";
export type { CacheBytes, EngineInfo, GgufScalar, ModelInfo, SearchCounters } from "./binding.js";
export type { BadLine } from "./data/json-lines.js";
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
export { Decoder, type DecoderInfo } from "./decoder.js";
export { type Device, devices } from "./devices.js";
export { EMBEDDED } from "./embedded.js";
export { ArgsearchError, ERROR_CODES, type ErrorCode } from "./errors.js";
export * from "./evaluate/index.js";
export type { PlaceAccuracy } from "./fit/fit-head.js";
export { fitReward } from "./fit/fit-reward.js";
export type { BadPair, FitOptions, FitProgress, FitResult, PairSource } from "./fit/options.js";
export { type GgufSummary, inspect, type RewardHeadSummary } from "./gguf.js";
export { type ConvertHfOptions, convertHf } from "./import/convert-hf.js";
export { type ConvertOptOptions, type ConvertOptResult, convertOpt } from "./import/convert-opt.js";
export { type ReadHeadOptions, readRewardHead } from "./import/head.js";
export { type ImportOptions, importReward } from "./import/import-reward.js";
export { MODEL_TYPES, type ModelType } from "./import/model-types.js";
export { load } from "./load.js";
export { type Logger, type LogLevel, setLogger } from "./logger.js";
export type { RewardProvenance } from "./provenance.js";
export type { RewardHead } from "./reward-head.js";
export { loadReward, RewardModel, type RewardModelInfo } from "./reward-model.js";
export { type ScoreFileOptions, scoreFile } from "./score/file.js";
export { type ScoredLine, type ScoredPair, type ScoredText, type ScoreLinesOptions, scoreLines } from "./score/lines.js";
export type { ScoreSummary } from "./score/summary.js";
export type { Histogram, Interval } from "./statistics.js";
export type * from "./types.js";
