/** The tokens by which a model's answers begin. */
import { ArgsearchError } from "../../errors.js";
import type { Model } from "../../model/model.js";
import { spellings } from "./answer.js";
import type { Answers } from "./options.js";

export interface AnswerTokens {
  yes: number[];
  no: number[];
}

/** First tokens of every spelling, with and without a space before it, as the model goes on; what begins both is none's. @throws ArgsearchError OPTION_INVALID */
export function answerTokens(model: Model, answers: Answers, option: string): AnswerTokens {
  const [yes, no] = answers.map((word) => firstTokens(model, word));
  const apart = (own: ReadonlySet<number>, other: ReadonlySet<number>): number[] => [...own].filter((token) => !other.has(token));
  const found = { yes: apart(yes as Set<number>, no as Set<number>), no: apart(no as Set<number>, yes as Set<number>) };
  if (found.yes.length > 0 && found.no.length > 0) return found;
  const words = answers.map((word) => JSON.stringify(word)).join(" and ");
  const message = `${option} must begin differently: ${words} begin with the same token of ${model.info.path}`;
  throw new ArgsearchError("OPTION_INVALID", message, { option });
}

function firstTokens(model: Model, word: string): Set<number> {
  const texts = spellings(word).flatMap((spelling) => [spelling, ` ${spelling}`]);
  return new Set(texts.flatMap((text) => [...model.responseTokens(text).subarray(0, 1)]));
}
