/** The two shapes of answers: chats and texts. */
import type { FinishReason, GenerateResult, Step } from "../types.js";
import type { AnswerJson, LogProbJson, TokenJson } from "./token-json.js";

/** Why it ended, in OpenAI's words. */
export type Ended = "stop" | "length";

/** A part of an answer: some of its text, how it ended if it has, and the tokens behind it. */
export interface Part {
  index: number;
  text: string;
  ended: Ended | null;
  logProbs: LogProbJson[] | null;
  argsearch: Partial<AnswerJson> & { tokens: TokenJson[] };
}

/** How one of them is written. */
export interface Shape {
  /** Begins the answer's id. */
  prefix: string;
  whole: string;
  chunk: string;
  /** What a stream begins each answer with. */
  opening(index: number): object | null;
  choice(part: Part): object;
  delta(part: Part, offset: number): object;
}

export const CHAT: Shape = {
  prefix: "chatcmpl-",
  whole: "chat.completion",
  chunk: "chat.completion.chunk",
  opening: (index) => ({ index, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null }),
  choice: ({ index, text, ended, logProbs, argsearch }) => ({
    index,
    message: { role: "assistant", content: text, refusal: null },
    logprobs: chatLogProbs(logProbs),
    finish_reason: ended,
    argsearch,
  }),
  delta: ({ index, text, ended, logProbs, argsearch }) => ({
    index,
    delta: text === "" && ended !== null ? {} : { content: text },
    logprobs: chatLogProbs(logProbs),
    finish_reason: ended,
    argsearch,
  }),
};

export const TEXT: Shape = {
  prefix: "cmpl-",
  whole: "text_completion",
  chunk: "text_completion",
  opening: () => null,
  choice: (part) => textChoice(part, 0),
  delta: textChoice,
};

function textChoice({ index, text, ended, logProbs, argsearch }: Part, offset: number): object {
  return { index, text, logprobs: textLogProbs(logProbs, offset), finish_reason: ended, argsearch };
}

function chatLogProbs(content: LogProbJson[] | null): object | null {
  return content === null ? null : { content, refusal: null };
}

/** Columns; `offset`: characters of the answer before the first of these tokens. */
function textLogProbs(tokens: LogProbJson[] | null, offset: number): object | null {
  if (tokens === null) return null;
  let at = offset;
  const offsets = tokens.map(({ token }) => {
    const start = at;
    at += token.length;
    return start;
  });
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top_logprobs }) => Object.fromEntries(top_logprobs.map(({ token, logprob }) => [token, logprob]))),
    text_offset: offsets,
  };
}

export function endedOf(reason: FinishReason): Ended {
  return reason === "eog" || reason === "stop" ? "stop" : "length";
}

/** The token that ends a turn is no part of what was said. */
export function isSaid({ finishReason }: Step): boolean {
  return finishReason !== "eog";
}

/** Tokens of a request, added up over its answers; a prompt with several is counted once. */
export function usageOf(results: readonly GenerateResult[], n: number): object {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const prompts = results.filter((_, index) => index % n === 0).map(({ usage }) => usage);
  const prompt_tokens = sum(prompts.map(({ promptTokens }) => promptTokens));
  const completion_tokens = sum(results.map(({ usage }) => usage.completionTokens));
  const cached_tokens = sum(prompts.map(({ cachedTokens }) => cachedTokens));
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, prompt_tokens_details: { cached_tokens } };
}
