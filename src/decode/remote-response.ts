/** A response of a policy on a server as it grows: texts become steps, a block each, and a result. */
import type { WeightedSum } from "../reward/weighted-sum.js";
import type { Candidate, FinishReason, GenerateResult, Step, Timings } from "../types.js";
import type { RemoteGenerate } from "./remote-options.js";
import { StopFilter } from "./stop-strings.js";

/** One of the texts that a block may be. */
export interface Draft {
  /** The block's own. */
  text: string;
  /** The response with it. */
  response: string;
  end: "eog" | "stop" | "context" | null;
  tokens: number;
  logProb: number;
  /** One an objective; none where nothing rates. */
  values: readonly number[];
  /** Null where nothing rates. */
  reward: number | null;
}

export class RemoteResponse {
  readonly #options: RemoteGenerate;
  readonly #sums: WeightedSum;
  readonly #filter: StopFilter;
  readonly #kept: Draft[] = [];
  readonly #started = performance.now();
  #text = "";
  #policyMs = 0;
  #rewardMs = 0;
  #rated = 0;
  #prompt = { promptTokens: 0, cachedTokens: 0 };

  constructor(options: RemoteGenerate, sums: WeightedSum) {
    this.#options = options;
    this.#sums = sums;
    this.#filter = new StopFilter(options.stop);
  }

  /** What the policy goes on from, held-back text included. */
  get text(): string {
    return this.#kept.at(-1)?.response ?? "";
  }

  get blocks(): number {
    return this.#kept.length;
  }

  /** Tokens so far, as far as the server tells. */
  get tokens(): number {
    return this.#kept.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  /** Of the prompt, as the first block's answer counts them. */
  prompted(counts: { promptTokens: number; cachedTokens: number }): void {
    if (this.#kept.length === 0) this.#prompt = { promptTokens: counts.promptTokens, cachedTokens: counts.cachedTokens };
  }

  /** Milliseconds of a block. */
  took(policyMs: number, rewardMs: number): void {
    this.#policyMs += policyMs;
    this.#rewardMs += rewardMs;
  }

  /** A kept draft, of those that it was chosen among, becomes a step. */
  add(draft: Draft, among: readonly Draft[], reason: FinishReason | undefined): Step {
    const before = this.text;
    this.#kept.push(draft);
    this.#rated += among.filter(({ reward }) => reward !== null).length;
    const text = draft.end === "stop" ? this.#cut(draft) : this.#append(this.#filter.push(draft.response.slice(before.length)));
    return {
      text: reason === undefined ? text : text + this.flush(),
      piece: draft.text,
      token: -1,
      logProb: draft.logProb,
      policyLogProb: draft.logProb,
      reward: draft.reward,
      objectives: this.#objectives(draft),
      score: draft.reward,
      ...(this.#options.candidates && { candidates: among.map((each) => this.#candidate(each)) }),
      ...(reason !== undefined && { finishReason: reason }),
    };
  }

  /** The end: text that was held back. Comes out once. */
  flush(): string {
    return this.#append(this.#filter.flush());
  }

  result(finishReason: FinishReason, loadMs: number): GenerateResult {
    const kept = this.#kept;
    const rated = !this.#sums.empty && this.#options.rewards;
    const guided = this.#options.method === "blocks" ? kept.length : 0;
    const none = { gated: 0, predicted: 0, audited: 0, violations: 0 };
    return {
      text: this.#text,
      tokens: kept.map(() => -1),
      pieces: kept.map(({ text }) => text),
      logProbs: kept.map(({ logProb }) => logProb),
      policyLogProbs: kept.map(({ logProb }) => logProb),
      rewards: rated ? kept.map(({ reward }) => reward) : [],
      objectives: rated
        ? Object.fromEntries(this.#sums.objectives.map((name, at) => [name, kept.map(({ values }) => values[at] ?? null)]))
        : {},
      reward: kept.at(-1)?.reward ?? null,
      wholeObjectives: this.#wholeObjectives(rated),
      finishReason,
      seed: this.#options.seed,
      usage: { ...this.#prompt, completionTokens: this.tokens },
      timings: this.#timings(loadMs),
      gate: { steps: kept.length, guided, candidates: guided > 0 ? this.#rated : 0, ...none },
      lookahead: { windows: 0, proposed: 0, accepted: 0 },
    };
  }

  #wholeObjectives(rated: boolean): Record<string, number | null> {
    if (!rated) return {};
    const values = this.#kept.at(-1)?.values ?? [];
    return Object.fromEntries(this.#sums.objectives.map((name, at) => [name, values[at] ?? null]));
  }

  /** A stop string may have begun in what was held back. */
  #cut({ response }: Draft): string {
    this.#filter.flush();
    return this.#append(response.slice(this.#text.length));
  }

  #append(text: string): string {
    this.#text += text;
    return text;
  }

  #timings(load: number): Timings {
    const total = performance.now() - this.#started;
    const [policy, reward] = [this.#policyMs, this.#rewardMs];
    const speed = total > 0 ? (this.tokens * 1000) / total : 0;
    const parts = { policy, reward, other: Math.max(0, total - policy - reward) };
    return { load, prefill: 0, policyPrefill: 0, rewardPrefill: 0, ...parts, total, tokensPerSecond: speed };
  }

  #candidate(draft: Draft): Candidate {
    const { text, logProb, reward } = draft;
    return { token: -1, text, logProb, reward, score: reward, objectives: this.#objectives(draft) };
  }

  #objectives({ values }: Draft): Record<string, number> {
    return values.length === 0 ? {} : this.#sums.named(values);
  }
}
