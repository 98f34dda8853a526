import type { Metric } from "./metric.js";

/**
 * The metric "callsPerToken": tokens that went through either model for one token of the response, prompts left out. Greedy
 * decoding: 1; ARGS: 1 + k, or with a reward of single tokens 2, with a contrast of two other models 3; best of n: about 2 n.
 */
export const callsMetric: Metric = {
  name: "callsPerToken",
  measure: (responses) => responses.map(({ tokens, calls }) => (tokens.length > 0 ? (calls.policy + calls.reward) / tokens.length : null)),
};
