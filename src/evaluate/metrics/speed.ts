import type { Metric } from "./metric.js";

/**
 * The metric "tokensPerSecond": a response's tokens over the time it took, prompt included. Slots share the machine: what one
 * of them sees is not what all of them do together.
 */
export const speedMetric: Metric = {
  name: "tokensPerSecond",
  measure: (responses) => responses.map(({ tokens, milliseconds }) => (milliseconds > 0 ? (tokens.length * 1000) / milliseconds : null)),
};
