/** What guided text may lose beside plain decoding. */
import { finite, onlyKnown, plainObject } from "../../validate.js";
import type { Comparison, EvaluationResults } from "../results.js";

/**
 * Bounds on measures, as shares of what greedy decoding with the same samplers has; false: no bound. One on a measure that was not taken
 * (coherence without an embedding model) is none.
 */
export interface TuneBounds {
  /** At least; default 0.95. */
  diversity?: number | false | undefined;
  /** Of the answers that end by themselves, at least; default 1. */
  ended?: number | false | undefined;
  /** Of the answers with a repeated 8-gram, at most; default 1. */
  loops?: number | false | undefined;
  /** At least; default 0.95. */
  coherence?: number | false | undefined;
  /** By the policy itself, at most; default false. */
  perplexity?: number | false | undefined;
}

/** What a bound is on. */
export type BoundName = keyof TuneBounds;

/** A measure beside its bound. */
export interface BoundCheck {
  metric: BoundName;
  /** Whether the value has to be at least the bound, or at most. */
  sense: "least" | "most";
  /** As a share of greedy decoding's value. */
  bound: number;
  /** The method's mean, in the measure's own unit. */
  value: number;
  /** Greedy decoding's. */
  greedy: number;
  /** What it is of greedy decoding's value, with the 95 % interval of the paired difference; null where that value is 0. */
  share: { mean: number; low: number; high: number } | null;
  /** By the value itself, not by its interval. */
  holds: boolean;
}

export type ResolvedBounds = ReadonlyMap<BoundName, number>;

const DEFAULTS: Required<TuneBounds> = { diversity: 0.95, ended: 1, loops: 1, coherence: 0.95, perplexity: false };

const SENSE: Record<BoundName, BoundCheck["sense"]> = {
  diversity: "least",
  ended: "least",
  loops: "most",
  coherence: "least",
  perplexity: "most",
};

/** Every BoundName. */
export const BOUND_NAMES = Object.keys(SENSE) as BoundName[];

/** Of a value: what differs by less is equal but for rounding. */
const ROUNDING = 1e-9;

/** @throws ArgsearchError OPTION_INVALID */
export function resolveBounds(bounds: TuneBounds = {}): ResolvedBounds {
  onlyKnown("bounds", plainObject("bounds", bounds), BOUND_NAMES);
  return new Map(
    BOUND_NAMES.flatMap((name) => {
      const bound = bounds[name] ?? DEFAULTS[name];
      return bound === false ? [] : [[name, finite(`bounds.${name}`, bound)] as const];
    }),
  );
}

/** A method's measures beside their bounds; those that one of the two lacks are left out. */
export function checkBounds(results: EvaluationResults, method: string, baseline: string, bounds: ResolvedBounds): BoundCheck[] {
  return [...bounds].flatMap(([metric, bound]): BoundCheck[] => {
    const [value, greedy] = [method, baseline].map((name) => results.methods[name]?.[metric]?.mean);
    if (value === undefined || greedy === undefined) return [];
    const sense = SENSE[metric];
    const limit = bound * greedy;
    const beyond = sense === "least" ? limit - value : value - limit;
    return [{ metric, sense, bound, value, greedy, share: shareOf(results, metric, method, baseline), holds: beyond <= ROUNDING * greedy }];
  });
}

function shareOf({ methods, comparisons }: EvaluationResults, metric: string, method: string, baseline: string): BoundCheck["share"] {
  const [value, greedy] = [methods[method]?.[metric]?.mean, methods[baseline]?.[metric]?.mean];
  if (value === undefined || !greedy) return null;
  const { low, high } = differenceOf(comparisons, metric, method, baseline) ?? { low: value - greedy, high: value - greedy };
  return { mean: value / greedy, low: 1 + low / greedy, high: 1 + high / greedy };
}

/** Comparisons are kept one way round. */
function differenceOf(comparisons: readonly Comparison[], metric: string, method: string, baseline: string) {
  const found = comparisons.find(({ metric: of, a, b }) => of === metric && [a, b].includes(method) && [a, b].includes(baseline));
  if (found === undefined) return undefined;
  return found.a === method ? found : { low: -found.high, high: -found.low };
}
