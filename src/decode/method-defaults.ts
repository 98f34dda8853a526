/** Samplers and ending where nothing is named: they depend on whether a reward guides. */
import type { Ending, GenerateOptions, Method } from "../types.js";

export interface MethodDefaults {
  dryMultiplier: number;
  ending: Ending;
}

/** No samplers, and an end is scored as any other token. */
export const AS_IN_THE_PAPER = { dryMultiplier: 0, ending: "reward" } as const satisfies MethodDefaults;

/** Candidates of a step of method "args". */
export const CANDIDATES = 10;

export function isGuided(method: Method): boolean {
  return method === "args" || method === "blocks";
}

export function defaultsOf(method: Method, options: Pick<GenerateOptions, "grammar" | "jsonSchema">): MethodDefaults {
  return isGuided(method) ? guidedDefaults(options) : AS_IN_THE_PAPER;
}

/**
 * Loops are the policy's, rewards often like them, and DRY ends them; a reward that decides about endings delays them. Texts of a grammar
 * repeat themselves by design.
 */
export function guidedDefaults({ grammar, jsonSchema }: Pick<GenerateOptions, "grammar" | "jsonSchema">): MethodDefaults {
  return { dryMultiplier: (grammar ?? jsonSchema) === undefined ? 0.8 : 0, ending: "policy" };
}
