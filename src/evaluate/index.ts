/** The evaluation's part of the public API. */

export { evaluate } from "./evaluate.js";
export type { FileHash, RewardPrint } from "./identity.js";
export type { JudgeFailure, JudgeResult } from "./judge/judge.js";
export type { JudgeEstimate, JudgeOptions } from "./judge/options.js";
export { METHOD_NAMES, type MethodName, type MethodSettings, type MethodSpec } from "./methods.js";
export { cosine } from "./metrics/coherence.js";
export { diversity, repetition } from "./metrics/diversity.js";
export { Embedder, type EmbedderInfo, type EmbedderLoadOptions, loadEmbedder } from "./metrics/embedder.js";
export type { Metric } from "./metrics/metric.js";
export { treebankWords } from "./metrics/treebank.js";
export type { EvaluateOptions, ModelPair } from "./options.js";
export type { EvaluationProgress } from "./progress.js";
export { type ReportOptions, type WrittenReport, writeReport } from "./report/write.js";
export type { EvaluatedResponse, FailedResponse } from "./response.js";
export type { Comparison, EvaluationResults, EvaluationSettings, MethodResult, VariantInfo } from "./results.js";
export { type Estimate, estimate, type PairedTest, pairedTest } from "./statistics/resampling.js";
export { parseSweep, type Sweep, type SweptName } from "./sweep.js";
