/** Defaults and validation of every option, in pure code. What comes out has no gaps; what was wrong is OPTION_INVALID. */
import type { ContextOptions, ModelInfo } from "../engine/binding.js";
import { defaultThreads } from "../engine/threads.js";
import { ArgsearchError } from "../errors.js";
import { EMBEDDED } from "../model/embedded.js";
import type {
  EngineOptions,
  GenerateAllOptions,
  GenerateOptions,
  Gpu,
  LoadOptions,
  Method,
  ModelOptions,
  RewardFunction,
  RewardLoadOptions,
  RewardSpec,
  RewardTerm,
  ScoreOptions,
} from "../types.js";
import {
  abortSignal,
  boolean,
  callback,
  finite,
  integer,
  invalid,
  nonEmptyText,
  number,
  oneOf,
  onlyKnown,
  plainObject,
} from "../validate.js";

export interface ResolvedEngine {
  engineDir: string | undefined;
  gpu: Gpu;
}

export interface ResolvedModelOptions extends ResolvedEngine {
  /** -1: all. */
  gpuLayers: number;
  /** Undefined: as many as suit the models. */
  threads: number | undefined;
  /** Undefined: as the models were trained. */
  contextSize: number | undefined;
  batchSize: number;
  kvType: "auto" | "f32" | "f16" | "q8_0";
  onProgress: ((progress: number) => void) | undefined;
  signal: AbortSignal | undefined;
}

export interface ResolvedTerm {
  reward: string | RewardFunction;
  weight: number;
  labels: Readonly<Record<string, number>>;
}

export interface ResolvedLoad extends ResolvedModelOptions {
  policy: string;
  terms: ResolvedTerm[];
  slots: number;
}

export interface ResolvedRewardLoad extends ResolvedModelOptions {
  terms: ResolvedTerm[];
}

export interface ResolvedGenerate {
  method: Method;
  topK: number;
  weight: number;
  combine: "interpolate" | "additive";
  select: "greedy" | "stochastic";
  temperature: number;
  topP: number;
  seed: number;
  maxTokens: number;
  stop: readonly string[];
  template: "auto" | "none";
  candidates: boolean;
  slot: number | undefined;
  signal: AbortSignal | undefined;
}

/** What a loaded decoder allows. */
export interface GenerateLimits {
  vocabulary: number;
  slots: number;
  rewarded: boolean;
}

/** Tokens, or fewer where the models were trained with fewer. */
export const DEFAULT_CONTEXT = 4096;

/** Names of an options type, complete by construction. */
type Names<T> = Record<keyof T, true>;

const ENGINE: Names<EngineOptions> = { engineDir: true, gpu: true };
const MODEL: Names<ModelOptions> = {
  ...ENGINE,
  gpuLayers: true,
  threads: true,
  contextSize: true,
  batchSize: true,
  kvType: true,
  onProgress: true,
  signal: true,
};
const LOAD: Names<LoadOptions> = { ...MODEL, policy: true, reward: true, slots: true };
const REWARD_LOAD: Names<RewardLoadOptions> = { ...MODEL, reward: true };
const TERM: Names<RewardTerm> = { reward: true, weight: true, labels: true };
const GENERATE: Names<GenerateOptions> = {
  method: true,
  topK: true,
  weight: true,
  combine: true,
  select: true,
  temperature: true,
  topP: true,
  seed: true,
  maxTokens: true,
  stop: true,
  template: true,
  candidates: true,
  slot: true,
  signal: true,
};
const CALLBACKS: Names<Omit<GenerateAllOptions, keyof GenerateOptions>> = { onProgress: true, onResult: true, onError: true };
const SCORE: Names<ScoreOptions> = { template: true, signal: true };

/** The value checked, or the default where none was given. */
function given<T, R>(value: T | undefined, otherwise: R, check: (value: T) => R): R {
  return value === undefined ? otherwise : check(value);
}

function checkNames(what: string, options: unknown, names: Record<string, true>): void {
  onlyKnown(what, plainObject(`the options of ${what}`, options), Object.keys(names));
}

export function resolveEngine(options: EngineOptions = {}): ResolvedEngine {
  checkNames("the engine", options, ENGINE);
  return engineOf(options);
}

