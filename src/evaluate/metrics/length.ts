import type { Metric } from "./metric.js";

/** The metric "length": tokens of the response. */
export const lengthMetric: Metric = { name: "length", measure: (responses) => responses.map(({ tokens }) => tokens.length) };
