/** Reward models whose engine runs in a process of its own. */
import { type EngineMethods, IsolatedEngine } from "../engine/isolated.js";
import type { ResolvedIsolation } from "../isolate/options.js";
import { specsOf, withoutFunctions } from "../reward/remote-functions.js";
import type { RewardFunction, RewardLoadOptions, ScoreInput, ScoreOptions, ScoreResult } from "../types.js";
import { disposedError } from "./disposed.js";
import type { ResolvedRewardLoad, ResolvedScore } from "./options.js";
import type { RewardModel, RewardModelInfo } from "./reward-model.js";
import { scoreRemotely } from "./score-remotely.js";

/** Its name in the table of src/child.ts. */
export const REWARD_MODEL = "reward model";

export interface RewardModelMethods extends EngineMethods {
  score(inputs: readonly ScoreInput[], options: ScoreOptions): Promise<ScoreResult[]>;
}

type Engine = IsolatedEngine<RewardModelMethods, RewardModelInfo>;

/** @throws ArgsearchError as loadReward() */
export async function loadRewardIsolated(
  options: RewardLoadOptions,
  { signal, onProgress, terms }: ResolvedRewardLoad,
  isolation: ResolvedIsolation,
): Promise<RewardModel> {
  const { signal: _signal, onProgress: _onProgress, isolate: _isolate, ...data } = options;
  const { reward, functions } = withoutFunctions(specsOf(data.reward, terms));
  const request = { object: REWARD_MODEL, options: { ...data, reward }, isolation };
  return new IsolatedRewardModel(await IsolatedEngine.open(request, { signal, onProgress }), functions);
}

/** score() awaits what it returns: a model that nobody else holds lives as long as its calls. */
class IsolatedRewardModel implements RewardModel {
  readonly #engine: Engine;
  readonly #functions: readonly RewardFunction[];
  readonly #closing = new AbortController();
  #disposal: Promise<void> | undefined;

  constructor(engine: Engine, functions: readonly RewardFunction[]) {
    this.#engine = engine;
    this.#functions = functions;
    engine.endWith(this);
  }

  get info(): Readonly<RewardModelInfo> {
    return this.#engine.info;
  }

  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  score(input: ScoreInput, options?: ScoreOptions): Promise<ScoreResult>;
  score(inputs: readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult[]>;
  async score(input: ScoreInput | readonly ScoreInput[], options?: ScoreOptions): Promise<ScoreResult | ScoreResult[]> {
    if (this.disposed) throw disposedError();
    const callOf = ({ template, rewardAt }: ResolvedScore) => ({ template, rewardAt, closing: this.#closing.signal });
    return await scoreRemotely(this.#engine, this.#functions, input, options, callOf);
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  #dispose(): Promise<void> {
    const error = disposedError();
    this.#closing.abort(error);
    return this.#engine.dispose(error);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
