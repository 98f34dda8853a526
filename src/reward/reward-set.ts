/** What a decoder is guided by: heads of reward models and functions, summed with their weights. */
import { basename, extname } from "node:path";
import type { HeadInfo, NativeRewardSource } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";
import type { ModelFile } from "../model/load-models.js";
import type { Model } from "../model/model.js";
import type { RewardAt, RewardFunction } from "../types.js";
import type { ResolvedTerm } from "./terms.js";
import { count, numbered, WeightedSum } from "./weighted-sum.js";

/** A reward model with one weight a label of its head. */
export interface ModelTerm {
  readonly model: Model;
  readonly weights: Float64Array;
  /** It has another vocabulary than what writes the responses: it reads their text. */
  readonly foreign: boolean;
}

/** Where a model reads a whole response: as asked for, else as its file says. */
export function positionOf({ extras }: Model, wanted: RewardAt | undefined): RewardAt {
  return wanted ?? extras.rewardAt ?? "last";
}

export interface FunctionTerm {
  readonly name: string;
  readonly weight: number;
  readonly reward: RewardFunction;
}

/**
 * Every term of the sum. Objectives are the labels of the reward models, in their order, then the functions; each keeps
 * its own value beside the sum.
 */
export class RewardSet extends WeightedSum {
  readonly sources: readonly ModelTerm[];
  readonly functions: readonly FunctionTerm[];

  /** `models`: the loaded models of modelPaths(), in that order; `foreign`: those of them with another vocabulary. */
  constructor(terms: readonly ResolvedTerm[], models: readonly Model[], foreign: ReadonlySet<Model> = new Set()) {
    const sources = modelTerms(terms).flatMap(({ weight, labels }, index) => {
      const model = models[index];
      return model ? [{ model, weights: labelWeights(model, weight, labels), foreign: foreign.has(model) }] : [];
    });
    const functions = functionTerms(terms);
    const weights = [...sources.flatMap(({ weights }) => [...weights]), ...functions.map(({ weight }) => weight)];
    super(objectiveNames(sources, functions), weights, functions.length > 0);
    this.sources = sources;
    this.functions = functions;
  }

  get nativeSources(): NativeRewardSource[] {
    return this.sources.map(({ model, weights, foreign }) => ({ model: model.native, weights, ...(foreign && { retokenise: true }) }));
  }

  /** Objectives that reward models give: the first; functions give the others. */
  get natives(): number {
    return this.objectives.length - this.functions.length;
  }

  /** Where each objective of a whole response is read. Functions rate what is written: the last token. */
  positions(wanted: RewardAt | undefined): RewardAt[] {
    const ofModels = this.sources.flatMap(({ model, weights }) => Array.from(weights, () => positionOf(model, wanted)));
    return [...ofModels, ...this.functions.map(() => "last" as const)];
  }

  /** One candidate's native values out of the rows of all. */
  row(values: Float64Array, candidate: number): Float64Array {
    return values.subarray(candidate * this.natives, (candidate + 1) * this.natives);
  }
}

/** Nothing is rated. */
export const NO_REWARDS = new RewardSet([], []);

/** The files among the reward terms, in their order. */
export function modelPaths(terms: readonly ResolvedTerm[]): string[] {
  return modelTerms(terms).map(({ reward }) => reward);
}

/** The same with the templates that were given for them. */
export function modelFiles(terms: readonly ResolvedTerm[]): ModelFile[] {
  return modelTerms(terms).map(({ reward, template }) => ({ path: reward, template }));
}

/** The functions among the reward terms, in their order. */
export function functionTerms(terms: readonly ResolvedTerm[]): FunctionTerm[] {
  return terms.flatMap(({ reward, weight }) => (typeof reward === "function" ? [{ name: reward.name || "function", weight, reward }] : []));
}

function modelTerms(terms: readonly ResolvedTerm[]): (ResolvedTerm & { reward: string })[] {
  return terms.filter((term): term is ResolvedTerm & { reward: string } => typeof term.reward === "string");
}

/** @throws ArgsearchError REWARD_HEAD_MISSING */
function requireHead(model: Model): HeadInfo {
  if (model.info.head !== null) return model.info.head;
  throw new ArgsearchError(
    "REWARD_HEAD_MISSING",
    `${model.info.path} has no reward head. Attach one with "argsearch reward attach", or use it as a policy.`,
  );
}

/** @throws ArgsearchError REWARD_HEAD_MISSING, OPTION_INVALID for a label the head does not have */
function labelWeights(model: Model, weight: number, given: Readonly<Record<string, number>>): Float64Array {
  const { labels } = requireHead(model);
  for (const name of Object.keys(given)) {
    if (labels.includes(name)) continue;
    const message = `${model.info.path} has no label ${JSON.stringify(name)}; it has ${labels.join(", ")}`;
    throw new ArgsearchError("OPTION_INVALID", message, { option: "reward.labels" });
  }
  // Who names labels says what to follow: another label's weight of 1 would go unnoticed.
  const unnamed = Object.keys(given).length === 0 ? 1 : 0;
  return Float64Array.from(labels, (label) => weight * (given[label] ?? unnamed));
}

/** Labels and function names as they are, unless two are alike: then with their file's name, then with a number. */
function objectiveNames(sources: readonly ModelTerm[], functions: readonly FunctionTerm[]): string[] {
  const labels = sources.flatMap(({ model }) => requireHead(model).labels.map((label) => ({ label, model })));
  const plain = [...labels.map(({ label }) => label), ...functions.map(({ name }) => name)];
  const qualified = labels.map(({ label, model }) => (count(plain, label) > 1 ? `${fileName(model)}/${label}` : label));
  return numbered([...qualified, ...functions.map(({ name }) => name)]);
}

function fileName({ info: { path } }: Model): string {
  return basename(path, extname(path));
}
