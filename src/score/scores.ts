import type { EngineInfo, ModelInfo } from "../engine/binding.js";
import type { Computation } from "../engine/computation.js";
import type { RewardInfo } from "../reward/reward-info.js";
import type { ScoreInput, ScoreOptions, ScoreResult } from "../types.js";

/** What rates texts: a RewardModel, or a Decoder with its rewards. */
export interface Scores {
  readonly info: {
    /** Of a decoder. */
    readonly policy?: ModelInfo | undefined;
    readonly rewards: readonly RewardInfo[];
    /** Names of the objectives: labels of reward models and kinds of token rewards, then functions. */
    readonly objectives: readonly string[];
    /** What each objective counts in the sum. */
    readonly weights: readonly number[];
    readonly contextSize: number;
    readonly engine: EngineInfo;
    readonly computation: Computation;
  };
  /** As Decoder.score(). */
  score(inputs: readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult[]>;
}
