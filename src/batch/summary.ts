import { isBan } from "../reward/ban.js";
import { Moments } from "../statistics.js";
import type { GeneratedLine } from "./lines.js";

/** Many responses in a few numbers, those of an interrupted run among them. */
export interface GenerateSummary {
  /** Responses. */
  count: number;
  /** Lines that have none, or not all of theirs. */
  failed: number;
  /** Responses that ended by themselves: with the token or a stop string that ends them. */
  ended: number;
  /** Tokens of all responses. */
  completionTokens: number;
  /** Of the rewards that there are, bans of functions left out; null without any. */
  mean: number | null;
  deviation: number | null;
}

/** What counts of a response. */
export type Counted = Pick<GeneratedLine, "line" | "number" | "reward" | "finishReason"> & {
  usage: Pick<GeneratedLine["usage"], "completionTokens">;
};

export class GenerateSummariser {
  readonly #rewards = new Moments();
  #count = 0;
  #rated = 0;
  #ended = 0;
  #tokens = 0;
  #failed = 0;

  add({ reward, finishReason, usage }: Counted): void {
    this.#count += 1;
    this.#tokens += usage.completionTokens;
    if (finishReason === "eog" || finishReason === "stop") this.#ended += 1;
    if (reward === null || isBan(reward)) return;
    this.#rated += 1;
    this.#rewards.add(reward);
  }

  fail(): void {
    this.#failed += 1;
  }

  get summary(): GenerateSummary {
    const any = this.#rated > 0;
    return {
      count: this.#count,
      failed: this.#failed,
      ended: this.#ended,
      completionTokens: this.#tokens,
      mean: any ? this.#rewards.mean : null,
      deviation: any ? this.#rewards.deviation : null,
    };
  }
}