function engineOf(options: EngineOptions): ResolvedEngine {
  return {
    engineDir: given(options.engineDir, undefined, (value) => nonEmptyText("engineDir", value)),
    gpu: given(options.gpu, "auto", (value) => oneOf("gpu", value, ["auto", "cuda", "vulkan", "metal", false])),
  };
}

function modelOf(options: ModelOptions): ResolvedModelOptions {
  const { gpuLayers, threads, contextSize, batchSize, kvType } = options;
  return {
    ...engineOf(options),
    gpuLayers: given(gpuLayers, -1, (value) => integer("gpuLayers", value, { min: 0, max: 100_000 })),
    threads: given(threads, undefined, (value) => integer("threads", value, { min: 1, max: 512 })),
    contextSize: given(contextSize, undefined, (value) => integer("contextSize", value, { min: 2, max: 2 ** 28, note: "tokens" })),
    batchSize: given(batchSize, 512, (value) => integer("batchSize", value, { min: 1, max: 65_536, note: "tokens" })),
    kvType: given(kvType, "auto", (value) => oneOf("kvType", value, ["auto", "f32", "f16", "q8_0"])),
    onProgress: given(options.onProgress, undefined, (value) => callback("onProgress", value)),
    signal: given(options.signal, undefined, (value) => abortSignal("signal", value)),
  };
}

export function resolveLoad(options: LoadOptions = {}): ResolvedLoad {
  checkNames("load()", options, LOAD);
  const embeddedReward = options.policy === undefined ? EMBEDDED.reward : null;
  return {
    ...modelOf(options),
    policy: given(options.policy, EMBEDDED.policy, (value) => nonEmptyText("policy", value)),
    terms: resolveTerms(options.reward === undefined ? embeddedReward : options.reward),
    slots: given(options.slots, 1, (value) => integer("slots", value, { min: 1, max: 128 })),
  };
}

export function resolveRewardLoad(options: RewardLoadOptions = {}): ResolvedRewardLoad {
  checkNames("loadReward()", options, REWARD_LOAD);
  const terms = resolveTerms(options.reward ?? EMBEDDED.reward);
  if (terms.some((term) => typeof term.reward === "string")) return { ...modelOf(options), terms };
  throw new ArgsearchError("OPTION_INVALID", "reward must name at least one reward model's file: without one there is nothing to load");
}

/** The terms of a reward, with their defaults. @throws ArgsearchError OPTION_INVALID */
export function resolveTerms(spec: RewardSpec | readonly RewardSpec[] | null): ResolvedTerm[] {
  if (spec === null) return [];
  if (!Array.isArray(spec)) return [resolveTerm("reward", spec as RewardSpec)];
  return (spec as readonly RewardSpec[]).map((each, index) => resolveTerm(`reward[${index}]`, each));
}

function resolveTerm(name: string, spec: RewardSpec): ResolvedTerm {
  if (typeof spec === "string" || typeof spec === "function") return { reward: rewardOf(name, spec), weight: 1, labels: {} };
  if (typeof spec !== "object" || spec === null) throw invalid(name, "a path, a function or { reward, weight, labels }", spec);
  checkNames(name, spec, TERM);
  return {
    reward: rewardOf(`${name}.reward`, spec.reward),
    weight: given(spec.weight, 1, (value) => finite(`${name}.weight`, value)),
    labels: given(spec.labels, {}, (value) => labelWeights(`${name}.labels`, value)),
  };
}

function rewardOf(name: string, reward: unknown): string | RewardFunction {
  if (typeof reward === "function") return reward as RewardFunction;
  if (typeof reward === "string" && reward !== "") return reward;
  throw invalid(name, "a path or a function", reward);
}

function labelWeights(name: string, labels: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const entries = Object.entries(plainObject(name, labels));
  return Object.fromEntries(entries.map(([label, weight]) => [label, finite(`${name}.${label}`, weight)]));
}

