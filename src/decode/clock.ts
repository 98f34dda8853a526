import { performance } from "node:perf_hooks";
import type { Timings } from "../types.js";
import type { Chosen } from "./chooser.js";

/** Milliseconds that the prompt took, and of them in the policy and in the reward models. */
export interface Prefill {
  total: number;
  policyMs: number;
  rewardMs: number;
}

/** Adds up the time of one response's steps. */
export class Clock {
  readonly #prefill: Prefill;
  #policy = 0;
  #reward = 0;
  #steps = 0;

  constructor(prefill: Prefill) {
    this.#prefill = prefill;
  }

  async time<T extends Partial<Pick<Chosen, "policyMs" | "rewardMs">> | undefined>(choose: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const chosen = await choose();
    this.#steps += performance.now() - started;
    this.#policy += chosen?.policyMs ?? 0;
    this.#reward += chosen?.rewardMs ?? 0;
    return chosen;
  }

  /** `load`: milliseconds that loading took; `tokens`: the response's. */
  timings(load: number, tokens: number): Timings {
    return {
      load,
      prefill: this.#prefill.total,
      policyPrefill: this.#prefill.policyMs,
      rewardPrefill: this.#prefill.rewardMs,
      policy: this.#policy,
      reward: this.#reward,
      other: Math.max(0, this.#steps - this.#policy - this.#reward),
      total: this.#prefill.total + this.#steps,
      tokensPerSecond: this.#steps > 0 ? (tokens * 1000) / this.#steps : 0,
    };
  }
}
