/** Responses that are rated as wholes: by servers, and beside them. */
import type { RewardCandidate } from "../types.js";

/** A whole response as functions see it; -1 where its last token is not known. */
export function wholeCandidate(response: string, token = -1): RewardCandidate {
  return { token, text: response, logProb: Number.NaN, response, end: true };
}
