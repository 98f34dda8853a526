import type { ModelInfo } from "../engine/binding.js";
import { ArgsearchError } from "../errors.js";

/** PROMPT_TOO_LONG, with what can be done: a larger context only where the models know one. `it`: what to shorten. */
export function tooLong(message: string, contextSize: number, models: readonly Pick<ModelInfo, "nCtxTrain">[], it: string): ArgsearchError {
  const most = Math.min(...models.map(({ nCtxTrain }) => nCtxTrain));
  if (contextSize >= most) return new ArgsearchError("PROMPT_TOO_LONG", `${message}. Shorten ${it}: the models know no longer texts.`);
  const cure = `Load with a larger contextSize, or shorten ${it}.`;
  return new ArgsearchError("PROMPT_TOO_LONG", `${message}. ${cure}`, { option: "contextSize" });
}
