/** A response as it grows: native steps become text, rewards and counts. */
import type { NativeCandidates, NativeEnd, NativeLogProbs } from "../engine/binding.js";
import type { Model } from "../model/model.js";
import { decodeText, Utf8Stream } from "../model/text-decoder.js";
import type { RewardSet } from "../reward/reward-set.js";
import type { Candidate, GenerateResult, RewardAt, Step, TopLogProb } from "../types.js";
import type { Chosen, ResponseView } from "./chooser.js";
import { valuesOf } from "./function-values.js";
import type { ResolvedGenerate } from "./options.js";
import { StopFilter } from "./stop-strings.js";

/** The part of a result that the tokens make. */
export type Transcribed = Pick<
  GenerateResult,
  "text" | "tokens" | "pieces" | "logProbs" | "policyLogProbs" | "topLogProbs" | "rewards" | "objectives" | "reward" | "wholeObjectives"
>;

export class Transcript implements ResponseView {
  readonly #policy: Model;
  readonly #rewards: RewardSet;
  readonly #utf8 = new Utf8Stream();
  readonly #stop: StopFilter;
  readonly #steps: Step[] = [];
  readonly #rewardAt: RewardAt | undefined;
  #text = "";
  /** The last step is the token that ends the turn. */
  #ended = false;

  constructor(policy: Model, rewards: RewardSet, { stop, rewardAt }: Pick<ResolvedGenerate, "stop" | "rewardAt">) {
    this.#policy = policy;
    this.#rewards = rewards;
    this.#rewardAt = rewardAt;
    this.#stop = new StopFilter(stop);
  }

  /** Tokens so far. */
  get length(): number {
    return this.#steps.length;
  }

  /** A stop string has ended the text. */
  get stopped(): boolean {
    return this.#stop.stopped;
  }

  get response(): string {
    return this.#text + this.#stop.held;
  }

  get tokens(): number[] {
    return this.#steps.map(({ token }) => token);
  }

  responseWith(bytes: Uint8Array): string {
    return this.response + this.#utf8.peek(bytes);
  }

  /** The last step. */
  get last(): Step | undefined {
    return this.#steps.at(-1);
  }

