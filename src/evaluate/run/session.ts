/** The models of one pair, loaded as a method needs them. */
import type { Decoder } from "../../decode/decoder.js";
import { load } from "../../decode/load.js";
import { asksPolicy } from "../../reward/ask/local.js";
import { modelPaths } from "../../reward/reward-set.js";
import { resolveTerms } from "../../reward/terms.js";
import { loadReward } from "../../score/load-reward.js";
import type { RewardModel } from "../../score/reward-model.js";
import type { IsolationOptions, ModelOptions, TokenizersOptions } from "../../types.js";
import type { ResolvedPair } from "../options.js";

/**
 * Baselines decode with the policy alone, so that nobody pays for rewards that do not guide; a reward model beside it rates
 * their responses. Guided methods have both in one decoder, which rates as well.
 */
export interface Session {
  decoder: Decoder;
  /** Null without a reward. */
  rater: Pick<RewardModel, "score"> | null;
}

export interface SessionRequest {
  pair: ResolvedPair;
  guided: boolean;
  slots: number;
  model: ModelOptions & IsolationOptions & TokenizersOptions;
  signal: AbortSignal | undefined;
}

/** Keeps one session open: the same models again are free, others replace them. */
export class Sessions {
  #open: { key: string; session: Session; models: AsyncDisposable[] } | undefined;

  /** @throws ArgsearchError as load() */
  async use(request: SessionRequest): Promise<Session> {
    const key = JSON.stringify([request.pair.label, request.pair.policy, request.guided]);
    if (this.#open?.key === key) return this.#open.session;
    await this.close();
    const models: AsyncDisposable[] = [];
    this.#open = { key, models, session: await openSession(request, models) };
    return this.#open.session;
  }

  async close(): Promise<void> {
    const models = this.#open?.models ?? [];
    this.#open = undefined;
    for (const model of models) await model[Symbol.asyncDispose]();
  }
}

/** Adds each model to `models` as it is loaded; frees them all when one fails. */
async function openSession({ pair, guided, slots, model, signal }: SessionRequest, models: AsyncDisposable[]): Promise<Session> {
  const { policy, chatTemplate, reward } = pair;
  const keep = <T extends AsyncDisposable>(loaded: T): T => {
    models.push(loaded);
    return loaded;
  };
  try {
    // Functions alone rate only inside a decoder, whose tokens they see; and an RPC server has one client at a time.
    const together = guided || (model.rpc !== undefined && model.rpc.length > 0);
    const terms = resolveTerms(reward);
    if (together || reward === null || modelPaths(terms).length === 0 || asksPolicy(terms)) {
      const decoder = keep(await load({ ...model, policy, chatTemplate, reward, slots, signal }));
      return { decoder, rater: reward === null ? null : decoder };
    }
    const decoder = keep(await load({ ...model, policy, chatTemplate, reward: null, slots, signal }));
    return { decoder, rater: keep(await loadReward({ ...model, reward, signal })) };
  } catch (error) {
    for (const loaded of models.splice(0)) await loaded[Symbol.asyncDispose]();
    throw error;
  }
}
