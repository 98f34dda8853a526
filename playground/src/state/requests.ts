/** Settings into the two requests. */

import type { ChatRequest, Guidance, Message } from "../api/wire.js";
import type { Settings } from "./settings.js";

/** How many of the policy's likeliest tokens the plain answer reports. */
const TOP_LOGPROBS = 5;

export function plainRequest(settings: Settings, model: string, rewarded: boolean): ChatRequest {
  const argsearch: Guidance = rewarded ? { weight: 0, rewards: true } : { weight: 0 };
  return { ...common(settings, model), logprobs: true, top_logprobs: TOP_LOGPROBS, argsearch };
}

export function guidedRequest(settings: Settings, model: string): ChatRequest {
  const { method, weight, topK, block, drafts } = settings;
  const argsearch: Guidance = method === "args" ? { method, weight, topK, candidates: true } : { method, block, drafts };
  return { ...common(settings, model), argsearch };
}

function common({ prompt, system, maxTokens, temperature, seed }: Settings, model: string) {
  const messages: Message[] = [{ role: "user", content: prompt }];
  if (system.trim() !== "") messages.unshift({ role: "system", content: system });
  return { model, messages, stream: true as const, max_tokens: maxTokens, temperature, ...(seed === null ? {} : { seed }) };
}