  /** A gate has left out what the whole response is worth. */
  get endsUnrated(): boolean {
    if (this.#rewards.empty || this.last === undefined) return false;
    return this.last.reward === null || (this.#ended && this.#steps.at(-2)?.reward === null);
  }

  /** What endsUnrated() misses, read later. */
  rateEnd({ last, before }: Pick<NativeEnd, "last" | "before">): void {
    this.#rateLate(this.length - 1, last);
    if (this.#ended) this.#rateLate(this.length - 2, before);
  }

  /** Steps that were given out stay as they were. */
  #rateLate(index: number, late: NativeEnd["last"]): void {
    const step = this.#steps[index];
    if (step === undefined || late === null || step.reward !== null) return;
    this.#steps[index] = { ...step, reward: late.reward, objectives: this.#named([...late.objectives]) };
  }

  add(chosen: Chosen): Step {
    const { step } = chosen;
    const added: Step = {
      text: this.#append(this.#stop.push(this.#utf8.push(step.bytes))),
      token: step.token,
      piece: decodeText(step.bytes),
      logProb: step.logProb,
      policyLogProb: step.policyLogProb,
      reward: step.reward,
      objectives: this.#objectives(step.objectives, chosen, step.rank),
      score: this.#rewards.empty || Number.isNaN(step.score) ? null : step.score,
      ...(step.waits && { waits: true as const }),
      ...(step.topLogProbs && { topLogProbs: this.#likeliest(step.topLogProbs) }),
      ...(step.candidates && { candidates: this.#candidates(step.candidates, chosen) }),
    };
    this.#steps.push(added);
    this.#ended = step.eog;
    return added;
  }

  /** The end: text that was held back, unless a stop string has cut it off. Comes out once. */
  flush(): string {
    if (this.stopped) return "";
    return this.#append(this.#stop.push(this.#utf8.flush()) + this.#stop.flush());
  }

  result(): Transcribed {
    const steps = this.#steps;
    const rewards = this.#rewards.empty ? [] : steps.map(({ reward }) => reward);
    return {
      text: this.#text,
      tokens: this.tokens,
      pieces: steps.map(({ piece }) => piece),
      logProbs: steps.map(({ logProb }) => logProb),
      policyLogProbs: steps.map(({ policyLogProb }) => policyLogProb),
      ...(steps.some(({ topLogProbs }) => topLogProbs) && { topLogProbs: steps.map(({ topLogProbs }) => topLogProbs ?? []) }),
      rewards,
      objectives: Object.fromEntries(
        this.#rewards.objectives.map((name) => [name, steps.map(({ objectives }) => objectives[name] ?? null)]),
      ),
      reward: this.#wholeReward(),
      wholeObjectives: this.#rewards.empty ? {} : this.#named(this.#whole()),
    };
  }

  /** The sum of the whole response's values: null where one of them was not read. */
  #wholeReward(): number | null {
    const places = this.#places();
    const [first] = places;
    if (this.#rewards.empty || places.some((place) => this.#steps[place]?.reward == null)) return null;
    const summed = this.#rewards.summed.includes(true);
    if (!summed && places.every((place) => place === first)) return this.#steps[first ?? -1]?.reward ?? null;
    const values = this.#whole();
    return values.some(Number.isNaN) ? null : this.#rewards.sum(values);
  }

  /** The whole response's value by each objective: read at its place, or summed up to there; NaN where it, or a token of a sum, was not read. */
  #whole(): number[] {
    const { objectives, summed } = this.#rewards;
    const places = this.#places();
    return objectives.map((name, index) => {
      const place = places[index] ?? -1;
      const read = this.#steps.slice(summed[index] ? 0 : Math.max(0, place), place + 1);
      return read.length === 0 ? Number.NaN : read.reduce((sum, step) => sum + (step.objectives[name] ?? Number.NaN), 0);
    });
  }

  /** The step that each objective of the whole response is read at; below 0: none. */
  #places(): number[] {
    const end = this.#steps.length - 1;
    const last = this.#ended ? end - 1 : end;
    return this.#rewards.positions(this.#rewardAt).map((place) => (place === "end" ? end : last));
  }

  #append(text: string): string {
    this.#text += text;
    return text;
  }

  /** Native values, then those of the functions for the candidate of that rank. */
  #objectives(natives: ArrayLike<number>, { functionValues }: Chosen, rank: number): Record<string, number | null> {
    return this.#named([...Array.from(natives), ...valuesOf(functionValues, rank)]);
  }

  #named(values: readonly number[]): Record<string, number | null> {
    return Object.fromEntries(Object.entries(this.#rewards.named(values)).map(([name, value]) => [name, readOrNull(value)]));
  }

  #likeliest({ tokens, logProbs }: NativeLogProbs): TopLogProb[] {
    return this.#policy.texts(tokens).map((text, index) => ({ token: tokens[index] ?? -1, text, logProb: logProbs[index] ?? Number.NaN }));
  }

  #candidates(found: NativeCandidates, chosen: Chosen): Candidate[] {
    const rewarded = !this.#rewards.empty;
    return this.#policy.texts(found.tokens).map((text, index) => ({
      token: found.tokens[index] ?? -1,
      text,
      logProb: found.logProbs[index] ?? Number.NaN,
      reward: rewarded ? readOrNull(found.rewards[index]) : null,
      score: rewarded ? readOrNull(found.scores[index]) : null,
      objectives: this.#objectives(this.#rewards.row(found.objectives, index), chosen, index),
      ...(found.waits?.[index] && { waits: true as const }),
    }));
  }
}

/** What was not read is NaN in arrays of numbers. */
function readOrNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
