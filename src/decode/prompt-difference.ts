/** Templates that write another text before an answer when it is there than when it is still to come. */
import { commonPrefix } from "../model/common-prefix.js";
import type { Model } from "../model/model.js";
import type { ResolvedTemplate } from "../model/template-options.js";
import type { Prompt } from "../types.js";

const told = new WeakSet<Model>();

/** Any answer: what stands before it is asked for. */
const ANSWER = "Yes.";

/**
 * Rewards read while decoding and those of score() differ where a reward model's template does. Warns of it, once a model,
 * through process.emitWarning(): an ArgsearchWarning with code REWARD_PROMPT_DIFFERS.
 */
export function warnOfDifference(model: Model, prompt: Prompt, template: ResolvedTemplate): void {
  if (told.has(model)) return;
  const difference = model.promptDifference(prompt, ANSWER, template);
  if (difference === null) return;
  told.add(model);
  const { decoding, finished } = difference;
  const shared = commonPrefix(Array.from(decoding), Array.from(finished));
  const [before, after] = [decoding, finished].map((text) => JSON.stringify(Array.from(text).slice(shared).join("")));
  process.emitWarning(
    `the chat template of ${model.info.path} puts ${before} before an answer that is being decoded, and ${after} before one in a finished conversation, which score() reads and heads are trained on: rewards differ between the two. A template variable, such as enable_thinking, or a chat template of your own may make them agree.`,
    { type: "ArgsearchWarning", code: "REWARD_PROMPT_DIFFERS" },
  );
}
