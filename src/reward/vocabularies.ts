/** Models that rate must know the tokens of the one that writes. */
import { binding } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";
import { requireSameVocabulary } from "../model/load-models.js";
import type { Model } from "../model/model.js";
import type { ModelTerm } from "./reward-set.js";

/** @throws ArgsearchError VOCABULARY_MISMATCH naming two files and what differs first */
export function requireOneVocabulary(first: Model, sources: readonly ModelTerm[]): void {
  for (const { model, kind, base } of sources) {
    // Said of the pair first: of two that do not fit each other, only one can fit the policy.
    if (base !== undefined) requirePair(model, base);
    if (kind === "head") requireSameVocabulary(first, model);
    else requireTokens(first, model, kind);
  }
}

function requirePair(model: Model, base: Model): void {
  const difference = differenceOf(model, base);
  if (difference === null) return;
  const mismatch = `${model.info.path} does not have the vocabulary of its base ${base.info.path}: ${difference}`;
  throw new ArgsearchError(
    "VOCABULARY_MISMATCH",
    `${mismatch}. A contrast compares what two models make of the same tokens: name as base the model that the reward was tuned from.`,
    { option: "reward.base" },
  );
}

function requireTokens(policy: Model, model: Model, kind: string): void {
  const difference = differenceOf(model, policy);
  if (difference === null) return;
  const mismatch = `${model.info.path} does not have the vocabulary of ${policy.info.path}: ${difference}`;
  throw new ArgsearchError(
    "VOCABULARY_MISMATCH",
    `${mismatch}. A reward of kind ${JSON.stringify(kind)} is what a model makes of the policy's own tokens: take models of one family.`,
    { option: "reward" },
  );
}

/** Null where the first can read what the second writes. */
function differenceOf(reader: Model, writer: Model): string | null {
  if (reader.native === writer.native) return null;
  return native(() => binding().vocabularyDifference(reader.native, writer.native));
}
