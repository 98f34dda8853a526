/** Decoding: defaults and validation. What comes out has no gaps; what was wrong is OPTION_INVALID. */

import type { NativeGate, NativeSamplers } from "../engine/binding.js";
import { binding } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";
import { type ResolvedTemplate, TEMPLATE, templateOf } from "../model/template-options.js";
import { resolveRewardAt } from "../score/options.js";
import type { Ending, GenerateAllOptions, GenerateOptions, Method, RewardAt } from "../types.js";
import {
  abortSignal,
  boolean,
  callback,
  checkNames,
  given,
  integer,
  invalid,
  type Names,
  nonEmptyText,
  number,
  oneOf,
} from "../validate.js";
import type { DecoderInfo } from "./decoder.js";
import { gateOf } from "./gate.js";
import { lookaheadFor, type ResolvedLookahead } from "./lookahead.js";
import { CANDIDATES, defaultsOf, isGuided } from "./method-defaults.js";
import { resolveSamplers, SAMPLERS, type SamplerContext } from "./sampler-options.js";

export interface ResolvedGenerate {
  method: Method;
  topK: number;
  weight: number;
  combine: "interpolate" | "additive";
  select: "greedy" | "stochastic";
  temperature: number;
  samplers: NativeSamplers;
  ending: Ending;
  gate: NativeGate;
  lookahead: ResolvedLookahead;
  /** Tokens; "response" is more than a response can have. */
  block: number;
  drafts: number;
  keepDrafts: number;
  blockReward: "end" | "mean";
  seed: number;
  maxTokens: number;
  stop: readonly string[];
  template: ResolvedTemplate;
  /** The reward models and functions rate what is chosen, or chosen among. */
  rewards: boolean;
  rewardAt: RewardAt | undefined;
  candidates: boolean;
  topLogProbs: number;
  slot: number | undefined;
  conversation: string | undefined;
  onStep: GenerateOptions["onStep"];
  signal: AbortSignal | undefined;
}

/** What a loaded decoder allows. */
export interface GenerateLimits {
  vocabulary: number;
  slots: number;
  contextSize: number;
  rewarded: boolean;
  /** A reward function has an opinion about when to end. */
  rewardsEndings?: boolean;
  /** Reward functions are among the rewards. */
  functions?: boolean;
  /** Language models are. */
  tokenRewards?: boolean;
}

/** Names of what a response is decoded by. */
export const GENERATE: Names<GenerateOptions> = {
  ...TEMPLATE,
  method: true,
  topK: true,
  weight: true,
  combine: true,
  select: true,
  temperature: true,
  ending: true,
  gate: true,
  lookahead: true,
  block: true,
  drafts: true,
  keepDrafts: true,
  blockReward: true,
  seed: true,
  maxTokens: true,
  stop: true,
  special: true,
  rewards: true,
  rewardAt: true,
  candidates: true,
  topLogProbs: true,
  slot: true,
  conversation: true,
  onStep: true,
  signal: true,
  ...SAMPLERS,
};
const CALLBACKS: Names<Callbacks> = { onStep: true, onProgress: true, onResult: true, onError: true };
/** What can be known of a decoder from outside. */
export function limitsOf({ policy, slots, contextSize, objectives }: DecoderInfo): GenerateLimits {
  return { vocabulary: policy.nVocab, slots, contextSize, rewarded: objectives.length > 0 };
}

export function resolveGenerate(options: GenerateOptions, limits: GenerateLimits): ResolvedGenerate {
  checkNames("generate()", options, GENERATE);
  const { vocabulary, contextSize } = limits;
  const method = resolveMethod(options.method, limits.rewarded);
  const maxTokens = given(options.maxTokens, 128, (value) => integer("maxTokens", value, { min: 1, max: 2 ** 31 - 1 }));
  const combine = given(options.combine, "interpolate", (value) => oneOf("combine", value, ["interpolate", "additive"]));
  // The limit of colder and colder draws: the likeliest, or the highest score.
  const cold = options.temperature === 0;
  const select = cold ? "greedy" : given(options.select, "greedy", (value) => oneOf("select", value, ["greedy", "stochastic"]));
  const functions = limits.functions === true;
  const gate = gateOf(method, options.gate, { draws: select === "stochastic", functions, tokenRewards: limits.tokenRewards });
  return {
    method: cold && method === "sample" ? "greedy" : method,
    topK: resolveTopK(options.topK, method, vocabulary),
    weight: resolveWeight(options.weight, combine),
    combine,
    select,
    temperature: cold ? 1 : given(options.temperature, method === "sample" ? 0.8 : 1, temperatureOf),
    samplers: resolveSamplers(options, { vocabulary, longest: Math.min(maxTokens, contextSize), ...samplerDefaults(method, options) }),
    ending: endingOf(method, options, limits.rewardsEndings === true),
    gate,
    lookahead: lookaheadFor(method, options.lookahead, { gated: gate.kind !== "off", functions }),
    ...blocksOf(options),
    seed: given(options.seed, undefined, (value) => integer("seed", value, { min: 0, max: 2 ** 32 - 1 })) ?? randomSeed(),
    maxTokens,
    stop: given(options.stop, [], resolveStop),
    template: { ...templateOf(options), special: given(options.special, false, (value) => boolean("special", value)) },
    rewards: resolveRewards(options.rewards, method, limits.rewarded),
    rewardAt: resolveRewardAt(options.rewardAt),
    candidates: given(options.candidates, false, (value) => boolean("candidates", value)),
    topLogProbs: given(options.topLogProbs, 0, (value) =>
      integer("topLogProbs", value, { min: 0, max: vocabulary, note: "the vocabulary" }),
    ),
    slot: given(options.slot, undefined, (value) => integer("slot", value, { min: 0, max: limits.slots - 1, note: "the slots loaded" })),
    conversation: given(options.conversation, undefined, (value) => nonEmptyText("conversation", value)),
    onStep: given(options.onStep, undefined, (value) => callback("onStep", value)),
    signal: given(options.signal, undefined, (value) => abortSignal("signal", value)),
  };
}

