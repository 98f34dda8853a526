/** One response of an evaluation: a line of responses.jsonl. */
import type { ErrorCode } from "../errors.js";
import type { FinishReason, Prompt } from "../types.js";

/** A prompt that a method answered. */
export interface EvaluatedResponse {
  /** Name of the method, with its swept settings and its models where there are several. */
  method: string;
  /** Place of the prompt in the data, from 0. */
  index: number;
  prompt: Prompt;
  response: string;
  /** Ids of the decoded tokens, an end-of-generation token included. */
  tokens: number[];
  /** Reward of prompt and whole response; null without a reward model, and where a reward function bans it. */
  reward: number | null;
  finishReason: FinishReason;
  /** The response's tokens as text, and the reward after each, as the reward model reads the finished text; null where it is banned. */
  pieces: string[];
  rewards: (number | null)[];
  /** ln P of each token by the policy itself, to four decimals. Absent in older directories. */
  policyLogProbs?: number[];
  seed: number;
  /** Tokens decoded for it, prompts left out: by the policy, and by the reward model as a guide or to choose among drafts. */
  calls: { policy: number; reward: number };
  /** Decoding it, prompt included; for best-of-n all drafts and their scoring. */
  milliseconds: number;
}

/** A prompt that a method could not answer. */
export interface FailedResponse {
  method: string;
  index: number;
  /** Code of the ArgsearchError. */
  code: ErrorCode;
  message: string;
}
