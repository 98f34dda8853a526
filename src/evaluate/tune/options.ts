/** Defaults and validation of tune()'s options. */
import { guidedDefaults } from "../../decode/method-defaults.js";
import { resolveWeight } from "../../decode/options.js";
import { SAMPLERS } from "../../decode/sampler-options.js";
import type { DecodingSettings, SamplerOptions } from "../../types.js";
import { integer, invalid, onlyKnown, plainObject } from "../../validate.js";
import { isArgs, isGuided, type MethodName, type MethodSettings, type MethodSpec, methodOf, samplersOf } from "../methods.js";
import type { EvaluateOptions } from "../options.js";
import { type Sweep, sweepMethods } from "../sweep.js";
import { type ResolvedBounds, resolveBounds, type TuneBounds } from "./bounds.js";
import type { TuneCandidate } from "./choose.js";

/** Samplers and ending: what plain decoding and every candidate have in common. */
export type CommonSettings = SamplerOptions & Pick<DecodingSettings, "ending">;

/** What tune() takes: the options of evaluate() that make sense for it, and what it looks for. */
export interface TuneOptions extends Omit<EvaluateOptions, "pairs" | "methods" | "sweep" | "metrics" | "judge" | "limit"> {
  /** Prompts that are decoded, chosen among all by the seed; default 48. */
  count?: number | undefined;
  /** Weights to try; default 0.1, 0.2, …, 0.6, for additive methods the same as w / (1 - w). */
  weights?: readonly number[] | undefined;
  /** Guided methods to try; default args-greedy. Blocks have no weight: they are tried as they are. */
  methods?: readonly (MethodName | MethodSpec)[] | undefined;
  /**
   * Of the policy, in all of them, plain decoding too. Default: those of generate() for guided methods, { dryMultiplier: 0.8, ending: "policy" },
   * which single values change.
   */
  settings?: CommonSettings | undefined;
  /** What text may lose beside greedy decoding with the same samplers. */
  bounds?: TuneBounds | undefined;
}

/** Finer steps than the noise of a few dozen prompts lets one tell apart would only look more exact. */
const WEIGHTS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];

const COUNT = 48;

/** What plain decoding is called. */
export const BASELINE = "greedy";

export interface ResolvedTune {
  count: number;
  bounds: ResolvedBounds;
  /** Plain decoding first. */
  methods: MethodSpec[];
  /** Over the weight, where a method has one. */
  sweep: Sweep;
  /** Each guided method at each weight, by its name in the results. */
  candidates: (TuneCandidate & { settings: MethodSettings })[];
}

/** @throws ArgsearchError OPTION_INVALID */
export function resolveTune({ count, weights: given, methods, settings, bounds }: TuneOptions): ResolvedTune {
  const common = commonSettings(settings);
  const guided = guidedMethods(methods).map((method) => ({ ...method, ...common }));
  const weighted = guided.filter(isArgs);
  const sweep = weighted.length > 0 ? { weight: weightsOf(weighted, given) } : {};
  return {
    count: integer("count", count ?? COUNT, { min: 1, max: 2 ** 31 - 1 }),
    bounds: resolveBounds(bounds),
    methods: [{ name: BASELINE, method: "greedy", ...common }, ...guided],
    sweep,
    candidates: sweepMethods(guided, sweep).map(({ name, base, swept, ...settings }) => {
      return { name, method: base, weight: swept.weight ?? null, settings };
    }),
  };
}

function commonSettings(given: CommonSettings = {}): CommonSettings {
  onlyKnown("settings", plainObject("settings", given), [...Object.keys(SAMPLERS), "ending"]);
  return { ...guidedDefaults(given), ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

function guidedMethods(given: TuneOptions["methods"] = ["args-greedy"]): MethodSpec[] {
  if (!Array.isArray(given) || given.length === 0) throw invalid("methods", "a non-empty array of guided methods", given);
  return given.map((each: MethodName | MethodSpec) => {
    const method = methodOf(each);
    if (!isGuided(method) || method.name === BASELINE) throw invalid("methods", "of guided methods", method.name);
    if (Object.keys(samplersOf(method)).length === 0) return method;
    throw invalid("methods", "without samplers, which plain decoding has as well: name them in settings", method.name);
  });
}

function weightsOf(methods: readonly MethodSpec[], given: readonly number[] | undefined): number[] {
  const [combine = "interpolate", ...others] = new Set(methods.map(({ combine }) => combine ?? "interpolate"));
  if (others.length > 0) throw invalid("methods", "all interpolating or all additive: their weights mean different things", others[0]);
  const otherwise = combine === "interpolate" ? WEIGHTS : WEIGHTS.map((weight) => Number((weight / (1 - weight)).toFixed(2)));
  const weights = given ?? otherwise;
  if (!Array.isArray(weights) || weights.length === 0) throw invalid("weights", "a non-empty array of numbers", weights);
  return [...new Set(weights.map((weight: number) => resolveWeight(weight, combine, "weights")))].sort((a, b) => a - b);
}
