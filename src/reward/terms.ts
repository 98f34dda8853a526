/** The terms of a weighted sum of rewards: defaults and validation. */
import { ArgsearchError } from "../errors.js";
import type { RewardFunction, RewardKind, RewardSpec, RewardTerm } from "../types.js";
import { checkNames, finite, given, invalid, type Names, nonEmptyText, oneOf, plainObject } from "../validate.js";
import { askOf, localAsk } from "./ask/local.js";
import { isAsk, resolveAsk } from "./ask/options.js";
import { remoteAsk } from "./ask/remote.js";
import { kindOf } from "./kinds.js";
import { isRemote, remoteReward } from "./remote-reward.js";
import { isWhole } from "./whole.js";

export interface ResolvedTerm {
  /** A server's reward and a question are functions: see isWhole(), askOf(). */
  reward: string | RewardFunction;
  /** "head" of what is no file. */
  kind: RewardKind;
  /** Of a contrast, and of nothing else. */
  base?: string | undefined;
  /** Of a file. */
  adapter?: string | undefined;
  weight: number;
  labels: Readonly<Record<string, number>>;
  /** With the option that gave it. */
  template?: { text: string; option: string } | undefined;
}

const TERM: Names<RewardTerm> = { reward: true, kind: true, base: true, adapter: true, weight: true, labels: true, chatTemplate: true };

/** The terms of a reward, with their defaults. @throws ArgsearchError OPTION_INVALID */
export function resolveTerms(spec: RewardSpec | readonly RewardSpec[] | null): ResolvedTerm[] {
  if (spec === null) return [];
  if (!Array.isArray(spec)) return [resolveTerm("reward", spec as RewardSpec)];
  return (spec as readonly RewardSpec[]).map((each, index) => resolveTerm(`reward[${index}]`, each));
}

/** A term as options say it. */
export function specOf({ reward, template, kind, ...term }: ResolvedTerm): RewardTerm {
  const own = typeof reward === "string" ? { kind } : {};
  return { ...term, ...own, reward: askOf(reward)?.given ?? reward, chatTemplate: template?.text };
}

const PLAIN = { kind: "head", weight: 1, labels: {} } as const;

function resolveTerm(name: string, spec: RewardSpec): ResolvedTerm {
  if (typeof spec === "string" || typeof spec === "function") return { reward: rewardOf(name, spec), ...PLAIN };
  if (typeof spec !== "object" || spec === null)
    throw invalid(name, "a path, a function, { url, api }, { ask } or { reward, weight, labels }", spec);
  if (isAsk(spec) || isRemote(spec)) return { reward: rewardOf(name, spec), ...PLAIN };
  checkNames(name, spec, TERM);
  const option = `${name}.chatTemplate`;
  const template = given(spec.chatTemplate, undefined, (value) => ({ text: nonEmptyText(option, value), option }));
  const reward = rewardOf(`${name}.reward`, spec.reward, template);
  const { kind, base, adapter } = kindOf(name, reward, spec);
  return {
    reward,
    kind,
    ...(base !== undefined && { base }),
    ...(adapter !== undefined && { adapter }),
    weight: given(spec.weight, 1, (value) => finite(`${name}.weight`, value)),
    labels: given(spec.labels, {}, (value) => ofLabels({ reward, kind }, labelWeights(`${name}.labels`, value))),
    template,
  };
}

/** @throws ArgsearchError OPTION_INVALID for labels of what is one number */
function ofLabels({ reward, kind }: Pick<ResolvedTerm, "reward" | "kind">, labels: ResolvedTerm["labels"]): ResolvedTerm["labels"] {
  if (Object.keys(labels).length === 0 || (kind === "head" && !isWhole(reward))) return labels;
  const what = isWhole(reward)
    ? "labels are of reward models' files: a server's reward is one number, which label chooses, and a question's is one"
    : `labels are of reward heads: a reward of kind ${JSON.stringify(kind)} is one number, which weight counts`;
  throw new ArgsearchError("OPTION_INVALID", what, { option: "reward.labels" });
}

function rewardOf(name: string, reward: unknown, template?: ResolvedTerm["template"]): string | RewardFunction {
  if (isAsk(reward)) {
    const ask = resolveAsk(name, reward, template);
    return "server" in ask ? remoteAsk(ask) : localAsk(ask);
  }
  if (isRemote(reward)) return remoteReward(name, reward, template?.text);
  if (typeof reward === "function") {
    const { ending } = reward as RewardFunction;
    given(ending, undefined, (value) => oneOf(`${name}.ending`, value, ["reward"]));
    return reward as RewardFunction;
  }
  if (typeof reward === "string" && reward !== "") return reward;
  throw invalid(name, "a path, a function, { url, api } or { ask }", reward);
}

function labelWeights(name: string, labels: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const entries = Object.entries(plainObject(name, labels));
  return Object.fromEntries(entries.map(([label, weight]) => [label, finite(`${name}.${label}`, weight)]));
}
