/** A server that speaks as `argsearch serve` does, with answers that a test writes. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { root } from "../cli/run.js";

export interface MockToken {
  text: string;
  reward: number | null;
  candidates?: [text: string, logProb: number, reward: number][];
}

/** What a stream does next: a token, a pause that the test ends, an error event, or an end without farewell. */
export type Part = MockToken | { wait: Promise<void> } | { error: { code: string; message: string } } | "die";

export interface Script {
  plain: Part[];
  guided: Part[];
  rewards?: string[];
  apiKey?: string;
  /** While true, /health says 503. */
  loading?: boolean;
  /** Instead of an answer, to the guided request. */
  refuse?: { status: number; code: string; message: string };
}

export interface MockRequest {
  messages: { role: string; content: string }[];
  temperature: number;
  max_tokens: number;
  seed?: number;
  argsearch: Record<string, unknown>;
}

export interface Mock {
  url: string;
  script: Script;
  requests: MockRequest[];
  /** Requests whose client left before the answer had ended. */
  left: number;
  close(): Promise<void>;
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export async function mockServer(script: Script): Promise<Mock> {
  const mock: Mock = { url: "", script, requests: [], left: 0, close };
  const server = createServer((request, response) => {
    answer(mock, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  mock.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  onTestFinished(close);
  return mock;
}

async function answer(mock: Mock, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { script } = mock;
  const path = new URL(request.url ?? "", mock.url).pathname;
  if (path === "/health")
    return script.loading ? json(response, 503, problem("503", "Loading model")) : json(response, 200, { status: "ok" });
  if (!path.startsWith("/v1/")) return file(response, path);
  if (script.apiKey !== undefined && request.headers.authorization !== `Bearer ${script.apiKey}`) {
    return json(response, 401, problem("UNAUTHORIZED", "The API key is missing or wrong"));
  }
  if (path === "/v1/models") {
    return json(response, 200, {
      data: [{ id: "mock", argsearch: { rewards: script.rewards ?? ["reward"], contextSize: 512, settings: {} } }],
    });
  }
  const body = JSON.parse(await textOf(request)) as MockRequest;
  mock.requests.push(body);
  const guided = body.argsearch.weight !== 0;
  if (guided && script.refuse) return json(response, script.refuse.status, problem(script.refuse.code, script.refuse.message));
  response.on("close", () => {
    if (!response.writableFinished) mock.left += 1;
  });
  await stream(response, guided ? script.guided : script.plain, guided);
}

async function stream(response: ServerResponse, parts: readonly Part[], guided: boolean): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (value: object): boolean => response.write(`data: ${JSON.stringify(value)}\n\n`);
  send({ choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] });
  let reward: number | null = null;
  for (const [index, part] of parts.entries()) {
    if (part === "die") {
      await setTimeout(50); // what was written has arrived
      return void response.destroy();
    }
    if ("wait" in part) {
      response.write(": ping\n\n");
      await part.wait;
      continue;
    }
    if ("error" in part) {
      send({ error: part.error });
      return void response.end();
    }
    reward = part.reward ?? reward;
    send({ choices: [chunk(part, index, guided)] });
  }
  const summary = { method: guided ? "args" : "greedy", reward, objectives: { reward }, seed: 7, finishReason: "eog" };
  send({ choices: [{ index: 0, delta: {}, finish_reason: "stop", argsearch: summary }] });
  response.end("data: [DONE]\n\n");
}

function chunk({ text, reward, candidates }: MockToken, index: number, guided: boolean) {
  const token = { token: index, text, logProb: -0.5, policyLogProb: -0.5, reward, score: reward };
  const rated = candidates?.map(([other, logProb, its], at) => ({
    ...{ token: other === text ? index : 1000 + at, text: other, logProb, reward: its, score: logProb + its },
  }));
  const top = [text, " other"].map((each, at) => ({ token: each, logprob: -0.5 - at, bytes: [] }));
  return {
    index: 0,
    delta: { content: text },
    finish_reason: null,
    ...(guided ? {} : { logprobs: { content: [{ token: text, logprob: -0.5, bytes: [], top_logprobs: top }] } }),
    argsearch: { tokens: [{ ...token, ...(rated && { candidates: rated }) }] },
  };
}

/** As the real server sends it. */
function file(response: ServerResponse, path: string): void {
  const name = path === "/" ? "/index.html" : path;
  try {
    const content = readFileSync(join(root, "dist", "playground", name));
    response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "", "content-security-policy": "default-src 'self'" });
    response.end(content);
  } catch {
    json(response, 404, problem("NOT_FOUND", path));
  }
}

function problem(code: string, message: string) {
  return { error: { code, message, type: "server_error", param: null } };
}

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return text;
}
