/** Reward models of preference pairs: what `argsearch/fit` exports. */

export type { Accuracies, PlaceAccuracy } from "./accuracy.js";
export type { Trial } from "./cross-validate.js";
export { fitReward } from "./fit-reward.js";
export type { BadPair, FitOptions, FitProgress, FitResult, PairSource } from "./options.js";
export type { GateRow } from "./predict/calibrate.js";
export type { PredictOptions, PredictProgress, PredictResult } from "./predict/options.js";
export { predictReward } from "./predict/predict-reward.js";
export type { PlaceName } from "./prefixes.js";
export type { EndLevel } from "./reward-levels.js";
