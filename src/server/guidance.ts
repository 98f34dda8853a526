/** What a request asks for as options of the library, in one place for chats and texts. */

import type { DecoderInfo } from "../decode/decoder.js";
import { defaultMethod, longestResponse } from "../decode/foreign-calls.js";
import { isGuided } from "../decode/method-defaults.js";
import type { GenerateOptions, Method } from "../types.js";
import { badRequest } from "./errors.js";
import { type ChatRequest, REFUSED, type TextRequest } from "./schemas/generation.js";
import type { Guidance } from "./schemas/guidance.js";

/** Options of a response, but for its prompt, its seed and its signal. `topLogProbs`: likeliest tokens to report with each. */
export function decodingOptions(request: ChatRequest | TextRequest, info: DecoderInfo, topLogProbs: number): GenerateOptions {
  refuseUnknownWishes(request);
  const { argsearch = {}, stop, top_p: topP, presence_penalty, frequency_penalty, logit_bias } = withoutNulls(request);
  const method = methodOf(request, info);
  const { max_completion_tokens: newer, max_tokens: older } = request as ChatRequest;
  return {
    ...known(argsearch, method),
    ...temperatureOf(request.temperature ?? undefined, method, argsearch),
    ...(topP !== undefined && topP < 1 && { topP }),
    ...(presence_penalty !== undefined && { presencePenalty: presence_penalty }),
    ...(frequency_penalty !== undefined && { frequencyPenalty: frequency_penalty }),
    ...(logit_bias !== undefined && { logitBias: logit_bias as Record<number, number> }),
    ...(stop !== undefined && { stop }),
    method,
    maxTokens: newer ?? older ?? longestResponse(info),
    topLogProbs,
    ...formatOf(request),
  };
}

/** @throws HttpError 400 */
function refuseUnknownWishes(request: Record<string, unknown>): void {
  for (const name of REFUSED) {
    const value = request[name];
    const asks = Array.isArray(value) ? value.length > 0 : value != null && value !== false && value !== "" && value !== 1;
    if (asks) throw badRequest(`${name} is not supported here: leave it out`, name);
  }
}

/**
 * With weight 0 no reward chooses: the plain path, which costs what plain decoding costs. Where the server's settings name another method they
 * stand aside.
 */
function methodOf({ argsearch, temperature }: ChatRequest | TextRequest, info: DecoderInfo): Method {
  const { objectives, settings } = info;
  const plain = temperature == null || temperature === 0 ? "greedy" : "sample";
  const wanted = argsearch?.method ?? settings.method;
  if (wanted !== undefined && !isGuided(wanted)) return argsearch?.method ?? plain;
  const weight = argsearch?.weight ?? (argsearch?.method === undefined ? settings.weight : undefined);
  if (weight === 0 || (objectives.length === 0 && argsearch?.method === undefined)) return plain;
  return wanted ?? defaultMethod(info);
}

/**
 * What OpenAI's temperature is here: of a plain answer that of the draw, of a guided one that of the draw by score, of blocks the policy's, which drafts
 * are drawn from. Without one the best is taken.
 */
function temperatureOf(temperature: number | undefined, method: Method, { select, policyTemperature }: Guidance): GenerateOptions {
  if (temperature === undefined) return {};
  if (method === "blocks") return temperature > 0 && policyTemperature === undefined ? { policyTemperature: temperature } : {};
  if (temperature === 0) return { temperature: 0 };
  return { temperature, ...(method === "args" && select === undefined && { select: "stochastic" }) };
}

function formatOf(request: ChatRequest | TextRequest): GenerateOptions {
  const format = "response_format" in request ? (request as ChatRequest).response_format : undefined;
  if (format == null || format.type === "text") return {};
  if (request.argsearch?.grammar !== undefined)
    throw badRequest("response_format and argsearch.grammar exclude each other", "response_format");
  if (format.type === "json_object") return { jsonSchema: format.schema ?? true };
  return { jsonSchema: format.json_schema.schema ?? true };
}

/** A plain answer has no candidates to count and no scores to select by: there topK would be the sampler's, which nobody asked for. */
function known(guidance: Guidance, method: Method): GenerateOptions {
  const { topK, select, ...others } = guidance;
  const plain = guidance.method !== method && !isGuided(method);
  return { ...others, ...(!plain && topK !== undefined && { topK }), ...(!plain && select !== undefined && { select }) };
}

/** Some clients send null for what is not given. */
function withoutNulls<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], null> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as { [K in keyof T]: Exclude<T[K], null> };
}
