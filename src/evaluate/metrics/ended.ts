import type { Metric } from "./metric.js";

/**
 * The metric "ended": the share of responses that end by themselves, at an end-of-generation token or a stop string; the others were cut
 * off, at `maxTokens` or where the context was full.
 */
export const endedMetric: Metric = {
  name: "ended",
  share: true,
  measure: (responses) => responses.map(({ finishReason }) => (finishReason === "eog" || finishReason === "stop" ? 1 : 0)),
};
