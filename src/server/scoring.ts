/** POST /v1/score, /classify and /pooling: what the reward models say of given texts, in our shape and in vLLM's. */
import { randomUUID } from "node:crypto";
import type { Decoder } from "../decode/decoder.js";
import type { Prompt, ScoreInput, ScoreResult } from "../types.js";
import { checked } from "./body.js";
import { badRequest } from "./errors.js";
import {
  type ClassifyRequest,
  inputsRequest,
  MOST_INPUTS,
  messagesRequest,
  type PoolingRequest,
  queriesRequest,
  responseRequest,
  type Scorable,
  textRequest,
  textsRequest,
} from "./schemas/scoring.js";

export interface ScoringParts {
  decoder: Decoder;
  model: string;
  signal: AbortSignal;
}

type Shown = { model?: string | null | undefined };

/** Rewards of responses, or of documents as answers to queries. */
export async function score(parts: ScoringParts, body: Record<string, unknown>): Promise<Response> {
  const results = await rate(parts, scorablesOf(body));
  const data = results.map(({ reward, objectives }, index) => ({ index, object: "score", score: reward, objectives }));
  return list(parts, "score", data, results);
}

/** The values of each label at a text's end: raw, or as shares (one label: its sigmoid). */
export async function classify(parts: ScoringParts, request: ClassifyRequest): Promise<Response> {
  const results = await rate(parts, textsOf(request));
  const data = results.map(({ objectives }, index) => {
    const names = Object.keys(objectives);
    const values = Object.values(objectives);
    const best = values.indexOf(Math.max(...values));
    return { index, label: names[best] ?? null, probs: activated(values, request.use_activation ?? true), num_classes: names.length };
  });
  return list(parts, "classify", data, results);
}

/** The same as bare numbers: of the whole text, or behind each of its tokens. */
export async function pool(parts: ScoringParts, request: PoolingRequest): Promise<Response> {
  const results = await rate(parts, textsOf(request));
  const use = (values: readonly number[]): number[] => activated(values, request.use_activation ?? true);
  const data = results.map(({ objectives, tokens }, index) => {
    const whole = (): number[] => use(Object.values(objectives));
    const each = (): number[][] => tokens.map((token) => use(Object.values(token.objectives ?? { reward: token.reward })));
    return { index, object: "pooling", data: request.task === "token_classify" ? each() : whole() };
  });
  return list(parts, "pool", data, results);
}

function rate({ decoder, signal }: ScoringParts, inputs: readonly ScoreInput[]): Promise<ScoreResult[]> {
  if (decoder.info.objectives.length === 0) throw badRequest("no reward model is served here: start the server with --reward", "model");
  return decoder.score(inputs, { signal });
}

function list({ model }: ScoringParts, prefix: string, data: readonly object[], results: readonly ScoreResult[]): Response {
  const read = results.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const usage = { prompt_tokens: read, completion_tokens: 0, total_tokens: read };
  return Response.json({ id: `${prefix}-${randomUUID()}`, object: "list", created: Math.floor(Date.now() / 1000), model, data, usage });
}

/** Shapes of a request, by the field that tells them apart: the first that is there. */
const SHAPES: Record<string, (body: Record<string, unknown>) => ScoreInput[]> = {
  inputs: (body) => checked(body, inputsRequest).inputs.map(scorableOf),
  queries: (body) => {
    const { queries, documents } = checked(body, queriesRequest);
    return pairsOf(queries, documents, "documents");
  },
  text_1: (body) => {
    const request = checked(body, textsRequest);
    return pairsOf(request.text_1, request.text_2, "text_2");
  },
  messages: (body) => [scorableOf({ messages: checked(body, messagesRequest).messages })],
  text: (body) => [scorableOf({ text: checked(body, textRequest).text })],
  prompt: (body) => {
    const { prompt, response } = checked(body, responseRequest);
    return [scorableOf({ prompt, response })];
  },
};

/** @throws HttpError 400 */
function scorablesOf(body: Record<string, unknown>): ScoreInput[] {
  const shape = Object.keys(SHAPES).find((name) => name in body);
  const read = shape === undefined ? undefined : SHAPES[shape];
  if (read !== undefined) return read(body);
  throw badRequest("give inputs, or one of them itself: prompt and response, messages, or text; or queries and documents");
}

function scorableOf(input: Scorable): ScoreInput {
  if ("text" in input) return { text: input.text };
  if ("messages" in input) return conversation(input.messages);
  return input as ScoreInput;
}

/** One query for all documents, or one for each: documents are answers to them. */
function pairsOf(queries: string | string[], documents: string | string[], name: string): ScoreInput[] {
  const [asked, answers] = [[queries].flat(), [documents].flat()];
  if (asked.length !== 1 && asked.length !== answers.length) {
    throw badRequest(`${asked.length} queries and ${answers.length} documents: give one query, or one for each document`, name);
  }
  return answers.map((response, index) => ({ prompt: asked[index] ?? asked[0] ?? "", response }));
}

/** The last message is what is rated, in the conversation that it finishes. */
function conversation(messages: readonly object[]): ScoreInput {
  const [response] = messages.slice(-1) as { role: string }[];
  if (response?.role !== "assistant") throw badRequest("messages must end with the assistant's message, which is rated", "messages");
  return { prompt: messages.slice(0, -1) as Prompt, response: response as ScoreInput extends { response: infer R } ? R : never };
}

/** Texts are read as vLLM reads them: what spells a control token is one, for clients write out the chat template themselves. */
function textsOf(request: (ClassifyRequest | PoolingRequest) & Shown): ScoreInput[] {
  if ("messages" in request && Array.isArray(request.messages)) return [conversation(request.messages)];
  const texts = [(request as { input: string | string[] }).input].flat();
  if (texts.length > MOST_INPUTS) throw badRequest(`input must have at most ${MOST_INPUTS} texts`, "input");
  return texts.map((text) => ({ text, special: true }));
}

function activated(values: readonly number[], wanted: boolean): number[] {
  if (!wanted) return [...values];
  if (values.length === 1) return values.map((value) => 1 / (1 + Math.exp(-value)));
  const most = Math.max(...values);
  const shares = values.map((value) => Math.exp(value - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}
