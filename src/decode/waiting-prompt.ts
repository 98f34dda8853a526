/** A prompt on its way into its slot: what is decoded of it, and what it has in common with others. */
import type { BeginOptions, BeginResult, NativeCancel } from "../engine/binding.js";
import { commonPrefix } from "../model/common-prefix.js";

/** How a prompt ends. */
export type Outcome = { result: BeginResult } | { error: unknown };

/** What each model reads of a prompt before its first step, the policy first. */
export type Readings = readonly Int32Array[];

export class WaitingPrompt {
  readonly readings: Readings;
  begun = false;
  /** Tokens of each reading that its slot holds; before begin(), those that it is thought to find. */
  #held: number[];
  #decoded = 0;

  constructor(
    readonly slot: number,
    readonly options: BeginOptions,
    readonly cancel: NativeCancel,
    readonly settle: (outcome: Outcome) => void,
    leavesLast: readonly boolean[] = [],
  ) {
    const { policyTokens, rewardTokens, gate } = options;
    // Where rewards are predicted, the reward model leaves the last token to the first step, as the policy does.
    const predicted = gate.kind === "predicted" || gate.kind === "predictedOnly";
    const held = (tokens: Int32Array, model: number) => tokens.subarray(0, predicted || leavesLast[model + 1] ? -1 : undefined);
    this.readings = [policyTokens.subarray(0, -1), ...(rewardTokens ?? []).map(held)];
    this.#held = this.readings.map(() => 0);
  }

  /** The model that reads on; -1: none. */
  get model(): number {
    return this.readings.findIndex((_, model) => this.#missing(model) > 0);
  }

  /** Tokens that are still to be decoded, all models' together. */
  get left(): number {
    return this.readings.reduce((sum, _, model) => sum + this.#missing(model), 0);
  }

  held(model: number): number {
    return this.#held[model] ?? 0;
  }

  /** Tokens that both begin with, as this model reads them. */
  common(other: Readings, model: number): number {
    return commonPrefix(this.readings[model] ?? [], other[model] ?? []);
  }

  /** begin() will find as much of it as these have in common with it. */
  expect(found: Readings): void {
    this.#held = this.#held.map((held, model) => Math.max(held, this.common(found, model)));
  }

  /** Returns how many tokens this part has decoded. */
  advance({ policyCached, policyDecoded, rewardCached, rewardDecoded }: BeginResult): number {
    const decoded = [policyDecoded, ...rewardDecoded];
    this.#held = [policyCached, ...rewardCached].map((cached, model) => cached + (decoded[model] ?? 0));
    this.begun = true;
    const before = this.#decoded;
    this.#decoded = decoded.reduce((sum, tokens) => sum + tokens, 0);
    return this.#decoded - before;
  }

  #missing(model: number): number {
    return Math.max(0, (this.readings[model]?.length ?? 0) - this.held(model));
  }
}
