/** Reward models of preference pairs: what `argsearch/fit` exports. */

export type { Accuracies, PlaceAccuracy } from "./accuracy.js";
export type { Trial } from "./cross-validate.js";
export { fitReward } from "./fit-reward.js";
export type { BadPair, FitOptions, FitProgress, FitResult, PairSource } from "./options.js";
export type { PlaceName } from "./prefixes.js";
export type { EndLevel } from "./reward-levels.js";
