import type { ModelInfo } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";

/** PROMPT_TOO_LONG, with what can be done: a larger context only where the models know one. `it`: what to shorten. */
export function tooLong(message: string, contextSize: number, models: readonly Pick<ModelInfo, "nCtxTrain">[], it: string): ArgsearchError {
  const most = Math.min(...models.map(({ nCtxTrain }) => nCtxTrain));
  const larger = contextSize < most ? `Load with a larger contextSize, or shorten ${it}` : `Shorten ${it}: the models know no longer texts`;
  return new ArgsearchError("PROMPT_TOO_LONG", `${message}. ${larger}.`);
}
