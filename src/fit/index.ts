/** Reward models of preference pairs: what `argsearch/fit` exports. */

export type { Trial } from "./cross-validate.js";
export type { PlaceAccuracy } from "./fit-head.js";
export { fitReward } from "./fit-reward.js";
export type { BadPair, FitOptions, FitProgress, FitResult, PairSource } from "./options.js";