export function resolveGenerate(options: GenerateOptions, limits: GenerateLimits): ResolvedGenerate {
  checkNames("generate()", options, GENERATE);
  const method = resolveMethod(options.method, limits.rewarded);
  const combine = given(options.combine, "interpolate", (value) => oneOf("combine", value, ["interpolate", "additive"]));
  const range = { min: 0, max: Number.POSITIVE_INFINITY, above: true };
  return {
    method,
    topK: resolveTopK(options.topK, method, limits.vocabulary),
    weight: resolveWeight(options.weight, combine),
    combine,
    select: given(options.select, "greedy", (value) => oneOf("select", value, ["greedy", "stochastic"])),
    temperature: given(options.temperature, method === "sample" ? 0.8 : 1, (value) => number("temperature", value, range)),
    topP: given(options.topP, 0.95, (value) => number("topP", value, { min: 0, max: 1, above: true })),
    seed: given(options.seed, undefined, (value) => integer("seed", value, { min: 0, max: 2 ** 32 - 1 })) ?? randomSeed(),
    maxTokens: given(options.maxTokens, 128, (value) => integer("maxTokens", value, { min: 1, max: 2 ** 31 - 1 })),
    stop: given(options.stop, [], resolveStop),
    template: resolveTemplate(options.template),
    candidates: given(options.candidates, false, (value) => boolean("candidates", value)),
    slot: given(options.slot, undefined, (value) => integer("slot", value, { min: 0, max: limits.slots - 1, note: "the slots loaded" })),
    signal: given(options.signal, undefined, (value) => abortSignal("signal", value)),
  };
}

function resolveMethod(given: Method | undefined, rewarded: boolean): Method {
  const method = given === undefined ? (rewarded ? "args" : "greedy") : oneOf("method", given, ["args", "greedy", "sample"]);
  if (method !== "args" || rewarded) return method;
  throw new ArgsearchError("OPTION_INVALID", 'method "args" needs a reward: load() one, or use "greedy" or "sample"');
}

function resolveTopK(topK: number | undefined, method: Method, vocabulary: number): number {
  const range = { min: method === "sample" ? 0 : 1, max: vocabulary, note: "the vocabulary" };
  const otherwise = Math.min(method === "sample" ? 40 : 10, vocabulary);
  return given(topK, otherwise, (value) => integer("topK", value, range));
}

/** `name` is what messages call it. @throws ArgsearchError OPTION_INVALID */
export function resolveWeight(weight: number | undefined, combine: "interpolate" | "additive", name = "weight"): number {
  if (combine === "interpolate") return given(weight, 0.6, (value) => number(name, value, { min: 0, max: 1, note: "interpolating" }));
  return given(weight, 1.5, (value) => number(name, value, { min: 0, max: Number.POSITIVE_INFINITY }));
}

function resolveStop(stop: string | readonly string[]): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  return texts.map((text) => nonEmptyText("stop", text));
}

function resolveTemplate(template: "auto" | "none" | undefined): "auto" | "none" {
  return given(template, "auto", (value) => oneOf("template", value, ["auto", "none"]));
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** generateAll()'s own callbacks, and the rest for each of its prompts. */
export function splitCallbacks(options: GenerateAllOptions): {
  callbacks: Omit<GenerateAllOptions, keyof GenerateOptions>;
  each: GenerateOptions;
} {
  checkNames("generateAll()", options, { ...GENERATE, ...CALLBACKS });
  const { onProgress, onResult, onError, ...each } = options;
  for (const [name, value] of Object.entries({ onProgress, onResult, onError })) if (value !== undefined) callback(name, value);
  return { callbacks: { onProgress, onResult, onError }, each };
}

export function resolveScore(options: ScoreOptions = {}): { template: "auto" | "none"; signal: AbortSignal | undefined } {
  checkNames("score()", options, SCORE);
  return {
    template: resolveTemplate(options.template),
    signal: given(options.signal, undefined, (value) => abortSignal("signal", value)),
  };
}

/** What the models' contexts need, from what was asked for and what the models are. */
export function contextFor(
  { contextSize, threads, batchSize, kvType }: ResolvedModelOptions,
  models: readonly Pick<ModelInfo, "nCtxTrain" | "size">[],
): ContextOptions & { contextSize: number } {
  return {
    contextSize: contextSizeFor(contextSize, Math.min(...models.map(({ nCtxTrain }) => nCtxTrain))),
    threads: threads ?? defaultThreads(Math.max(...models.map(({ size }) => size))),
    batchSize,
    kvType,
  };
}

/** At most what the models were trained with, because beyond it their answers fall apart. */
function contextSizeFor(asked: number | undefined, trained: number): number {
  if (asked === undefined) return Math.min(DEFAULT_CONTEXT, Math.max(2, trained));
  return integer("contextSize", asked, { min: 2, max: Math.max(2, trained), note: "tokens the models were trained with" });
}
