import type { EngineInfo, ModelInfo } from "../engine/binding.js";
import { chooseEngine } from "../engine/choice.js";
import { type Computation, computationOf } from "../engine/computation.js";
import { ArgsearchError } from "../errors.js";
import { loadModels, requireSameVocabulary } from "../model/load-models.js";
import type { Model } from "../model/model.js";
import { contextFor } from "../model/options.js";
import { modelFiles, RewardSet } from "../reward/reward-set.js";
import type { RewardLoadOptions, ScoreInput, ScoreOptions, ScoreResult } from "../types.js";
import { resolveRewardLoad, resolveScore } from "./options.js";
import { Scorer, type ScorerParts } from "./scorer.js";

/** What a loaded reward model is made of. */
export interface RewardModelInfo {
  engine: EngineInfo;
  rewards: ModelInfo[];
  /** Names of the objectives: labels of reward models, then functions. */
  objectives: readonly string[];
  /** What each objective counts in the sum. */
  weights: readonly number[];
  contextSize: number;
  /** With which options it was loaded that its numbers depend on. */
  computation: Computation;
}

interface RewardModelParts
  extends Pick<RewardModelInfo, "engine" | "computation">,
    Pick<ScorerParts, "rewards" | "tokenizer" | "context"> {}

/** One reward model, or a sum of several, without a policy. Made by loadReward(). */
export class RewardModel implements AsyncDisposable {
  readonly info: Readonly<RewardModelInfo>;
  readonly #scorer: Scorer;
  readonly #models: readonly Model[];
  readonly #closing = new AbortController();
  #disposal: Promise<void> | undefined;

  /** @internal Use loadReward(). */
  constructor({ engine, computation, rewards, tokenizer, context }: RewardModelParts) {
    this.#models = rewards.sources.map(({ model }) => model);
    this.#scorer = new Scorer({ tokenizer, rewards, context, closing: this.#closing.signal });
    this.info = {
      engine,
      rewards: this.#models.map(({ info }) => info),
      objectives: rewards.objectives,
      weights: rewards.weights,
      contextSize: context.contextSize,
      computation,
    };
  }

  /** dispose() has been called. */
  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  /**
   * Rewards of given responses, at every token; many inputs share batches.
   *
   * @throws ArgsearchError as Decoder.score()
   */
  score(input: ScoreInput, options?: ScoreOptions): Promise<ScoreResult>;
  score(inputs: readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult[]>;
  async score(input: ScoreInput | readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult | ScoreResult[]> {
    if (this.disposed) throw disposedError();
    return this.#scorer.scoreOneOrMany(input, resolveScore(options));
  }

  /** Ends what runs with DISPOSED and frees the memory, then resolves. Twice gives the same promise. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  /** dispose(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #dispose(): Promise<void> {
    this.#closing.abort(disposedError());
    try {
      await this.#scorer.dispose();
    } finally {
      for (const model of new Set(this.#models)) model.dispose();
    }
  }
}

function disposedError(): ArgsearchError {
  return new ArgsearchError("DISPOSED", "the reward model has been disposed of: loadReward() another");
}

/**
 * Loads reward models alone, to score; without options, the embedded one.
 *
 * @throws ArgsearchError as load()
 */
export async function loadReward(options?: RewardLoadOptions): Promise<RewardModel> {
  const resolved = resolveRewardLoad(options);
  const { engine, gpu } = await chooseEngine(resolved, resolved.signal);
  const models = await loadModels(modelFiles(resolved.terms), { ...resolved, gpu });
  try {
    const [first] = models;
    if (first === undefined) throw new Error("no reward model was loaded");
    for (const model of models) requireSameVocabulary(first, model);
    const rewards = new RewardSet(resolved.terms, models);
    const context = contextFor(
      resolved,
      models.map(({ info }) => info),
    );
    for (const model of models) model.room = context.contextSize;
    return new RewardModel({ engine, computation: computationOf(resolved, gpu), rewards, tokenizer: first, context });
  } catch (error) {
    for (const model of new Set(models)) model.dispose();
    throw error;
  }
}