function resolveMethod(given: Method | undefined, rewarded: boolean): Method {
  const method = given === undefined ? (rewarded ? "args" : "greedy") : oneOf("method", given, ["args", "blocks", "greedy", "sample"]);
  if (!isGuided(method) || rewarded) return method;
  throw new ArgsearchError("OPTION_INVALID", `method "${method}" needs a reward: load() one, or use "greedy" or "sample"`, {
    option: "method",
  });
}

function resolveRewards(rewards: boolean | undefined, method: Method, rewarded: boolean): boolean {
  const guided = isGuided(method);
  const wanted = given(rewards, guided, (value) => boolean("rewards", value));
  const refuse = (message: string): never => {
    throw new ArgsearchError("OPTION_INVALID", message, { option: "rewards" });
  };
  if (guided && !wanted) refuse(`rewards cannot be false with method "${method}", which chooses by them; "greedy" and "sample" do without`);
  if (wanted && !rewarded) refuse("rewards needs a reward: load() one, or leave it out");
  return wanted;
}

function temperatureOf(temperature: number): number {
  return number("temperature", temperature, { min: 0, max: Number.POSITIVE_INFINITY });
}

function resolveTopK(topK: number | undefined, method: Method, vocabulary: number): number {
  const draws = method === "sample" || method === "blocks";
  const range = { min: draws ? 0 : 1, max: vocabulary, note: "the vocabulary" };
  const otherwise = Math.min(draws ? 40 : CANDIDATES, vocabulary);
  return given(topK, otherwise, (value) => integer("topK", value, range));
}

/** Whatever draws from the policy cuts its tail off; blocks have no `temperature` of their own to do it with. */
function samplerDefaults(method: Method, options: GenerateOptions): Omit<SamplerContext, "vocabulary" | "longest"> {
  const { dryMultiplier } = defaultsOf(method, options);
  if (method === "blocks") return { topP: 0.95, policyTemperature: 0.8, dryMultiplier };
  return { topP: method === "sample" ? 0.95 : 1, policyTemperature: 1, dryMultiplier };
}

function blocksOf(options: GenerateOptions): Pick<ResolvedGenerate, "block" | "drafts" | "keepDrafts" | "blockReward"> {
  const most = 2 ** 31 - 1;
  const tokens = (value: number | "response"): number => {
    if (typeof value === "string" && value !== "response") throw invalid("block", `"response" or an integer from 1 to ${most}`, value);
    return value === "response" ? most : integer("block", value, { min: 1, max: most });
  };
  const drafts = given(options.drafts, 4, (value) => integer("drafts", value, { min: 1, max: binding().limits.drafts }));
  const kept = { min: 1, max: drafts, note: "the drafts" };
  return {
    block: given(options.block, 16, tokens),
    drafts,
    keepDrafts: given(options.keepDrafts, drafts, (value) => integer("keepDrafts", value, kept)),
    blockReward: given(options.blockReward, "end", (value) => oneOf("blockReward", value, ["end", "mean"])),
  };
}

/** `name` is what messages call it. @throws ArgsearchError OPTION_INVALID */
export function resolveWeight(weight: number | undefined, combine: "interpolate" | "additive", name = "weight"): number {
  if (combine === "interpolate") return given(weight, 0.6, (value) => number(name, value, { min: 0, max: 1, note: "interpolating" }));
  return given(weight, 1.5, (value) => number(name, value, { min: 0, max: Number.POSITIVE_INFINITY }));
}

function endingOf(method: Method, options: GenerateOptions, rewardsEndings: boolean): Ending {
  const { ending, grammar, jsonSchema } = options;
  const otherwise = rewardsEndings ? "reward" : defaultsOf(method, options).ending;
  const chosen = given(ending, otherwise, (value) => oneOf("ending", value, ["reward", "policy", "never"]));
  if (chosen !== "never" || (grammar ?? jsonSchema) === undefined) return chosen;
  throw new ArgsearchError("OPTION_INVALID", 'ending "never" cannot be kept with a grammar, which says where the text ends', {
    option: "ending",
  });
}

function resolveStop(stop: string | readonly string[]): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  return texts.map((text) => nonEmptyText("stop", text));
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** generateAll()'s callbacks, which say of which prompt they tell. */
export type Callbacks = Pick<GenerateAllOptions, "onStep" | "onProgress" | "onResult" | "onError">;

/** generateAll()'s own callbacks, and the rest for each of its prompts. */
export function splitCallbacks(options: GenerateAllOptions): {
  callbacks: Callbacks;
  n: number | undefined;
  each: Omit<GenerateOptions, "onStep">;
} {
  checkNames("generateAll()", options, { ...GENERATE, ...CALLBACKS, n: true });
  const { n, onStep, onProgress, onResult, onError, ...each } = options;
  const callbacks = { onStep, onProgress, onResult, onError };
  for (const [name, value] of Object.entries(callbacks)) if (value !== undefined) callback(name, value);
  return { callbacks, n: given(n, undefined, (value) => integer("n", value, { min: 1, max: 2 ** 16 })), each };
}
