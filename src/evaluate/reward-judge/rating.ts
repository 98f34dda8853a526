/** What the judge says of one answer. */
import { createHash } from "node:crypto";
import { promptAsText, responseAsText } from "../../data/transcript.js";
import { ArgsearchError, type ErrorCode } from "../../errors.js";
import type { RewardModel } from "../../score/reward-model.js";
import type { ScoreOptions } from "../../types.js";
import type { EvaluatedResponse } from "../response.js";

/** One of the two. */
export interface Rating {
  reward?: number | undefined;
  /** Why there is none. */
  failure?: string | undefined;
}

type Answer = Pick<EvaluatedResponse, "prompt" | "response">;

/** Significant digits of a rating, about those of F32: what is equal in them is a tie. */
const DIGITS = 6;

/** What is wrong with one answer alone, for this judge. */
const OF_THE_ANSWER: readonly ErrorCode[] = ["PROMPT_TOO_LONG", "PROMPT_EMPTY", "TEMPLATE_INVALID", "INPUT_INVALID"];

/** As `reward fit` reads pairs for a model without a chat template. Text prompts stay as they are. */
export function asTranscript({ prompt, response }: Answer): Answer {
  return { prompt: promptAsText(prompt), response: responseAsText(prompt, response) };
}

/** Content by content, so that an answer is rated once, by whatever method and in whatever run. @param judge all that a rating depends on */
export function ratingKey(judge: readonly unknown[], { prompt, response }: Answer): string {
  return createHash("sha256")
    .update(JSON.stringify([judge, prompt, response]))
    .digest("hex");
}

/**
 * Rates an answer alone, so that its rating does not depend on what else is missing: quantised models round by the shape of a batch. An
 * empty answer is rated as one space, as by the reward that guides.
 *
 * @throws ArgsearchError as score(), but for what is wrong with this answer
 */
export async function rate(model: Pick<RewardModel, "score">, { prompt, response }: Answer, options: ScoreOptions): Promise<Rating> {
  try {
    const { reward } = await model.score({ prompt, response: response || " " }, options);
    return { reward: Number(reward.toPrecision(DIGITS)) };
  } catch (error) {
    if (error instanceof ArgsearchError && OF_THE_ANSWER.includes(error.code)) return { failure: error.message };
    throw error;
  }
}
