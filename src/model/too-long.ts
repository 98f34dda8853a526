import type { ModelInfo } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";

/** Tokens of a text for the model of this path, and what its context holds. */
interface Length {
  tokens: number;
  limit: number;
  model: string;
}

/** PROMPT_TOO_LONG, with what can be done: a larger context only where the models know one. `it`: what to shorten. */
export function tooLong(message: string, details: Length, models: readonly Pick<ModelInfo, "nCtxTrain">[], it: string): ArgsearchError {
  const most = Math.min(...models.map(({ nCtxTrain }) => nCtxTrain));
  if (details.limit >= most)
    return new ArgsearchError("PROMPT_TOO_LONG", `${message}. Shorten ${it}: the models know no longer texts.`, { details });
  const cure = `Load with a larger contextSize, or shorten ${it}.`;
  return new ArgsearchError("PROMPT_TOO_LONG", `${message}. ${cure}`, { option: "contextSize", details });
}
