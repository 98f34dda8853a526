/** What a decoder is guided by: heads of reward models and functions, summed with their weights. */
import { basename, extname } from "node:path";
import type { HeadInfo, NativeModel, NativeRewardSource } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";
import type { ModelFile } from "../model/load-models.js";
import type { Model } from "../model/model.js";
import type { RewardAt, RewardFunction, RewardKind } from "../types.js";
import { askOf } from "./ask/local.js";
import { isSummed, nativeKind } from "./kinds.js";
import { type RewardInfo, rewardInfo } from "./reward-info.js";
import type { ResolvedTerm } from "./terms.js";
import { count, numbered, WeightedSum } from "./weighted-sum.js";

/** A reward model with one weight a label of its head; a token reward has one. */
export interface ModelTerm {
  readonly model: Model;
  readonly kind: RewardKind;
  /** Of a contrast: what it is compared with. */
  readonly base?: Model | undefined;
  readonly weights: Float64Array;
  /** It has another vocabulary than what writes the responses: it reads their text. */
  readonly foreign: boolean;
}

/** Where a model reads a whole response: as asked for, else as its file says. */
export function positionOf({ extras }: Model, wanted: RewardAt | undefined): RewardAt {
  return wanted ?? extras.rewardAt ?? "last";
}

/** One of the models that rate. */
type Reading = Pick<ModelTerm, "model" | "kind">;

export interface FunctionTerm {
  readonly name: string;
  readonly weight: number;
  readonly reward: RewardFunction;
}

/**
 * Every term of the sum. Objectives are those of the reward models, labels of heads and kinds of token rewards, in their order, then the
 * functions; each keeps its own value beside the sum.
 */
export class RewardSet extends WeightedSum {
  readonly sources: readonly ModelTerm[];
  readonly functions: readonly FunctionTerm[];
  readonly #policy: Model | undefined;

  /**
   * `models`: the loaded models of modelFiles(), in that order; `policy`: that of a decoder, which may be one side of a contrast; `foreign`: those of
   * the models that have another vocabulary.
   */
  constructor(terms: readonly ResolvedTerm[], models: readonly Model[], policy?: Model, foreign: ReadonlySet<Model> = new Set()) {
    const sources = modelSources(terms, models, policy).map((source) => ({ ...source, foreign: foreign.has(source.model) }));
    const functions = functionTerms(terms);
    const weights = [...sources.flatMap(({ weights }) => [...weights]), ...functions.map(({ weight }) => weight)];
    super(objectiveNames(sources, functions), weights, functions.length > 0);
    this.sources = sources;
    this.functions = functions;
    this.#policy = policy;
  }

  get nativeSources(): NativeRewardSource[] {
    return this.sources.map(({ model, kind, base, weights, foreign }) => {
      const side = (each: Model): NativeModel | "policy" => (base !== undefined && each === this.#policy ? "policy" : each.native);
      const how = { ...(base && { base: side(base) }), ...(foreign && { retokenise: true }) };
      return { model: side(model), weights, kind: nativeKind(kind), ...how };
    });
  }

  /** Each reward model and the base that it is compared with, one of which may be the policy. */
  get raters(): Model[] {
    return this.#readings.map(({ model }) => model);
  }

  /** Those of them that read the tokens that responses are written in: all but those of another vocabulary. */
  get tokenReaders(): Model[] {
    return this.raters.filter((model) => !this.isForeign(model));
  }

  /** It reads the text of responses, in tokens of its own. */
  isForeign(model: Model): boolean {
    return this.sources.some((source) => source.foreign && source.model === model);
  }

  /** Those of them that read in caches of their own, in the addon's order: all but a side of a contrast that is the policy. */
  get readers(): Model[] {
    return this.#ownReadings.map(({ model }) => model);
  }

  /** Which of the readers read as language models do, not through a head. */
  get languageModels(): boolean[] {
    return this.#ownReadings.map(({ kind }) => kind !== "head");
  }

  get #ownReadings(): Reading[] {
    return this.#readings.filter(({ kind, model }) => kind !== "contrast" || model !== this.#policy);
  }

