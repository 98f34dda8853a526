/** Errors that the AI SDK knows: it goes by markers, not by classes, so that copies of its packages understand each other. */
import { ArgsearchError } from "../errors.js";

const mark = (name: string): symbol => Symbol.for(`vercel.ai.error${name === "" ? "" : `.${name}`}`);

/** An UnsupportedFunctionalityError to the SDK's isInstance(). */
export function unsupported(functionality: string, message: string): ArgsearchError {
  return marked("AI_UnsupportedFunctionalityError", new ArgsearchError("OPTION_INVALID", message, { option: functionality }), {
    functionality,
  });
}

/** A NoSuchModelError to the SDK's isInstance(). */
export function noSuchModel(modelType: string, modelId: string): ArgsearchError {
  const message = `argsearch has language models and reranking models, but no ${modelType}: ${JSON.stringify(modelId)} must come from another provider`;
  return marked("AI_NoSuchModelError", new ArgsearchError("OPTION_INVALID", message, { option: "modelId" }), { modelType, modelId });
}

function marked(name: string, error: ArgsearchError, fields: Record<string, string>): ArgsearchError {
  for (const symbol of [mark(""), mark(name)]) Object.defineProperty(error, symbol, { value: true });
  return Object.assign(error, fields);
}
