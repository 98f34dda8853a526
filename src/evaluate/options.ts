/** Defaults and validation of an evaluation's options. */
import { basename, extname } from "node:path";
import { resolveGenerate } from "../decode/options.js";
import { binding, type Pooling } from "../engine/binding.js";
import type { BadLine } from "../files/json-lines.js";
import { resolveShard } from "../files/shard.js";
import { ISOLATION, isolationOf } from "../isolate/options.js";
import { EMBEDDED } from "../model/embedded.js";
import { MODEL, pickModelOptions } from "../model/options.js";
import { TEMPLATE, templateOf } from "../model/template-options.js";
import { TOKENIZERS, tokenizersOf } from "../reward/vocabularies.js";
import { resolveRewardAt } from "../score/options.js";
import type { IsolationOptions, ModelOptions, RewardAt, RewardSpec, Shard, TemplateOptions, TokenizersOptions } from "../types.js";
import { checkNames, given, integer, invalid, type Names, nonEmptyText } from "../validate.js";
import type { JudgeOptions } from "./judge/options.js";
import { DEFAULT_METHODS, isGuided, METHOD_NAMES, type MethodName, type MethodSpec, methodOf, responsesOf } from "./methods.js";
import type { Metric } from "./metrics/metric.js";
import type { EvaluationProgress } from "./progress.js";
import type { PromptSource } from "./prompts.js";
import type { JudgeRewardOptions } from "./reward-judge/options.js";
import { type Sweep, type Swept, sweepMethods } from "./sweep.js";

/** A policy with the reward that guides it and rates every method's responses. */
export interface ModelPair {
  /** In front of the methods' names when there are several pairs; default the policy's file name. */
  label?: string | undefined;
  /** Path of a GGUF, or its name on the Hub ("hf:OWNER/REPO:Q8_0"). So are all models of an evaluation, which its results name by their files. */
  policy: string;
  /** A chat template for the policy in place of the file's own. Reward terms take one each. */
  chatTemplate?: string | undefined;
  /** As in load(). Null: baselines only, without a reward. */
  reward: RewardSpec | readonly RewardSpec[] | null;
}

export interface EvaluateOptions
  extends Omit<ModelOptions, "onProgress">,
    IsolationOptions,
    TokenizersOptions,
    TemplateOptions,
    PromptSource {
  /** Path of the policy; default the embedded pair. */
  policy?: string | undefined;
  /** As in load(). */
  chatTemplate?: string | undefined;
  /** As in load(). */
  reward?: RewardSpec | readonly RewardSpec[] | null | undefined;
  /** Several pairs to compare, in place of `policy` and `reward`. */
  pairs?: readonly ModelPair[] | undefined;
  /** Default the paper's six of the table in methods.ts; without a reward the three that need none. */
  methods?: readonly (MethodName | MethodSpec)[] | undefined;
  /** Methods at every combination of these values, as far as they take them. */
  sweep?: Sweep | undefined;
  /** Measures of your own, beside the built-in ones. */
  metrics?: readonly Metric[] | undefined;
  /** Path of a GGUF that makes sentence embeddings: adds coherence. */
  embedding?: string | undefined;
  /** How its token states become one vector; default "auto": as the file says. */
  pooling?: Pooling | undefined;
  /** Tokens of a response; default 128, as in the paper. */
  maxTokens?: number | undefined;
  /** As in ScoreOptions: where responses are rated. */
  rewardAt?: RewardAt | undefined;
  stop?: string | readonly string[] | undefined;
  /** Of every draw, resampling and judge's side: 0…2^32-1, default 0. */
  seed?: number | undefined;
  /** Prompts decoded at once, 1 to 128; default 4. */
  slots?: number | undefined;
  /**
   * This part of the prompts alone, whole groups of as many as there are slots in turn; takes `out`, a directory for each shard.
   * mergeEvaluations() makes one of all. Default: all prompts.
   */
  shard?: Shard | undefined;
  /** A directory for what is found, continued when it holds the same evaluation; default none. */
  out?: string | undefined;
  /** Win–tie rates by another model. */
  judge?: JudgeOptions | undefined;
  /** A reward model that rates every answer, by its path: adds judgeReward, and win–tie rates by it. */
  judgeReward?: string | JudgeRewardOptions | undefined;
  /** Called after each response, comparison and verdict. */
  onProgress?: ((progress: EvaluationProgress) => void) | undefined;
  /** Called with each data line that is left out. */
  onBadLine?: ((bad: BadLine) => void) | undefined;
  /** Ends the evaluation between two tokens: it rejects with ABORTED, and goes on where it stopped when called again. */
  signal?: AbortSignal | undefined;
}

/** A method of one pair of models: what responses are decoded by. */
export interface Variant {
  /** Unique. */
  name: string;
  pair: ResolvedPair;
  method: MethodSpec;
  /** The name of the method that a sweep makes it of, else its own without the models' label; and the values it has in the sweep. */
  base: string;
  swept: Swept;
}

export type ResolvedPair = ModelPair & { label: string };

/** What generate() and score() are told of every prompt; options that were left open are absent. */
export interface Generation extends Pick<TemplateOptions, "templateVariables"> {
  maxTokens: number;
  template: "auto" | "none";
  stop: readonly string[];
  rewardAt?: RewardAt | undefined;
  /** ISO 8601: see evaluationDate(). */
  date?: string | undefined;
}

