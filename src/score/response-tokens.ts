import { ArgsearchError } from "../errors.js";
import type { Model } from "../model/model.js";

/**
 * A response as tokens that all models know: as the first of them cuts it, or the next that gives such. Vocabularies may
 * have tokens of their own, and a text may spell them.
 *
 * @throws ArgsearchError INPUT_INVALID naming the token that is known to one model and not to another
 */
export function tokensForAll(models: readonly Model[], cut: (model: Model) => Int32Array): Int32Array {
  let refusal: ArgsearchError | undefined;
  for (const model of new Set(models)) {
    const tokens = cut(model);
    const unknown = firstUnknown(models, model, tokens);
    if (unknown === undefined) return tokens;
    refusal ??= unknown;
  }
  throw refusal ?? new Error("no model to cut a response with");
}

function firstUnknown(models: readonly Model[], cutter: Model, tokens: Int32Array): ArgsearchError | undefined {
  for (const model of models) {
    const [token] = model === cutter ? [] : model.lacking(tokens);
    if (token === undefined) continue;
    const text = cutter.texts(Int32Array.of(token)).join("");
    const what = `the response holds token ${token} (${JSON.stringify(text)}) of ${cutter.info.path}, which ${model.info.path} does not have`;
    return new ArgsearchError("INPUT_INVALID", what);
  }
  return undefined;
}
