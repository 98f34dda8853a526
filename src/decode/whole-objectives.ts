/** What a whole response is worth by each objective. */
import type { GenerateResult, Step } from "../types.js";

/** The objectives where `reward` was read; null where they were not. */
export function wholeObjectives(result: GenerateResult): Record<string, number | null> {
  return objectivesAt(result, readAt(result));
}

/** The objectives at that token. */
export function objectivesAt({ objectives }: GenerateResult, at: number): Record<string, number | null> {
  return Object.fromEntries(Object.entries(objectives).map(([name, values]) => [name, values[at] ?? null]));
}

/** Steps as they are when the response has ended: what a gate left unread until then is in the result alone. */
export function ratedSteps(steps: readonly Step[], result: GenerateResult): Step[] {
  return steps.map((step, at) => ({ ...step, reward: result.rewards[at] ?? null, objectives: objectivesAt(result, at) }));
}

/** Where the whole response's reward was read: the token that ends the turn, or the one before it. */
function readAt({ rewards, reward, finishReason, tokens }: GenerateResult): number {
  const last = tokens.length - 1;
  const said = finishReason === "eog" ? last - 1 : last;
  return rewards[said] !== reward && rewards[last] === reward ? last : said;
}