export interface ResolvedEvaluation {
  variants: Variant[];
  pairs: ResolvedPair[];
  /** What load() and loadReward() are given. Which tokenizers may meet changes no result: it is no part of what makes two evaluations the same. */
  model: ModelOptions & IsolationOptions & TokenizersOptions;
  generation: Generation;
  seed: number;
  slots: number;
  /** Undefined: all prompts. */
  shard: Shard | undefined;
}

const OPTIONS: Names<EvaluateOptions> = {
  ...MODEL,
  ...ISOLATION,
  ...TOKENIZERS,
  ...TEMPLATE,
  policy: true,
  chatTemplate: true,
  reward: true,
  pairs: true,
  data: true,
  format: true,
  limit: true,
  methods: true,
  sweep: true,
  metrics: true,
  embedding: true,
  pooling: true,
  maxTokens: true,
  rewardAt: true,
  stop: true,
  seed: true,
  slots: true,
  shard: true,
  out: true,
  judge: true,
  judgeReward: true,
  onBadLine: true,
};

/** `what` takes them. @throws ArgsearchError OPTION_INVALID */
export function resolveEvaluation(options: EvaluateOptions, what = "evaluate()"): ResolvedEvaluation {
  checkNames(what, options, OPTIONS);
  const { data } = options;
  if (!Array.isArray(data) && (typeof data !== "string" || data === "")) throw invalid("data", "a path or an array of prompts", data);
  if (options.limit !== undefined) integer("limit", options.limit, { min: 1, max: 2 ** 31 - 1 });
  const { signal: _, ...model } = pickModelOptions(options);
  isolationOf(options); // checks what load() is then given
  const pairs = pairsOf(options);
  const shard = resolveShard(options.shard);
  if (shard !== undefined && options.out === undefined) throw invalid("shard", "given with out, the directory of that shard", shard);
  return {
    shard,
    pairs,
    variants: variantsOf(pairs, options),
    model: { ...model, isolate: options.isolate, tokenizers: tokenizersOf(options) },
    generation: {
      maxTokens: integer("maxTokens", options.maxTokens ?? 128, { min: 1, max: 2 ** 31 - 1 }),
      template: templateOf(options).mode,
      templateVariables: options.templateVariables,
      rewardAt: resolveRewardAt(options.rewardAt),
      stop: [options.stop ?? []].flat().map((text) => nonEmptyText("stop", text)),
    },
    seed: integer("seed", options.seed ?? 0, { min: 0, max: 2 ** 32 - 1 }),
    slots: integer("slots", options.slots ?? 4, { min: 1, max: binding().limits.slots }),
  };
}

function pairsOf({ pairs, policy, chatTemplate, reward }: EvaluateOptions): ResolvedPair[] {
  if (pairs !== undefined) {
    if (!Array.isArray(pairs) || pairs.length === 0) throw invalid("pairs", "a non-empty array of { policy, reward }", pairs);
    if (policy !== undefined || reward !== undefined) throw invalid("pairs", "given without policy and reward", pairs);
    if (chatTemplate !== undefined) throw invalid("pairs", "given without chatTemplate, which each pair may have", pairs);
    return withOwnLabels(pairs.map(resolvePair));
  }
  const embedded = policy === undefined ? EMBEDDED.reward : null;
  return [resolvePair({ policy: policy ?? EMBEDDED.policy, chatTemplate, reward: reward === undefined ? embedded : reward })];
}

function resolvePair({ label, policy, chatTemplate, reward }: ModelPair): ResolvedPair {
  const path = nonEmptyText("policy", policy);
  const template = given(chatTemplate, undefined, (value) => nonEmptyText("chatTemplate", value));
  return { label: label ?? basename(path, extname(path)), policy: path, chatTemplate: template, reward };
}

/** The second "model" becomes "model#2". */
function withOwnLabels(pairs: readonly ResolvedPair[]): ResolvedPair[] {
  return pairs.map((pair, at) => {
    const before = pairs.slice(0, at).filter(({ label }) => label === pair.label).length;
    return before === 0 ? pair : { ...pair, label: `${pair.label}#${before + 1}` };
  });
}

function variantsOf(pairs: readonly ResolvedPair[], { methods, sweep = {} }: EvaluateOptions): Variant[] {
  if (methods !== undefined && (!Array.isArray(methods) || methods.length === 0)) {
    throw invalid("methods", `a non-empty array of ${METHOD_NAMES.join(", ")} or settings`, methods);
  }
  const variants = pairs.flatMap((pair) => {
    const wanted = (methods ?? DEFAULT_METHODS)
      .map(methodOf)
      .filter((method) => methods !== undefined || !needsReward(method) || pair.reward);
    const label = pairs.length > 1 ? `${pair.label}: ` : "";
    return sweepMethods(wanted, sweep).map(({ base, swept, ...method }) => ({ name: `${label}${method.name}`, pair, method, base, swept }));
  });
  for (const { name, pair, method } of variants) {
    if (variants.filter((variant) => variant.name === name).length > 1) throw invalid("methods", "of different names", name);
    if (pair.reward === null && needsReward(method)) throw invalid("methods", "without a reward: greedy, top-k or top-p", name);
    checkSettings(method);
  }
  return variants;
}

/** Before anything is decoded; only the sizes of vocabulary and context are not known yet. @throws ArgsearchError OPTION_INVALID */
function checkSettings({ name: _name, drafts, ...settings }: MethodSpec): void {
  resolveGenerate(settings.method === "blocks" ? { ...settings, drafts } : settings, {
    vocabulary: 2 ** 31 - 1,
    slots: 1,
    contextSize: 2 ** 31 - 1,
    rewarded: true,
  });
}

function needsReward(method: MethodSpec): boolean {
  return isGuided(method) || responsesOf(method) > 1;
}
