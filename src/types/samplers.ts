/** The policy's samplers: what changes its distribution before candidates are taken, in llama.cpp's words and order. */

/**
 * llama.cpp's own samplers on the whole vocabulary's logits, in this order: `logitBias`, `grammar` or `jsonSchema`, penalties, DRY, top-n-sigma,
 * top-p, min-p, XTC, `policyTemperature`. The k most likely tokens of the distribution that they leave are the candidates, and its log P is what
 * scores are made of. Nothing is done to combined scores: a penalty on ten candidates, most of which were seen before, would be a veto on
 * them. What was taken counts as history; the prompt does not.
 */
export interface SamplerOptions {
  /** Added to the logits of tokens, by id: any number, -Infinity (or false) bans one. */
  logitBias?: Readonly<Record<number, number | false>> | undefined;
  /** GBNF, llama.cpp's grammar notation, with a rule `root`: the response is one of its texts. Not beside `jsonSchema`. */
  grammar?: string | undefined;
  /** The response is JSON that this schema (an object, or true for any JSON) accepts. What cannot be kept is SCHEMA_INVALID. */
  jsonSchema?: boolean | object | undefined;
  /** Divides the logits of tokens among the last `repeatLastN`, above 0; 1 = off (default). With guidance, prefer DRY. */
  repeatPenalty?: number | undefined;
  /** Tokens of the response that the three penalties look back at; 0 = off, -1 = all of it (default 64). */
  repeatLastN?: number | undefined;
  /** Taken once from the logits of tokens that were taken; any number, 0 = off (default). */
  presencePenalty?: number | undefined;
  /** Taken from them as often as they were taken; any number, 0 = off (default). */
  frequencyPenalty?: number | undefined;
  /**
   * DRY: a token that would lengthen a repeated sequence loses multiplier × base^(length - allowed length). From 0; 0 = off.
   * Default 0.8 for methods "args" and "blocks" without `grammar` and `jsonSchema`, whose texts repeat themselves by design; else 0.
   */
  dryMultiplier?: number | undefined;
  /** From 1; default 1.75. */
  dryBase?: number | undefined;
  /** Longest sequence that may repeat without penalty, from 0; default 2. */
  dryAllowedLength?: number | undefined;
  /** Tokens of the response that DRY looks back at; 0 = off, -1 = all of it (default). */
  dryPenaltyLastN?: number | undefined;
  /** Texts at which a repeated sequence ends; default "\n", ":", "\"", "*". */
  drySequenceBreakers?: readonly string[] | undefined;
  /** Keeps tokens within so many standard deviations of the highest logit; 0 or below = off (default). */
  topNSigma?: number | undefined;
  /** Keeps the most likely tokens that together have this probability (nucleus), above 0 to 1; 1 = off. Default 1; 0.95 for "sample", "blocks". */
  topP?: number | undefined;
  /** Keeps tokens with at least this share of the most likely one's probability, 0 to 1; 0 = off (default). */
  minP?: number | undefined;
  /** XTC: with this probability a step drops all tokens above `xtcThreshold` but the least likely of them, 0 to 1; 0 = off (default). */
  xtcProbability?: number | undefined;
  /** 0 to 1; default 0.1; above 0.5 it does nothing. */
  xtcThreshold?: number | undefined;
  /** Temperature of the policy's distribution, above 0; default 1, 0.8 for method "blocks". `temperature` stays that of the draw. */
  policyTemperature?: number | undefined;
}
