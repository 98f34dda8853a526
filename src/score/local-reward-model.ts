import { chooseEngine } from "../engine/choice.js";
import { computationOf } from "../engine/computation.js";
import { loadModels } from "../model/load-models.js";
import type { Model } from "../model/model.js";
import { contextFor } from "../model/options.js";
import { Judges, judgeFiles } from "../reward/ask/judges.js";
import { modelFiles, RewardSet } from "../reward/reward-set.js";
import { foreignModels } from "../reward/vocabularies.js";
import type { ScoreInput, ScoreOptions, ScoreResult } from "../types.js";
import { disposedError } from "./disposed.js";
import { type ResolvedRewardLoad, resolveScore } from "./options.js";
import type { RewardModel, RewardModelInfo } from "./reward-model.js";
import type { ScorerParts } from "./rows.js";
import { Scorer } from "./scorer.js";

interface RewardModelParts extends Pick<RewardModelInfo, "engine" | "computation">, Pick<ScorerParts, "rewards" | "tokenizer" | "context"> {
  judges: Judges;
}

/** One in this process. */
export class LocalRewardModel implements RewardModel {
  readonly info: Readonly<RewardModelInfo>;
  readonly #scorer: Scorer;
  readonly #models: readonly Model[];
  readonly #judges: Judges;
  readonly #closing = new AbortController();
  #disposal: Promise<void> | undefined;

  constructor({ engine, computation, rewards, tokenizer, context, judges }: RewardModelParts) {
    this.#models = rewards.readers;
    this.#judges = judges;
    this.#scorer = new Scorer({ tokenizer, rewards, context, closing: this.#closing.signal });
    this.info = {
      engine,
      rewards: rewards.infos,
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
      await this.#judges.dispose();
    } finally {
      for (const model of new Set([...this.#models, ...this.#judges.models])) model.dispose();
    }
  }
}

/** Into this process. @throws ArgsearchError as loadReward() */
export async function loadRewardLocal(resolved: ResolvedRewardLoad): Promise<LocalRewardModel> {
  const files = modelFiles(resolved.terms);
  const asked = judgeFiles(resolved.terms);
  const { engine, gpu } = await chooseEngine(resolved, resolved.signal);
  const all = await loadModels([...files, ...asked], { ...resolved, gpu });
  try {
    const [models, judgeModels] = [all.slice(0, files.length), all.slice(files.length)];
    // Where there are questions alone, who is asked cuts responses.
    const [tokenizer] = all;
    if (tokenizer === undefined) throw new Error("no reward model was loaded");
    const own = new RewardSet(resolved.terms, models);
    const foreign = foreignModels(tokenizer, own.sources, resolved.tokenizers);
    const read = models.length > 0 ? models : judgeModels;
    const context = contextFor(
      resolved,
      read.map(({ info }) => info),
    );
    for (const model of own.readers) model.room = context.contextSize;
    const judges = await Judges.open(resolved.terms, judgeModels, { load: resolved, contextSize: context.contextSize, slots: 1 });
    const rewards = new RewardSet(judges.terms, models, undefined, foreign);
    return new LocalRewardModel({ engine, computation: computationOf(resolved, gpu), rewards, tokenizer, context, judges });
  } catch (error) {
    for (const model of new Set(all)) model.dispose();
    throw error;
  }
}
