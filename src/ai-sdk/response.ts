/** A response of the library as the AI SDK takes it. */
import { ratedSteps } from "../decode/rated-steps.js";
import type { FinishReason, GateCounts, GenerateResult, LookaheadCounts, Method, Step, Timings, Usage } from "../types.js";
import type { JsonObject, ModelFinishReason, ModelMetadata, ModelUsage } from "./interface.js";

/**
 * What `providerMetadata.argsearch` of a response holds, as JSON: numbers that are not finite are null. Of a stream it comes with the end;
 * each text delta has `tokens` of its own before.
 */
export interface ResponseMetadata {
  method: Method;
  /** The whole response's; null without a reward. */
  reward: number | null;
  /** One value an objective, where the reward was read; {} without a reward. */
  objectives: Record<string, number | null>;
  /** One step a token; their texts make the response's. */
  tokens: Omit<Step, "finishReason">[];
  finishReason: FinishReason;
  /** What draws it again. */
  seed: number;
  gate: GateCounts;
  lookahead: LookaheadCounts;
  timings: Timings;
}

export function responseMetadata(method: Method, result: GenerateResult, steps: readonly Step[]): ModelMetadata {
  const { reward, wholeObjectives: objectives, finishReason, seed, gate, lookahead, timings } = result;
  const tokens = ratedSteps(steps, result).map(tokenOf);
  return asJson({ method, reward, objectives, tokens, finishReason, seed, gate, lookahead, timings } satisfies ResponseMetadata);
}

/** Of the tokens that a text delta consists of. */
export function deltaMetadata(steps: readonly Step[]): ModelMetadata {
  return asJson({ tokens: steps.map(tokenOf) });
}

function tokenOf({ finishReason: _, ...token }: Step): Omit<Step, "finishReason"> {
  return token;
}

export function asJson(metadata: object): ModelMetadata {
  return { argsearch: JSON.parse(JSON.stringify(metadata)) as JsonObject };
}

export function usageOf({ promptTokens, cachedTokens, completionTokens }: Usage): ModelUsage {
  const inputTokens = { total: promptTokens, noCache: promptTokens - cachedTokens, cacheRead: cachedTokens, cacheWrite: undefined };
  return { inputTokens, outputTokens: { total: completionTokens, text: completionTokens, reasoning: undefined } };
}

/** A full context ends a response as its limit does. One that was aborted is none. */
export function finishReasonOf(reason: FinishReason): ModelFinishReason {
  return { unified: reason === "length" || reason === "context" ? "length" : "stop", raw: reason };
}
