/** Which models read the tokens that another writes, and which read its text. */
import { binding } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";
import type { Tokenizers, TokenizersOptions } from "../types.js";
import { given, type Names, oneOf } from "../validate.js";
import { EMBEDDED } from "./embedded.js";
import type { Model } from "./model.js";

export const TOKENIZERS: Names<TokenizersOptions> = { tokenizers: true };

/** @throws ArgsearchError OPTION_INVALID */
export function tokenizersOf({ tokenizers }: TokenizersOptions): Tokenizers {
  return given(tokenizers, "same", (value) => oneOf("tokenizers", value, ["same", "any"]));
}

/**
 * Those of the others that have another vocabulary than the first; there are none with tokenizers "same".
 *
 * @throws ArgsearchError VOCABULARY_MISMATCH naming both files, what differs first, and the choice
 */
export function foreignModels(first: Model, others: readonly Model[], tokenizers: Tokenizers): ReadonlySet<Model> {
  const foreign = new Set<Model>();
  for (const other of new Set(others)) {
    const difference = other.native === first.native ? null : native(() => binding().vocabularyDifference(other.native, first.native));
    if (difference === null) continue;
    if (tokenizers === "same") throw mismatch(first, other, difference);
    foreign.add(other);
  }
  return foreign;
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
