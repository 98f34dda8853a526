/** What a measure of responses is. */
import type { EvaluatedResponse } from "../response.js";

/**
 * One number a response. Built in are reward, diversity, coherence, ended, loops, lowDiversity, perplexity, length, tokensPerSecond,
 * callsPerToken and judgeReward; one of your own is a name and a function:
 *
 * ```js
 * { name: "questions", measure: (responses) => responses.map(({ response }) => response.split("?").length - 1) }
 * ```
 */
export interface Metric {
  /** Its key in the results: a word of its own. */
  name: string;
  /** Its values are 0 and 1, and their mean is a share: it gets Wilson's interval. Default false. */
  share?: boolean | undefined;
  /**
   * One value a response, in their order; null where there is none. The responses are those of one method; what is slow per
   * call (a model) should take them together.
   */
  measure(responses: readonly EvaluatedResponse[], signal?: AbortSignal): Promise<readonly (number | null)[]> | readonly (number | null)[];
}
