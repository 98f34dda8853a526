import type { RewardFunction } from "../../types.js";
import { checkNames, given, integer, type Names, number, oneOf } from "../../validate.js";
import { textReward } from "./text-reward.js";
import { wordsOf } from "./words.js";

/** Options of lengthTarget(). */
export interface LengthTargetOptions {
  /** What is counted; default "words". */
  unit?: "words" | "characters" | undefined;
  /** What being off by the length of the target costs, from 0; default 20. */
  strength?: number | undefined;
}

const OPTIONS: Names<LengthTargetOptions> = { unit: true, strength: true };

/**
 * Draws responses to a length: an end costs what is missing to the target, going on what is beyond it, each as a share of the target times `strength`. It
 * has an opinion about when to end, so calls then default to `ending: "reward"`. An end must be a candidate to be taken: with a larger `topK` it is more often one.
 *
 * @param target from 1
 * @throws ArgsearchError OPTION_INVALID
 */
export function lengthTarget(target: number, options: LengthTargetOptions = {}): RewardFunction {
  checkNames("lengthTarget()", options, OPTIONS);
  const wanted = integer("target", target, { min: 1, max: 2 ** 31 - 1 });
  const unit = given(options.unit, "words", (value) => oneOf("unit", value, ["words", "characters"]));
  const strength = given(options.strength, 20, (value) => number("strength", value, { min: 0, max: Number.MAX_VALUE }));
  const lengthOf = (text: string): number => (unit === "words" ? wordsOf(text) : [...text]).length;
  const rate = (response: string, end: boolean): number => {
    const missing = wanted - lengthOf(response);
    const off = Math.max(0, end ? missing : -missing);
    return 0 - (strength * off) / wanted;
  };
  return textReward("lengthTarget", { target: wanted, unit, strength }, rate, "reward");
}
