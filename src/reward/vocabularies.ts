/** Models that rate know the tokens of the one that writes, or read its text. */
import { binding } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";
import { EMBEDDED } from "../model/embedded.js";
import type { Model } from "../model/model.js";
import type { Tokenizers, TokenizersOptions } from "../types.js";
import { given, type Names, oneOf } from "../validate.js";
import type { ModelTerm } from "./reward-set.js";

export const TOKENIZERS: Names<TokenizersOptions> = { tokenizers: true };

/** @throws ArgsearchError OPTION_INVALID */
export function tokenizersOf({ tokenizers }: TokenizersOptions): Tokenizers {
  return given(tokenizers, "same", (value) => oneOf("tokenizers", value, ["same", "any"]));
}

/**
 * The models of heads that have another vocabulary than the first model; there are none with tokenizers "same". What rates single tokens must have the same.
 *
 * @throws ArgsearchError VOCABULARY_MISMATCH naming two files, what differs first, and what to do
 */
export function foreignModels(first: Model, sources: readonly ModelTerm[], tokenizers: Tokenizers): ReadonlySet<Model> {
  const foreign = new Set<Model>();
  for (const { model, kind, base } of sources) {
    // Said of the pair first: of two that do not fit each other, only one can fit the policy.
    if (base !== undefined) requirePair(model, base);
    const difference = differenceOf(model, first);
    if (difference === null) continue;
    if (kind !== "head") throw otherTokens(first, model, difference, kind);
    if (tokenizers === "same") throw mismatch(first, model, difference);
    foreign.add(model);
  }
  return foreign;
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

function otherTokens({ info: policy }: Model, { info: model }: Model, difference: string, kind: string): ArgsearchError {
  const mismatch = `${model.path} does not have the vocabulary of ${policy.path}: ${difference}`;
  const cure = `A reward of kind ${JSON.stringify(kind)} is what a model makes of the policy's own tokens: take models of one family.`;
  return new ArgsearchError("VOCABULARY_MISMATCH", `${mismatch}. ${cure}`, { option: "reward" });
}

/** Null where the first can read what the second writes. */
function differenceOf(reader: Model, writer: Model): string | null {
  if (reader.native === writer.native) return null;
  return native(() => binding().vocabularyDifference(reader.native, writer.native));
}

function mismatch({ info: first }: Model, { info: other }: Model, difference: string): ArgsearchError {
  const found = `${other.path} does not have the vocabulary of ${first.path}: ${difference}`;
  const choice = 'With tokenizers: "any" a reward model reads the text in tokens of its own; else models must share one tokenizer.';
  if (first.path !== EMBEDDED.policy) return new ArgsearchError("VOCABULARY_MISMATCH", `${found}. ${choice}`, { option: "tokenizers" });
  const advice = "That is the embedded policy: name another as policy.";
  return new ArgsearchError("VOCABULARY_MISMATCH", `${found}. ${advice} ${choice}`, { option: "policy" });
}

/** Code of the process warning. */
const WARNING = "ARGSEARCH_TOKENIZERS_DIFFER";

/** Says, once for what is loaded, what guides across tokenizers and what that costs. */
export function warnOfForeign(policy: Model, foreign: ReadonlySet<Model>): void {
  if (foreign.size === 0) return;
  const paths = Array.from(foreign, ({ info }) => info.path).join(", ");
  const message = `${paths} has another tokenizer than ${policy.info.path}, and reads its text: a candidate is one to a few tokens for it, cut apart from what stands before. Token by token its rewards are therefore close to those of the whole text, not the same, and a step takes somewhat longer; in blocks and in score() they are exact. Gates "predicted" and lookahead need one tokenizer.`;
  process.emitWarning(message, { type: "ArgsearchWarning", code: WARNING });
}
