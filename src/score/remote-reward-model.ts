/** Rewards of servers alone, or with functions: nothing is loaded here. */
import { throwIfAborted } from "../engine/abort.js";
import { NO_COMPUTATION, NO_ENGINE } from "../remote/model-info.js";
import { functionTerms } from "../reward/reward-set.js";
import type { ScoreInput, ScoreOptions, ScoreResult } from "../types.js";
import { disposedError } from "./disposed.js";
import { type ResolvedRewardLoad, resolveScore } from "./options.js";
import type { RewardModel, RewardModelInfo } from "./reward-model.js";
import { WholeScorer } from "./whole-scorer.js";

export class RemoteRewardModel implements RewardModel {
  readonly info: Readonly<RewardModelInfo>;
  readonly #scorer: WholeScorer;
  readonly #closing = new AbortController();

  constructor({ terms }: Pick<ResolvedRewardLoad, "terms">) {
    const functions = functionTerms(terms);
    this.#scorer = new WholeScorer({ models: undefined, functions, format: undefined, closing: this.#closing.signal });
    const { objectives, weights } = this.#scorer.sums;
    this.info = { engine: NO_ENGINE, rewards: [], objectives, weights, contextSize: 0, computation: NO_COMPUTATION };
  }

  get disposed(): boolean {
    return this.#closing.signal.aborted;
  }

  score(input: ScoreInput, options?: ScoreOptions): Promise<ScoreResult>;
  score(inputs: readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult[]>;
  async score(input: ScoreInput | readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult | ScoreResult[]> {
    if (this.disposed) throw disposedError();
    const resolved = resolveScore(options);
    throwIfAborted(resolved.signal);
    if (Array.isArray(input)) return this.#scorer.score(input as readonly ScoreInput[], resolved);
    const [result] = await this.#scorer.score([input as ScoreInput], resolved);
    if (result === undefined) throw new Error("one input must give one result");
    return result;
  }

  async dispose(): Promise<void> {
    if (!this.disposed) this.#closing.abort(disposedError());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
