import type { GenerateResult, Step } from "../types.js";

/** Steps as they are when the response has ended: what a gate left unread until then is in the result alone. */
export function ratedSteps(steps: readonly Step[], result: GenerateResult): Step[] {
  return steps.map((step, at) => ({ ...step, reward: result.rewards[at] ?? null, objectives: objectivesAt(result, at) }));
}

function objectivesAt({ objectives }: GenerateResult, at: number): Record<string, number | null> {
  return Object.fromEntries(Object.entries(objectives).map(([name, values]) => [name, values[at] ?? null]));
}
