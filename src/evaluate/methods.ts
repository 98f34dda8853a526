/** The methods an evaluation compares: names for settings of the one decoding loop. */
import { isGuided as isGuidedMethod } from "../decode/method-defaults.js";
import { SAMPLERS } from "../decode/sampler-options.js";
import type { GenerateOptions, SamplerOptions } from "../types.js";
import { integer, type Names, nonEmptyText, oneOf, onlyKnown, plainObject } from "../validate.js";

/**
 * Settings of generate() that make a method. What is not named is as in the paper, whatever the defaults of generate(): samplers are off, and
 * the reward decides about endings, too.
 */
export interface MethodSettings
  extends SamplerOptions,
    Pick<
      GenerateOptions,
      "method" | "topK" | "weight" | "combine" | "select" | "temperature" | "ending" | "gate" | "block" | "keepDrafts" | "blockReward"
    > {
  /** Of method "blocks", drafts of each block. Of others, responses to decode; the one with the highest reward is taken. Default 1. */
  drafts?: number | undefined;
}

/** A method by its name, with settings of your own, or under a name of your own. */
export interface MethodSpec extends MethodSettings {
  /** What it is called in the results. */
  name: string;
}

/** Drafts of best-of-n: as many as ARGS has candidates, so that both ask the reward model about as often. */
const DRAFTS = 10;

/**
 * | name | next token |
 * | --- | --- |
 * | greedy | the most likely |
 * | top-k | drawn from the 50 most likely, temperature 0.7 |
 * | top-p | drawn from the most likely that hold 95 % of the probability (nucleus), temperature 0.7 |
 * | best-of-n | 10 drafts as top-p; the response with the highest reward |
 * | blocks | 4 drafts of 16 tokens, drawn from the 40 most likely that hold 95 %, temperature 0.8; the highest reward |
 * | args-greedy | the best score among the 10 most likely: (1 - w) log P + w r, w = 0.6 |
 * | args-stochastic | drawn by those scores, temperature 0.7 |
 */
const TABLE = {
  greedy: { method: "greedy" },
  "top-k": { method: "sample", topK: 50, topP: 1, temperature: 0.7 },
  "top-p": { method: "sample", topK: 0, topP: 0.95, temperature: 0.7 },
  "best-of-n": { method: "sample", topK: 0, topP: 0.95, temperature: 0.7, drafts: DRAFTS },
  blocks: { method: "blocks", block: 16, drafts: 4 },
  "args-greedy": { method: "args", topK: 10, weight: 0.6, combine: "interpolate", select: "greedy" },
  "args-stochastic": { method: "args", topK: 10, weight: 0.6, combine: "interpolate", select: "stochastic", temperature: 0.7 },
} as const satisfies Record<string, MethodSettings>;

/** "greedy", "top-k", "top-p", "best-of-n", "args-greedy" or "args-stochastic": a method of the paper's tables; or "blocks". */
export type MethodName = keyof typeof TABLE;

/** Every MethodName. */
export const METHOD_NAMES = Object.keys(TABLE) as MethodName[];

/** What is compared where nothing else is asked for: the paper's. */
export const DEFAULT_METHODS: readonly MethodName[] = METHOD_NAMES.filter((name) => name !== "blocks");

const FIELDS: Names<MethodSpec> = {
  ...SAMPLERS,
  name: true,
  method: true,
  topK: true,
  weight: true,
  combine: true,
  select: true,
  temperature: true,
  ending: true,
  gate: true,
  block: true,
  keepDrafts: true,
  blockReward: true,
  drafts: true,
};

/**
 * The settings of a method: those of its name, changed by its own. What generate() takes is checked by resolveEvaluation().
 *
 * @throws ArgsearchError OPTION_INVALID
 */
export function methodOf(given: MethodName | MethodSpec): MethodSpec {
  if (typeof given === "string") return { name: given, ...TABLE[oneOf("methods", given, METHOD_NAMES)] };
  const spec = plainObject("methods", given) as unknown as MethodSpec;
  onlyKnown("a method", spec, Object.keys(FIELDS));
  const name = nonEmptyText("methods.name", spec.name);
  const base: MethodSettings | undefined = TABLE[name as MethodName];
  const drafts = spec.drafts === undefined ? base?.drafts : integer("drafts", spec.drafts, { min: 1, max: 10_000 });
  const changed = Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
  return { ...base, ...changed, name, ...(drafts !== undefined && { drafts }) };
}

/** Guided by the reward as it goes. */
export function isGuided({ method }: MethodSettings): boolean {
  return isGuidedMethod(method ?? "args");
}

/** Guided at every token. */
export function isArgs({ method }: MethodSettings): boolean {
  return method === undefined || method === "args";
}

/** The policy's samplers that a method names. */
export function samplersOf(settings: MethodSettings): SamplerOptions {
  const named = Object.keys(SAMPLERS) as (keyof SamplerOptions)[];
  return Object.fromEntries(named.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]]])));
}

/** Whole responses that are decoded for one. */
export function responsesOf({ method, drafts = 1 }: MethodSettings): number {
  return method === "blocks" ? 1 : drafts;
}
