/** What the answers of a chat have taken so far. */
import type { GenerateResult, Usage } from "../../index.js";

export class Totals {
  #answers = 0;
  #usage: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  #steps = 0;

  add({ usage, timings }: GenerateResult): void {
    const { promptTokens, cachedTokens, completionTokens } = this.#usage;
    this.#answers += 1;
    this.#usage = {
      promptTokens: promptTokens + usage.promptTokens,
      cachedTokens: cachedTokens + usage.cachedTokens,
      completionTokens: completionTokens + usage.completionTokens,
    };
    if (timings.tokensPerSecond > 0) this.#steps += usage.completionTokens / timings.tokensPerSecond;
  }

  get answers(): number {
    return this.#answers;
  }

  get usage(): Readonly<Usage> {
    return this.#usage;
  }

  /** Of the prompts' tokens, found in the cache: 0 to 1. */
  get cachedShare(): number {
    const { promptTokens, cachedTokens } = this.#usage;
    return promptTokens === 0 ? 0 : cachedTokens / promptTokens;
  }

  /** Of all answers together; 0 without any. */
  get tokensPerSecond(): number {
    return this.#steps === 0 ? 0 : this.#usage.completionTokens / this.#steps;
  }
}
