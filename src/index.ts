/** Reward-guided decoding (ARGS) on llama.cpp. */

export { type GenerateFileOptions, generateFile } from "./batch/file.js";
export { type GeneratedLine, generateLines } from "./batch/lines.js";
export { mergeResponses } from "./batch/merge.js";
export type { GenerateLinesOptions } from "./batch/options.js";
export type { GenerateSummary } from "./batch/summary.js";
export type { PreferencePair } from "./data/pair-formats.js";
export {
  type DataSource,
  type Numbered,
  type NumberedRecord,
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
export { readSettings, type SettingsFile, type SettingsModel } from "./decode/settings-file.js";
export type { CacheBytes, Device, EngineInfo, GgufScalar, HeadInfo, ModelInfo, SearchCounters } from "./engine/binding.js";
export type { Computation } from "./engine/computation.js";
export { devices, type TriedDevice, type TryDevicesOptions, tryDevices } from "./engine/devices.js";
export { type Logger, type LogLevel, setLogger } from "./engine/logger.js";
export type { TrialOutcome } from "./engine/trial.js";
export { ArgsearchError, ERROR_CODES, type ErrorCode, type ErrorDetails, type ErrorFigures, type ErrorJson } from "./errors.js";
export type { BadLine } from "./files/json-lines.js";
export { type GgufSummary, inspect, type RewardHeadSummary } from "./gguf/inspect.js";
export type { EngineDeath } from "./isolate/failures.js";
export { EMBEDDED } from "./model/embedded.js";
export { type BannedWordsOptions, bannedWords } from "./reward/ready-made/banned-words.js";
export { type LengthTargetOptions, lengthTarget } from "./reward/ready-made/length-target.js";
export { matches } from "./reward/ready-made/matches.js";
export { type NoRepeatOptions, noRepeat } from "./reward/ready-made/no-repeat.js";
export type { RewardInfo } from "./reward/reward-info.js";
export { type ScoreFileOptions, scoreFile } from "./score/file.js";
export { type ScoredLine, type ScoredPair, type ScoredText, type ScoreLinesOptions, scoreLines } from "./score/lines.js";
export { loadReward } from "./score/load-reward.js";
export { mergeScores } from "./score/merge.js";
export type { RewardModel, RewardModelInfo } from "./score/reward-model.js";
export type { Scores } from "./score/scores.js";
export type { ScoreSummary } from "./score/summary.js";
export type { Histogram, Interval } from "./statistics.js";
export type * from "./types.js";
