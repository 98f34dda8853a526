/** Tokens of an answer as JSON: with rewards under the library's names, and with log-probabilities in OpenAI's. */

import type { Decoder } from "../decode/decoder.js";
import type { Candidate, GenerateResult, Step } from "../types.js";

/** One token with what it was chosen by. */
export interface TokenJson extends Pick<Step, "token" | "logProb" | "policyLogProb" | "reward" | "score" | "objectives"> {
  text: string;
  candidates?: Candidate[];
}

/** What is known of an answer when it has ended. */
export type AnswerJson = Pick<GenerateResult, "reward" | "seed" | "finishReason" | "gate" | "timings"> & {
  method: string;
  objectives: Record<string, number | null>;
};

/** A token and its likeliest rivals, as chats have them. */
export interface LogProbJson {
  token: string;
  logprob: number;
  bytes: number[];
  top_logprobs: Omit<LogProbJson, "top_logprobs">[];
}

export function tokenJson({ token, piece: text, logProb, policyLogProb, reward, score, objectives, candidates }: Step): TokenJson {
  return { token, text, logProb, policyLogProb, reward, score, objectives, ...(candidates && { candidates }) };
}

export function answerJson(result: GenerateResult, method: string): AnswerJson {
  const { reward, seed, finishReason, gate, timings } = result;
  return { method, reward, objectives: result.wholeObjectives, seed, finishReason, gate, timings };
}

/** The policy's own log-probabilities, as others report them: before any sampler. */
export async function logProbJson(decoder: Decoder, { token, piece, policyLogProb, topLogProbs = [] }: Step): Promise<LogProbJson> {
  const ids = [token, ...topLogProbs.map((each) => each.token)];
  const [own = [], ...others] = await bytesOf(decoder, ids, [piece, ...topLogProbs.map(({ text }) => text)]);
  return {
    token: piece,
    logprob: policyLogProb,
    bytes: own,
    top_logprobs: topLogProbs.map(({ text, logProb }, at) => ({ token: text, logprob: logProb, bytes: others[at] ?? [] })),
  };
}

/** Only a text that is torn does not say what its bytes are. */
async function bytesOf(decoder: Decoder, tokens: readonly number[], texts: readonly string[]): Promise<number[][]> {
  if (!texts.some((text) => text.includes("\uFFFD"))) return texts.map((text) => [...Buffer.from(text)]);
  return (await decoder.pieces(tokens)).map((bytes) => [...bytes]);
}
