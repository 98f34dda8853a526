import type { RewardFunction } from "../../types.js";

/** Rates a text: that of a response so far, or of one that ends there. */
export type RateText = (response: string, end: boolean) => number;

/** What tells one reward of a kind from another, as JSON. */
type Settings = Readonly<Record<string, unknown>>;

/** A reward that looks at nothing but the text. `ending`: it has an opinion about when to end. */
export function textReward(name: string, settings: Settings, rate: RateText, ending?: "reward"): RewardFunction {
  const reward: RewardFunction = (candidates) => candidates.map(({ response, end }) => rate(response, end));
  Object.defineProperty(reward, "name", { value: name });
  // Evaluations tell functions apart by their text.
  Object.defineProperty(reward, "toString", { value: () => `${name}(${JSON.stringify(settings)})` });
  return Object.assign(reward, ending && { ending });
}
