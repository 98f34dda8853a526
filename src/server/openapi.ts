/** GET /openapi.json: what can be asked here, made of the schemas that requests are checked by. */
import { z } from "zod";
import { packageManifest } from "../package-root.js";
import { errorBody } from "./schemas/common.js";
import { chatRequest, textRequest } from "./schemas/generation.js";
import { classifyRequest, poolingRequest, scoreRequest } from "./schemas/scoring.js";

interface Operation {
  summary: string;
  body?: z.ZodType;
  /** Content types of the answer and what it has. */
  answer: Record<string, object>;
  /** Statuses of refusals beside those that every request may meet. */
  refusals?: readonly number[];
  free?: boolean;
}

const ANY_OBJECT = { type: "object" };
const JSON_ANSWER = { "application/json": ANY_OBJECT };
/** Of an event stream readers of the document expect the schema of its events, not that of its text. */
const STREAMED = { ...JSON_ANSWER, "text/event-stream": {} };

/** A request with a body may be refused for each of these. */
const OF_BODIES = [400, 404, 408, 413, 415, 429, 500, 502];

const OPERATIONS: Record<string, { get?: Operation; post?: Operation }> = {
  "/v1/chat/completions": { post: { summary: "Answers to a conversation", body: chatRequest, answer: STREAMED } },
  "/v1/completions": { post: { summary: "Continuations of texts", body: textRequest, answer: STREAMED } },
  "/v1/score": {
    post: { summary: "Rewards of responses, or of documents as answers to queries", body: scoreRequest, answer: JSON_ANSWER },
  },
  "/classify": {
    post: { summary: "Values of the reward models' labels at the ends of texts", body: classifyRequest, answer: JSON_ANSWER },
  },
  "/pooling": { post: { summary: "The same as bare numbers, or behind each token", body: poolingRequest, answer: JSON_ANSWER } },
  "/v1/models": { get: { summary: "What is served, and what guides it", answer: JSON_ANSWER } },
  "/health": { get: { summary: "Whether models are loaded and requests taken", answer: JSON_ANSWER, free: true } },
  "/metrics": { get: { summary: "Counters for Prometheus", answer: { "text/plain": { type: "string" } } } },
  "/openapi.json": { get: { summary: "This document", answer: JSON_ANSWER } },
};

let made: object | undefined;

export function openApi(): object {
  made ??= document();
  return made;
}

function document(): object {
  const all = z.object({ errorBody, chatRequest, textRequest, scoreRequest, classifyRequest, poolingRequest });
  const { $defs = {} } = z.toJSONSchema(all, { io: "input", target: "draft-2020-12" });
  const schemas = JSON.parse(JSON.stringify($defs).replaceAll('"#/$defs/', '"#/components/schemas/')) as object;
  const paths = Object.entries(OPERATIONS).map(([path, methods]) => {
    const written = Object.entries(methods).map(([method, operation]) => [method, operationJson(path, method, operation)]);
    return [path, Object.fromEntries(written)];
  });
  return {
    openapi: "3.1.0",
    info: { title: "argsearch", version: packageManifest().version, description: "Reward-guided decoding behind OpenAI's API." },
    paths: Object.fromEntries(paths),
    components: { schemas, securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
  };
}

function operationJson(path: string, method: string, { summary, body, answer, free }: Operation): object {
  const statuses = [...(free ? [] : [401, 403]), ...(body === undefined ? [] : OF_BODIES), 503];
  const refusal = (status: number) => [
    String(status),
    { description: "refused", content: { "application/json": { schema: refTo("Error") } } },
  ];
  const content = Object.fromEntries(Object.entries(answer).map(([type, schema]) => [type, { schema }]));
  return {
    operationId: `${method}${path.replace(/[^a-z]+(\w)/gi, (_, letter: string) => letter.toUpperCase()).replace(/\W/g, "")}`,
    summary,
    ...(free ? {} : { security: [{}, { bearer: [] }] }),
    ...(body && { requestBody: { required: true, content: { "application/json": { schema: refTo(body.meta()?.id ?? "") } } } }),
    responses: { "200": { description: "done", content }, ...Object.fromEntries(statuses.map(refusal)) },
  };
}

function refTo(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}
