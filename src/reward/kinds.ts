/** What the file of a reward gives: see RewardKind. */
import { resolve } from "node:path";
import type { NativeRewardKind } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";
import type { RewardFunction, RewardKind, RewardTerm } from "../types.js";
import { given, nonEmptyText, oneOf } from "../validate.js";

export const KINDS = ["head", "autoregressive", "contrast", "values"] as const satisfies readonly RewardKind[];

/** Every token has a value of its own, and a response their sum. */
export function isSummed(kind: RewardKind): boolean {
  return kind !== "head";
}

/** What the addon reads of the model. */
export function nativeKind(kind: RewardKind): NativeRewardKind {
  if (kind === "head") return "head";
  return kind === "values" ? "logit" : "logProb";
}

/** The kind of a term, the base of a contrast and the adapter. @throws ArgsearchError OPTION_INVALID */
export function kindOf(
  name: string,
  reward: string | RewardFunction,
  spec: Pick<RewardTerm, "kind" | "base" | "adapter">,
): { kind: RewardKind; base?: string; adapter?: string | undefined } {
  const [kindOption, baseOption, adapterOption] = [`${name}.kind`, `${name}.base`, `${name}.adapter`];
  const base = given(spec.base, undefined, (value) => nonEmptyText(baseOption, value));
  const adapter = given(spec.adapter, undefined, (value) => nonEmptyText(adapterOption, value));
  const kind = given(spec.kind, base === undefined ? "head" : "contrast", (value) => oneOf(kindOption, value, KINDS));
  if (typeof reward !== "string") {
    if (spec.kind === undefined && base === undefined && adapter === undefined) return { kind };
    const ofKind = spec.kind === undefined ? baseOption : kindOption;
    const option = spec.kind === undefined && base === undefined ? adapterOption : ofKind;
    throw refusal(option, `${option} is of models' files: a function's or a server's reward has none, leave it out`);
  }
  if (kind !== "contrast") {
    if (base === undefined) return { kind, adapter };
    throw refusal(baseOption, `${baseOption} is of kind "contrast", not of ${JSON.stringify(kind)}: leave one of the two out`);
  }
  if (base === undefined)
    throw refusal(baseOption, `${baseOption} is missing: kind "contrast" needs the model that ${reward} was tuned from`);
  if (adapter !== undefined || resolve(base) !== resolve(reward)) return { kind, base, adapter };
  throw refusal(
    baseOption,
    `${baseOption} must not be the reward's own file, ${reward}, without an adapter: their difference is 0 everywhere`,
  );
}

function refusal(option: string, message: string): ArgsearchError {
  return new ArgsearchError("OPTION_INVALID", message, { option });
}
