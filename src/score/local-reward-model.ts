import { chooseEngine } from "../engine/choice.js";
import { computationOf } from "../engine/computation.js";
import { loadModels } from "../model/load-models.js";
import type { Model } from "../model/model.js";
import { contextFor } from "../model/options.js";
import { foreignModels } from "../model/vocabularies.js";
import { modelFiles, RewardSet } from "../reward/reward-set.js";
import type { ScoreInput, ScoreOptions, ScoreResult } from "../types.js";
import { disposedError } from "./disposed.js";
import { type ResolvedRewardLoad, resolveScore } from "./options.js";
import type { RewardModel, RewardModelInfo } from "./reward-model.js";
import { Scorer, type ScorerParts } from "./scorer.js";

interface RewardModelParts
  extends Pick<RewardModelInfo, "engine" | "computation">,
    Pick<ScorerParts, "rewards" | "tokenizer" | "context"> {}

/** One in this process. */
export class LocalRewardModel implements RewardModel {
  readonly info: Readonly<RewardModelInfo>;
  readonly #scorer: Scorer;
  readonly #models: readonly Model[];
  readonly #closing = new AbortController();
  #disposal: Promise<void> | undefined;

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

  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  score(input: ScoreInput, options?: ScoreOptions): Promise<ScoreResult>;
  score(inputs: readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult[]>;
  async score(input: ScoreInput | readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult | ScoreResult[]> {
    if (this.disposed) throw disposedError();
    return this.#scorer.scoreOneOrMany(input, resolveScore(options));
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

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

/** Into this process. @throws ArgsearchError as loadReward() */
export async function loadRewardLocal(resolved: ResolvedRewardLoad): Promise<LocalRewardModel> {
  const { engine, gpu } = await chooseEngine(resolved, resolved.signal);
  const models = await loadModels(modelFiles(resolved.terms), { ...resolved, gpu });
  try {
    const [first] = models;
    if (first === undefined) throw new Error("no reward model was loaded");
    const rewards = new RewardSet(resolved.terms, models, foreignModels(first, models, resolved.tokenizers));
    const context = contextFor(
      resolved,
      models.map(({ info }) => info),
    );
    for (const model of models) model.room = context.contextSize;
    return new LocalRewardModel({ engine, computation: computationOf(resolved, gpu), rewards, tokenizer: first, context });
  } catch (error) {
    for (const model of new Set(models)) model.dispose();
    throw error;
  }
}
