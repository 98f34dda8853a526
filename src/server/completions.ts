/** POST /v1/chat/completions and /v1/completions, at once or as a stream. */
import { randomUUID } from "node:crypto";
import type { Decoder } from "../decode/decoder.js";
import { seedOf } from "../decode/foreign-calls.js";
import { ratedSteps } from "../decode/rated-steps.js";
import type { GenerateResult, Prompt, Step } from "../types.js";
import { type AnswerEvent, answer, type Job, jobsOf } from "./answers.js";
import { badRequest } from "./errors.js";
import { decodingOptions } from "./guidance.js";
import type { ServerMetrics } from "./metrics.js";
import type { RequestLife } from "./request-life.js";
import { type ChatRequest, MOST_CHOICES, type TextRequest } from "./schemas/generation.js";
import { CHAT, endedOf, isSaid, type Part, type Shape, TEXT, usageOf } from "./shapes.js";
import { type EventWriter, eventStream } from "./sse.js";
import { answerJson, logProbJson, tokenJson } from "./token-json.js";

/** What a request is answered with. */
export interface CompletionParts {
  decoder: Decoder;
  /** The policy's name. */
  model: string;
  metrics: ServerMetrics;
  life: RequestLife;
  /** Milliseconds without anything to say after which a stream says that it lives. */
  pingInterval: number;
}

type Events = ReadableStreamDefaultReader<AnswerEvent>;

interface Completion extends CompletionParts {
  shape: Shape;
  jobs: Job[];
  n: number;
  id: string;
  created: number;
  logProbs: boolean;
  stream: boolean;
  withUsage: boolean;
}

export function completeChat(parts: CompletionParts, request: ChatRequest): Promise<Response> {
  const logProbs = request.logprobs === true;
  const likeliest = request.top_logprobs ?? 0;
  if (likeliest > 0 && !logProbs) throw badRequest("top_logprobs needs logprobs: true", "top_logprobs");
  const prompt = { messages: request.messages.map(asSystem), templateVariables: request.chat_template_kwargs ?? undefined } as Prompt;
  return complete(parts, request, { shape: CHAT, prompts: [prompt], logProbs, likeliest });
}

export function completeText(parts: CompletionParts, request: TextRequest): Promise<Response> {
  const logProbs = request.logprobs != null;
  const prompts = typeof request.prompt === "string" ? [request.prompt] : request.prompt;
  return complete(parts, request, { shape: TEXT, prompts, logProbs, likeliest: request.logprobs ?? 0 });
}

/** OpenAI's newer name for the same; chat templates know the older one. */
function asSystem(message: ChatRequest["messages"][number]): ChatRequest["messages"][number] {
  return message.role === "developer" ? { ...message, role: "system" } : message;
}

interface Asked {
  shape: Shape;
  prompts: readonly Prompt[];
  logProbs: boolean;
  likeliest: number;
}

async function complete(parts: CompletionParts, request: ChatRequest | TextRequest, asked: Asked): Promise<Response> {
  const n = request.n ?? 1;
  if (asked.prompts.length * n > MOST_CHOICES) throw badRequest(`prompts times n must be at most ${MOST_CHOICES}`, "n");
  const options = decodingOptions(request, parts.decoder.info, Math.min(asked.likeliest, parts.decoder.info.policy.nVocab));
  const template = asked.shape === TEXT ? ({ template: "none", special: true } as const) : {};
  const completion: Completion = {
    ...parts,
    ...asked,
    n,
    jobs: jobsOf(asked.prompts, n, { ...options, ...template }, request.seed == null ? undefined : seedOf(request.seed)),
    id: `${asked.shape.prefix}${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    stream: request.stream === true,
    withUsage: request.stream_options?.include_usage === true,
  };
  const events = answer(parts.decoder, completion.jobs, parts.life.signal, parts.metrics);
  return completion.stream ? streamed(completion, events.getReader()) : whole(completion, events);
}

async function whole(completion: Completion, events: ReadableStream<AnswerEvent>): Promise<Response> {
  const { jobs, shape, decoder, n } = completion;
  const steps = jobs.map((): Step[] => []);
  const results: GenerateResult[] = [];
  for await (const event of events) {
    if ("error" in event) throw event.error;
    if ("step" in event) steps[event.index]?.push(event.step);
    else results[event.index] = event.result;
  }
  const choices = results.map(async (result, index) => {
    const taken = steps[index] ?? [];
    const logProbs = completion.logProbs ? await Promise.all(taken.filter(isSaid).map((step) => logProbJson(decoder, step))) : null;
    const argsearch = { ...answerJson(result, jobs[index]?.options.method ?? ""), tokens: ratedSteps(taken, result).map(tokenJson) };
    return shape.choice({ index, text: result.text, ended: endedOf(result.finishReason), logProbs, argsearch });
  });
  return Response.json({ ...headOf(completion, shape.whole), choices: await Promise.all(choices), usage: usageOf(results, n) });
}

function headOf({ id, created, model }: Completion, object: string) {
  return { id, object, created, model, system_fingerprint: null };
}

/** Errors before the first event have a status of their own; later ones are events. */
async function streamed(completion: Completion, events: Events): Promise<Response> {
  const { life, pingInterval } = completion;
  const first = events.read();
  const early = await life.within(first, Math.min(pingInterval, 1000));
  if (early?.value && "error" in early.value) throw early.value.error;
  return eventStream({ life, pingInterval }, (writer) => writeEvents(completion, first, events, writer));
}

async function writeEvents(completion: Completion, first: ReturnType<Events["read"]>, events: Events, writer: EventWriter): Promise<void> {
  const { shape, jobs, n, withUsage } = completion;
  const head = { ...headOf(completion, shape.chunk), ...(withUsage && { usage: null }) };
  const openings = jobs.map((_, index) => shape.opening(index)).filter((opening) => opening !== null);
  for (const opening of openings) await writer.json({ ...head, choices: [opening] });
  const results: GenerateResult[] = [];
  const offsets = jobs.map(() => 0);
  const write = async (part: Part, said: number): Promise<void> => {
    await writer.json({ ...head, choices: [shape.delta(part, offsets[part.index] ?? 0)] });
    offsets[part.index] = (offsets[part.index] ?? 0) + said;
  };
  for (let next = await first; !next.done; next = await events.read()) {
    const event = next.value;
    if ("error" in event) return writer.json(event.error.body);
    if ("result" in event) {
      results[event.index] = event.result;
      await write(endOf(completion, event.index, event.result), 0);
    } else {
      await write(await partOf(completion, event.index, event.step), event.step.piece.length);
    }
  }
  if (withUsage) await writer.json({ ...head, choices: [], usage: usageOf(results, n) });
  await writer.text("[DONE]");
}

async function partOf({ decoder, logProbs }: Completion, index: number, step: Step): Promise<Part> {
  const likeliest = logProbs && isSaid(step) ? [await logProbJson(decoder, step)] : null;
  return { index, text: step.text, ended: null, logProbs: likeliest, argsearch: { tokens: [tokenJson(step)] } };
}

function endOf({ jobs }: Completion, index: number, result: GenerateResult): Part {
  const argsearch = { ...answerJson(result, jobs[index]?.options.method ?? ""), tokens: [] };
  return { index, text: "", ended: endedOf(result.finishReason), logProbs: null, argsearch };
}
