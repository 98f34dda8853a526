import type { EngineInfo } from "../engine/binding.js";
import type { Computation } from "../engine/computation.js";
import type { RewardInfo } from "../reward/reward-info.js";
import type { ScoreInput, ScoreOptions, ScoreResult } from "../types.js";

/** What a loaded reward model is made of. */
export interface RewardModelInfo {
  /** Of empty texts where servers alone rate. */
  engine: EngineInfo;
  rewards: RewardInfo[];
  /** Names of the objectives: labels of reward models and kinds of token rewards, then functions. */
  objectives: readonly string[];
  /** What each objective counts in the sum. */
  weights: readonly number[];
  /** Tokens of prompt and response together; 0 where servers alone rate, which have limits of their own. */
  contextSize: number;
  /** With which options it was loaded that its numbers depend on. */
  computation: Computation;
}

/** One reward model, or a sum of several, without a policy. Made by loadReward(). An isolated one survives its process as a Decoder does. */
export interface RewardModel extends AsyncDisposable {
  readonly info: Readonly<RewardModelInfo>;
  /** dispose() has been called. */
  readonly disposed: boolean;

  /**
   * Rewards of given responses, at every token; many inputs share batches.
   *
   * @throws ArgsearchError as Decoder.score()
   */
  score(input: ScoreInput, options?: ScoreOptions): Promise<ScoreResult>;
  /** The same for many: they share batches, and the results have their order. */
  score(inputs: readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult[]>;

  /** Ends what runs with DISPOSED and frees the memory, then resolves. Twice gives the same promise. */
  dispose(): Promise<void>;
}