  get #readings(): Reading[] {
    return this.sources.flatMap(({ model, kind, base }) => [{ model, kind }, ...(base ? [{ model: base, kind }] : [])]);
  }

  get infos(): RewardInfo[] {
    return this.sources.map(rewardInfo);
  }

  /** Objectives that reward models give: the first; functions give the others. */
  get natives(): number {
    return this.objectives.length - this.functions.length;
  }

  /** Which objectives of a whole response are the sums over its tokens. */
  get summed(): boolean[] {
    const ofModels = this.sources.flatMap(({ kind, weights }) => Array.from(weights, () => isSummed(kind)));
    return [...ofModels, ...this.functions.map(() => false)];
  }

  /** Where each objective of a whole response is read, or its sum ends. Functions rate what is written: the last token. */
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

/** The files that the reward terms read, in their order, bases among them. */
export function modelPaths(terms: readonly ResolvedTerm[]): string[] {
  return modelFiles(terms).map(({ path }) => path);
}

/** The same with the templates that were given for them; a side of a contrast that is the policy's file is `policy` itself. */
export function modelFiles(terms: readonly ResolvedTerm[], policy?: ModelFile): ModelFile[] {
  return modelTerms(terms).flatMap(({ reward, base, adapter, template }) => {
    if (base === undefined) return [{ path: reward, adapter, template }];
    const isPolicy = template === undefined && reward === policy?.path;
    const file = isPolicy ? policy : { path: reward, template };
    // Where it is read is said of rewards; weights that lie on the same device are shared.
    const own = adapter === undefined ? file : { ...file, role: "reward" as const, adapter };
    return [own, base === policy?.path ? policy : { path: base }];
  });
}

/** Every file that the terms name, adapters and those of models that are asked among them. */
export function filePaths(terms: readonly ResolvedTerm[]): string[] {
  const adapters = terms.flatMap(({ adapter }) => adapter ?? []);
  return [...modelPaths(terms), ...adapters, ...terms.flatMap(({ reward }) => askOf(reward)?.model ?? [])];
}

/** The functions among the reward terms, in their order. */
export function functionTerms(terms: readonly ResolvedTerm[]): FunctionTerm[] {
  return terms.flatMap(({ reward, weight }) => (typeof reward === "function" ? [{ name: reward.name || "function", weight, reward }] : []));
}

function modelTerms(terms: readonly ResolvedTerm[]): (ResolvedTerm & { reward: string })[] {
  return terms.filter((term): term is ResolvedTerm & { reward: string } => typeof term.reward === "string");
}

function modelSources(terms: readonly ResolvedTerm[], models: readonly Model[], policy: Model | undefined): Omit<ModelTerm, "foreign">[] {
  const queue = models.values();
  return modelTerms(terms).flatMap(({ kind, base: path, weight, labels, template }): Omit<ModelTerm, "foreign">[] => {
    const model = queue.next().value;
    const found = path === undefined ? undefined : queue.next().value;
    if (model === undefined) return [];
    const weights = kind === "head" ? labelWeights(model, weight, labels) : Float64Array.of(weight);
    if (found === undefined) return [{ model, kind, weights }];
    const isPolicy = model.native === policy?.native && template === undefined;
    return [{ model: isPolicy ? policy : model, kind, weights, base: found.native === policy?.native ? policy : found.readingAs(model) }];
  });
}

/** @throws ArgsearchError REWARD_HEAD_MISSING */
function requireHead(model: Model): HeadInfo {
  if (model.info.head !== null) return model.info.head;
  const cure =
    'Attach one with "argsearch reward attach"; or, if it is a language model, name its kind ("autoregressive" or "values"), or as base the model that it was tuned from';
  throw new ArgsearchError("REWARD_HEAD_MISSING", `${model.info.path} has no reward head. ${cure}.`, { option: "reward.kind" });
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

/** What the values of a source are called: the labels of its head, or its kind. */
function namesOf({ model, kind }: ModelTerm): readonly string[] {
  return kind === "head" ? requireHead(model).labels : [kind];
}

/** Labels, kinds and function names as they are, unless two are alike: then with their file's name, then with a number. */
function objectiveNames(sources: readonly ModelTerm[], functions: readonly FunctionTerm[]): string[] {
  const own = sources.flatMap((source) => namesOf(source).map((name) => ({ name, model: source.model })));
  const plain = [...own.map(({ name }) => name), ...functions.map(({ name }) => name)];
  const qualified = own.map(({ name, model }) => (count(plain, name) > 1 ? `${fileName(model)}/${name}` : name));
  return numbered([...qualified, ...functions.map(({ name }) => name)]);
}

/** What the model differs from others by: its adapter, if it has one. */
function fileName({ info: { path, adapter = path } }: Model): string {
  return basename(adapter, extname(adapter));
}
