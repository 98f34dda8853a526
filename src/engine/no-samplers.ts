import type { NativeSamplers } from "./native-begin.js";

/** All of the policy's samplers off. */
export const NO_SAMPLERS: NativeSamplers = {
  biasedTokens: new Int32Array(0),
  biases: new Float64Array(0),
  grammar: "",
  repeatLastN: 0,
  repeatPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  dryMultiplier: 0,
  dryBase: 1.75,
  dryAllowedLength: 2,
  dryPenaltyLastN: 0,
  drySequenceBreakers: [],
  topNSigma: 0,
  topP: 1,
  minP: 0,
  xtcProbability: 0,
  xtcThreshold: 0.1,
  policyTemperature: 1,
};
