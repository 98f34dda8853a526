import { mean } from "../../statistics.js";
import type { Metric } from "./metric.js";

/**
 * The metric "perplexity": exp(-mean ln P) of a response's tokens by the policy itself, before any sampler, the end-of-generation token
 * included. How far a method leads away from what the policy would say: a reward or a sampler raises it, a loop lowers it. Absent where no
 * log-probabilities are known, as in older directories, and for a response without a token.
 */
export const perplexityMetric: Metric = {
  name: "perplexity",
  measure: (responses) => responses.map(({ policyLogProbs = [] }) => (policyLogProbs.length > 0 ? Math.exp(-mean(policyLogProbs)) : null)),
};
