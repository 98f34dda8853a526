/** Both answers at once, and their end. */
import { computed } from "@preact/signals";
import { isUnauthorized, post } from "../api/client.js";
import { ApiError, broken, fromBody } from "../api/errors.js";
import { events } from "../api/events.js";
import type { ChatRequest, WireChunk } from "../api/wire.js";
import { type Answer, guided, plain } from "./answer.js";
import { guidedRequest, plainRequest } from "./requests.js";
import { askForKey, server } from "./server.js";
import { settings } from "./settings.js";

let controller = new AbortController();

export const busy = computed(() => plain.busy.value || guided.busy.value);

export function start(): void {
  const { value } = server;
  if (value.state !== "ready" || busy.value || settings.value.prompt.trim() === "") return;
  controller = new AbortController();
  void run(plain, plainRequest(settings.value, value.model, value.rewards.length > 0));
  if (value.rewards.length > 0) void run(guided, guidedRequest(settings.value, value.model));
}

export function stop(): void {
  controller.abort();
}

async function run(answer: Answer, request: ChatRequest): Promise<void> {
  const { signal } = controller;
  answer.begin(request);
  try {
    await receive(answer, request, signal);
    answer.end("done");
  } catch (error) {
    if (signal.aborted) return answer.end("stopped");
    if (isUnauthorized(error)) askForKey();
    answer.end("failed", error instanceof ApiError ? error : broken());
  }
}

async function receive(answer: Answer, request: ChatRequest, signal: AbortSignal): Promise<void> {
  const { body } = await post("v1/chat/completions", request, signal);
  if (body === null) throw broken();
  for await (const data of events(body)) {
    if (data === "[DONE]") return;
    const { choices = [], error } = JSON.parse(data) as WireChunk;
    if (error) throw fromBody(error, 200);
    for (const choice of choices) answer.add(choice);
  }
  throw broken();
}
