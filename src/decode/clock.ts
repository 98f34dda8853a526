import { performance } from "node:perf_hooks";
import type { Timings } from "../types.js";
import type { Chosen } from "./chooser.js";

/** Adds up the time of one response's steps. */
export class Clock {
  readonly #prefill: number;
  #policy = 0;
  #reward = 0;
  #steps = 0;

  /** `prefill`: milliseconds the prompt took. */
  constructor(prefill: number) {
    this.#prefill = prefill;
  }

  async time(choose: () => Promise<Chosen | undefined>): Promise<Chosen | undefined> {
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
      prefill: this.#prefill,
      policy: this.#policy,
      reward: this.#reward,
      total: this.#prefill + this.#steps,
      tokensPerSecond: this.#steps > 0 ? (tokens * 1000) / this.#steps : 0,
    };
  }
}
