import type { Metric } from "./metric.js";

/**
 * The metric "reward" of ARGS (Khanov et al., ICLR 2024): the reward model that guides also rates each whole response, the
 * baselines' as well.
 */
export const rewardMetric: Metric = { name: "reward", measure: (responses) => responses.map(({ reward }) => reward) };
