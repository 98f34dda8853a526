/** Methods at several settings: the paper's figures over w and k, and those over whatever else is a number. */
import { ArgsearchError } from "../errors.js";
import type { SamplerOptions } from "../types.js";
import { finite, invalid, onlyKnown, plainObject } from "../validate.js";
import { isArgs, type MethodSettings, type MethodSpec } from "./methods.js";

/** Values of settings; every combination is decoded, by each method that they mean something to. */
export type Sweep = { readonly [Name in SweptName]?: readonly number[] | undefined };

/** A setting that a sweep can vary: of samplers those that are numbers. */
export type SweptName =
  | ("weight" | "topK" | "temperature" | "drafts" | "block")
  | Exclude<keyof SamplerOptions, "logitBias" | "grammar" | "jsonSchema" | "drySequenceBreakers">;

/** Which methods a setting is varied for, and what to add where none of them is among those to compare. */
interface Takers {
  takes: (method: MethodSettings) => boolean;
  advice: string;
}

const GUIDED: Takers = { takes: isArgs, advice: "a guided method: add args-greedy to methods" };
const DRAFTING: Takers = { takes: ({ drafts }) => drafts !== undefined, advice: "a method with drafts: add best-of-n to methods" };
const BLOCKS: Takers = { takes: ({ method }) => method === "blocks", advice: "method blocks" };
/** The policy is the same in all of them: baselines go along. */
const ALL: Takers = { takes: () => true, advice: "a method" };

const NAMES: Record<SweptName, Takers> = {
  weight: GUIDED,
  topK: GUIDED,
  temperature: GUIDED,
  drafts: DRAFTING,
  block: BLOCKS,
  repeatPenalty: ALL,
  repeatLastN: ALL,
  presencePenalty: ALL,
  frequencyPenalty: ALL,
  dryMultiplier: ALL,
  dryBase: ALL,
  dryAllowedLength: ALL,
  dryPenaltyLastN: ALL,
  topNSigma: ALL,
  topP: ALL,
  minP: ALL,
  xtcProbability: ALL,
  xtcThreshold: ALL,
  policyTemperature: ALL,
};

/** Every SweptName. */
export const SWEPT_NAMES = Object.keys(NAMES) as SweptName[];

/** A method, or its variant at one combination of a sweep's values. */
export interface SweptMethod extends MethodSpec {
  /** The method's own name. */
  base: string;
  /** Empty for one that is not of a sweep. */
  swept: Swept;
}

/** The values of one combination of a sweep. */
export type Swept = Readonly<Partial<Record<SweptName, number>>>;

/**
 * Each method at every combination of the values of what it takes, under a name that says which ("args-greedy weight=0.2 topK=5"): weight,
 * topK and temperature are for ARGS, drafts for methods that have some, block for blocks, the policy's samplers for all.
 *
 * @throws ArgsearchError OPTION_INVALID
 */
export function sweepMethods(methods: readonly MethodSpec[], sweep: Sweep): SweptMethod[] {
  onlyKnown("sweep", plainObject("sweep", sweep), SWEPT_NAMES);
  const axes = (Object.entries(sweep) as [SweptName, Sweep[SweptName]][]).flatMap(([name, values]): Axis[] => {
    return values === undefined ? [] : [[name, values]];
  });
  for (const [name] of axes) {
    if (methods.some(NAMES[name].takes)) continue;
    throw new ArgsearchError("OPTION_INVALID", `sweep needs ${NAMES[name].advice}`, { option: "sweep" });
  }
  return methods.flatMap((method) => {
    const own = axes.filter(([name]) => NAMES[name].takes(method));
    return combinations(own).map((swept) => {
      const suffix = Object.entries(swept).map(([name, value]) => `${name}=${value}`);
      return { ...method, ...swept, name: [method.name, ...suffix].join(" "), base: method.name, swept };
    });
  });
}

type Axis = readonly [name: SweptName, values: readonly number[]];

function combinations(axes: readonly Axis[]): Swept[] {
  return axes.reduce<Swept[]>(
    (points, [name, values]) => {
      if (!Array.isArray(values) || values.length === 0) throw invalid(`sweep.${name}`, "a non-empty array of numbers", values);
      return points.flatMap((point) => values.map((value) => ({ ...point, [name]: finite(`sweep.${name}`, value) })));
    },
    [{}],
  );
}

/**
 * "weight=0,0.2,…,1" as a name and its values; "…" or "..." stands for the steps between, as the two before it are apart.
 *
 * @throws ArgsearchError OPTION_INVALID
 */
export function parseSweep(text: string): [name: string, values: number[]] {
  const split = text.indexOf("=");
  const name = text.slice(0, split);
  if (split < 1) throw invalid("sweep", "NAME=VALUE,VALUE,…", text);
  onlyKnown("sweep", { [name]: true }, SWEPT_NAMES);
  const items = text.slice(split + 1).split(",");
  const values: number[] = [];
  items.forEach((item, index) => {
    if (item === "…" || item === "...") values.push(...between(values, toNumber(items[index + 1] ?? "", text), text));
    else values.push(toNumber(item, text));
  });
  return [name, values];
}

/** The values strictly between the last one and the end. */
function between(values: readonly number[], end: number, text: string): number[] {
  const [before, last] = values.slice(-2);
  if (before === undefined || last === undefined) throw invalid("sweep", 'two values before "…"', text);
  const step = last - before;
  const count = Math.round((end - last) / step) - 1;
  if (!(count >= 0) || count > 1000) throw invalid("sweep", "values that lead to the one after “…”", text);
  // 0.1 + 0.2 is not 0.3 in binary: ten digits are enough for settings.
  return Array.from({ length: count }, (_, index) => Number((last + step * (index + 1)).toFixed(10)));
}

function toNumber(text: string, whole: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw invalid("sweep", "NAME=NUMBER,NUMBER,…", whole);
  return value;
}
