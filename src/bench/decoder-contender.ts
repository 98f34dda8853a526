/** A mode as a contender. */
import { performance } from "node:perf_hooks";
import type { Decoder } from "../decode/decoder.js";
import { isGuided } from "../decode/method-defaults.js";
import type { GenerateOptions, GenerateResult, Prompt } from "../types.js";
import type { OpenMode } from "./decoders.js";
import type { Contender, Sample } from "./rounds.js";

/** What all contenders of a round decode. */
export interface RoundInput {
  /** The same in rounds that decode the same. */
  id: number;
  /** One a slot. */
  prompts: readonly Prompt[];
  /** Tokens that plain ARGS, the reference, answers them with. */
  reference: readonly (readonly number[])[];
}

export class DecoderContender implements Contender<RoundInput> {
  readonly name: string;
  readonly #decoder: Decoder;
  readonly #options: GenerateOptions;

  constructor({ mode, decoder, options }: OpenMode) {
    this.name = mode.title;
    this.#decoder = decoder;
    this.#options = options;
  }

  /** Prompts into the caches: measured is decoding. */
  async prepare({ prompts }: RoundInput): Promise<void> {
    await this.#decoder.generateAll(prompts, { ...this.#options, maxTokens: 1 });
  }

  async measure({ prompts }: RoundInput): Promise<Sample> {
    const started = performance.now();
    const results = await this.#decoder.generateAll(prompts, this.#options);
    return sampleOf(results, performance.now() - started, isGuided(this.#options.method ?? "args"));
  }
}

/** `wall`: milliseconds of the call. */
export function sampleOf(results: readonly GenerateResult[], wall: number, rates: boolean): Sample {
  const tokens = results.reduce((sum, result) => sum + result.tokens.length, 0);
  const [only] = results;
  // Of one response its own clock, which leaves out what is left of the prompt; several overlap.
  const ms = (results.length === 1 && only !== undefined ? only.timings.total - only.timings.prefill : wall) / tokens;
  const a = (part: "policy" | "reward"): number => results.reduce((sum, { timings }) => sum + timings[part], 0) / tokens;
  const parts = { policy: a("policy"), reward: a("reward") };
  return {
    ms,
    parts: { ...parts, rest: ms - parts.policy - parts.reward },
    tokens: results.map((result) => result.tokens),
    ...(rates && { rated: results.reduce((sum, { rewards }) => sum + ratedIn(rewards), 0) / tokens }),
  };
}

/** Steps with a reward: a gate may leave one without. */
function ratedIn(rewards: readonly (number | null)[]): number {
  return rewards.filter((reward) => reward !== null && !Number.isNaN(reward)).length;
}
