/** Is it any good: what `argsearch/eval` exports. */

export type { Pooling } from "../engine/binding.js";
export { evaluate } from "./evaluate.js";
export type { FileHash, Identity as EvaluationIdentity, RewardPrint } from "./identity.js";
export type { JudgeFailure, JudgeResult } from "./judge/judge.js";
export type { JudgeEstimate, JudgeOptions } from "./judge/options.js";
export { type MergeOptions, mergeEvaluations } from "./merge.js";
export { DEFAULT_METHODS, METHOD_NAMES, type MethodName, type MethodSettings, type MethodSpec } from "./methods.js";
export { cosine } from "./metrics/coherence.js";
export { diversity, repetition } from "./metrics/diversity.js";
export { Embedder, type EmbedderInfo, type EmbedderLoadOptions, loadEmbedder } from "./metrics/embedder.js";
export type { Metric } from "./metrics/metric.js";
export { treebankWords } from "./metrics/treebank.js";
export type { EvaluateOptions, Generation as EvaluationGeneration, ModelPair } from "./options.js";
export type { EvaluationProgress } from "./progress.js";
export type { PromptSource } from "./prompts.js";
export { type ReportOptions, type WrittenReport, writeReport } from "./report/write.js";
export type { EvaluatedResponse, FailedResponse } from "./response.js";
export type {
  Comparison,
  Description as EvaluationDescription,
  EvaluationResults,
  EvaluationSettings,
  MethodResult,
  VariantInfo,
} from "./results.js";
export type { JudgeRewardOptions } from "./reward-judge/options.js";
export type { JudgeRewardResult } from "./reward-judge/result.js";
export { type Estimate, estimate, type PairedTest, pairedTest } from "./statistics/resampling.js";
export { parseSweep, type Sweep, type Swept, type SweptName } from "./sweep.js";
export type { BoundCheck, BoundName, TuneBounds } from "./tune/bounds.js";
export type { TuneCandidate, TunePoint } from "./tune/choose.js";
export type { CommonSettings, TuneOptions } from "./tune/options.js";
export { type TuneReportOptions, writeTuneReport } from "./tune/report.js";
export { type TuneResult, tune } from "./tune/tune.js";
