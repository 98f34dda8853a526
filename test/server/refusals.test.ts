/** Requests that cannot be obeyed: each is told why, in OpenAI's form, and the server goes on. */
import { describe, expect, test } from "vitest";
import { load } from "../../src/index.js";
import { createServer } from "../../src/server/index.js";
import { chat, MESSAGES, post, served } from "./serving.js";

const { url } = await served({ bodyLimit: 20_000, requestTimeout: 20_000 });

describe("the body", () => {
  test.each([
    ["no JSON", "{", 400, null, /not JSON/],
    ["no object", "[]", 400, null, /JSON object/],
    ["no messages", {}, 400, "messages", /array/],
    ["an empty conversation", { messages: [] }, 400, "messages", /1/],
    ["a role that is none", { messages: [{ role: 1, content: "x" }] }, 400, "messages[0].role", /string/],
    ["an image", { messages: [{ role: "user", content: [{ type: "image_url" }] }] }, 400, "messages[0].content[0].type", /text/],
    ["an unknown name in argsearch", { messages: MESSAGES, argsearch: { topk: 3 } }, 400, "argsearch.topk", /did you mean topK/],
    ["a weight out of range", { messages: MESSAGES, argsearch: { weight: 2 } }, 400, "argsearch.weight", /0 to 1/],
    ["a gate that is none", { messages: MESSAGES, argsearch: { gate: { entropy: -1 } } }, 400, "argsearch.gate.entropy", /0/],
    ["a gate with a draw", { messages: MESSAGES, temperature: 1, argsearch: { gate: "bound" } }, 400, "argsearch.gate", /stochastic/],
    ["a gate without what it needs", { messages: MESSAGES, argsearch: { gate: "predicted" } }, 400, null, /predict/],
    ["tools", { messages: MESSAGES, tools: [{ type: "function" }] }, 400, "tools", /not supported/],
    ["top_logprobs alone", { messages: MESSAGES, top_logprobs: 2 }, 400, "top_logprobs", /logprobs/],
    ["a schema that is none", { messages: MESSAGES, response_format: schemaOf({ type: "nonsense" }) }, 400, "response_format", /#\/type/],
    ["too long a prompt", { messages: [{ role: "user", content: "word ".repeat(3000) }] }, 400, null, /tokens/],
    ["another model", { messages: MESSAGES, model: "gpt-9" }, 404, "model", /policy/],
    ["too large", { messages: [{ role: "user", content: "x".repeat(30_000) }] }, 413, null, /20000 bytes/],
  ])("with %s", async (_, body, status, param, message) => {
    const { status: got, json } = await post(url, "/v1/chat/completions", body);
    expect(got).toBe(status);
    expect(json.error.message).toMatch(message);
    expect(json.error.param).toBe(param);
    expect(json.error.code).toMatch(/^[A-Z_]+$/);
    expect(json.error.type).toMatch(/_error$/);
  });

  function schemaOf(schema: object) {
    return { type: "json_schema", json_schema: { name: "x", schema } };
  }

  test("that comes in pieces is limited, too", async () => {
    const body = new ReadableStream({
      start(controller) {
        for (let at = 0; at < 30; at++) controller.enqueue(new TextEncoder().encode("x".repeat(1000)));
        controller.close();
      },
    });
    const init = { method: "POST", headers: { "content-type": "application/json" }, body, duplex: "half" } as RequestInit;
    expect((await fetch(`${url}/v1/chat/completions`, init)).status).toBe(413);
  });

  test("must say that it is JSON", async () => {
    const { status } = await post(url, "/v1/chat/completions", { messages: MESSAGES }, { "content-type": "text/plain" });
    expect(status).toBe(415);
  });

  test("with empty lists of tools asks for nothing", async () => {
    const { status } = await chat(url, { max_tokens: 1, tools: [], functions: null, user: "somebody", metadata: { a: 1 } });
    expect(status).toBe(200);
  });
});

test.each([
  ["GET", "/v1/models/none", 404],
  ["GET", "/v1/chat/completions", 405],
  ["DELETE", "/v1/models", 405],
  ["GET", "/v1/nothing", 404],
])("%s %s is %i", async (method, path, status) => {
  const response = await fetch(`${url}${path}`, { method });
  expect(response.status).toBe(status);
  expect(((await response.json()) as { error: { message: string } }).error.message).not.toBe("");
});

describe("keys", () => {
  test("are asked for everywhere but at /health", async () => {
    await using decoder = await load({ gpu: false });
    await using server = createServer({ decoder, apiKey: ["one", "two"] });
    const at = await server.listen({ port: 0 });
    const models = (headers: Record<string, string>) => fetch(`${at.url}/v1/models`, { headers }).then(({ status }) => status);
    expect(await models({})).toBe(401);
    expect(await models({ authorization: "Bearer three" })).toBe(401);
    expect(await models({ authorization: "Bearer two" })).toBe(200);
    expect(await models({ "x-api-key": "one" })).toBe(200);
    expect((await fetch(`${at.url}/metrics`)).status).toBe(401);
    expect((await fetch(`${at.url}/health`)).status).toBe(200);
  });
});

describe("other pages", () => {
  const ask = (server: { fetch(request: Request): Promise<Response> }, headers: Record<string, string>, method = "GET") =>
    server.fetch(new Request("http://localhost/v1/models", { method, headers }));

  test("may not read answers unless their origin was named", async () => {
    await using decoder = await load({ gpu: false });
    const origin = "https://app.example.com";
    await using closed = createServer({ decoder });
    expect((await ask(closed, { origin })).headers.get("access-control-allow-origin")).toBeNull();
    await using open = createServer({ decoder, cors: origin });
    expect((await ask(open, { origin })).headers.get("access-control-allow-origin")).toBe(origin);
    expect((await ask(open, { origin: "https://other.example.com" })).headers.get("access-control-allow-origin")).not.toBe("*");
    const preflight = { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
    expect((await ask(open, preflight, "OPTIONS")).status).toBe(204);
  });

  test("cannot come in by a name that they let point here", async () => {
    const { hostname, port } = new URL(url);
    const status = (host: string) => fetchAs(hostname, Number(port), host);
    expect(await status("attacker.example.com")).toBe(403);
    expect(await status("localhost:1234")).toBe(200);
    expect(await status("127.0.0.1")).toBe(200);
  });
});

async function fetchAs(hostname: string, port: number, host: string): Promise<number | undefined> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path: "/v1/models", headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on("error", reject).end();
  });
}
