/** Loading, queueing, leaving, timing out and stopping. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { describe, expect, test } from "vitest";
import { ArgsearchError, type Decoder, load } from "../../src/index.js";
import { createServer } from "../../src/server/index.js";
import { chat, MESSAGES, metric, served, until } from "./serving.js";

/** Long enough to be under way while something else happens. */
const LONG = { messages: MESSAGES, max_tokens: 900, argsearch: { ending: "never" } };

const begin = async (url: string, body: object, signal?: AbortSignal) => {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ ...body, stream: true }) };
  const response = await fetch(`${url}/v1/chat/completions`, signal ? { ...init, signal } : init);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  return { response, reader };
};

describe("while models load", () => {
  test("it is not healthy, and says so; then it is", async () => {
    let ready: (decoder: Decoder) => void = () => {};
    await using server = createServer({ decoder: new Promise((resolve) => (ready = resolve)) });
    const { url } = await server.listen({ port: 0 });
    expect((await fetch(`${url}/health`)).status).toBe(503);
    const asked = await chat(url, {});
    expect([asked.status, asked.json.error.code]).toEqual([503, "LOADING"]);
    expect(asked.headers.get("retry-after")).toBe("1");
    await using decoder = await load({ gpu: false });
    ready(decoder);
    await until(async () => (await fetch(`${url}/health`)).ok);
    expect((await chat(url, { max_tokens: 1 })).status).toBe(200);
  });

  test("that fails, requests are told why", async () => {
    const failed = Promise.reject(new ArgsearchError("MODEL_INVALID", "the file is torn"));
    await using server = createServer({ decoder: failed });
    const { url } = await server.listen({ port: 0 });
    const { status, json } = await chat(url, {});
    expect([status, json.error.code]).toEqual([503, "MODEL_INVALID"]);
    expect(json.error.message).toContain("the file is torn");
  });
});

test("whoever finds the line full is sent away, and told when to come again", async () => {
  const { url } = await served({}, { slots: 1, queue: { max: 1 } });
  const ends = new AbortController();
  const first = await begin(url, LONG, ends.signal);
  const second = chat(url, { max_tokens: 1 });
  await until(async () => (await metric(url, "llamacpp:requests_deferred")) === 1);
  const third = await chat(url, { max_tokens: 1 });
  expect([third.status, third.json.error.code, third.json.error.type]).toEqual([429, "BUSY", "rate_limit_error"]);
  expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
  const stream = await chat(url, { max_tokens: 1, stream: true }).catch((error: unknown) => error);
  expect(stream).toMatchObject({ status: 429 });
  ends.abort();
  await first.reader.read().catch(() => {});
  expect((await second).status).toBe(200);
});

test("a client that leaves frees its slot, whether it streams or waits", async () => {
  const { decoder, url } = await served({}, { slots: 1 });
  for (const streams of [true, false]) {
    const ends = new AbortController();
    if (streams) await begin(url, LONG, ends.signal);
    else {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(LONG), signal: ends.signal };
      fetch(`${url}/v1/chat/completions`, init).catch(() => {});
    }
    await until(async () => (await metric(url, "llamacpp:requests_processing")) === 1);
    const before = decoder.counters().steps;
    ends.abort();
    await until(async () => (await metric(url, "llamacpp:requests_processing")) === 0);
    expect((await chat(url, { max_tokens: 2 })).status).toBe(200);
    expect(decoder.counters().steps - before).toBeLessThan(850);
  }
});

test("a reader that does not read holds no slot", async () => {
  const { url } = await served({}, { slots: 1 });
  const { reader } = await begin(url, { ...LONG, max_tokens: 400, argsearch: { candidates: true, ending: "never" } });
  await until(async () => (await metric(url, "llamacpp:requests_processing")) === 0);
  expect((await chat(url, { max_tokens: 1 })).status).toBe(200);
  await reader.cancel();
});

test("a request may take so long and no longer", async () => {
  const { url } = await served({ requestTimeout: 60 });
  const { status, json } = await chat(url, LONG);
  expect([status, json.error.code]).toEqual([408, "REQUEST_TIMEOUT"]);
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ ...LONG, stream: true }) };
  // Of a stream that has begun the error is the last event.
  expect(await (await fetch(`${url}/v1/chat/completions`, init)).text()).toContain('"code":"REQUEST_TIMEOUT"');
});

test("a stream with nothing to say sends comments", async () => {
  const { url } = await served({ pingInterval: 20 }, { slots: 1 });
  const ends = new AbortController();
  const first = await begin(url, LONG, ends.signal);
  const waiting = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages: MESSAGES, max_tokens: 1, stream: true }),
  });
  const reader = (waiting.body as ReadableStream<Uint8Array>).getReader();
  let seen = "";
  for (let reads = 0; reads < 20 && !seen.includes(": ping"); reads++) seen += new TextDecoder().decode((await reader.read()).value);
  expect(seen).toContain(": ping\n\n");
  ends.abort();
  await first.reader.read().catch(() => {});
  for (let read = await reader.read(); !read.done; read = await reader.read()) seen += new TextDecoder().decode(read.value);
  expect(seen).toContain("[DONE]");
});

describe("stopping", () => {
  test("takes nothing new and lets what is under way end", async () => {
    await using decoder = await load({ gpu: false });
    const server = createServer({ decoder });
    const { url } = await server.listen({ port: 0 });
    const { reader } = await begin(url, { ...LONG, max_tokens: 200 });
    const closed = server.close();
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    let text = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) text += new TextDecoder().decode(read.value);
    expect(text).toContain("[DONE]");
    await closed;
  });

  test("does not wait for ever: what is left is told", async () => {
    await using decoder = await load({ gpu: false });
    const server = createServer({ decoder });
    const { url } = await server.listen({ port: 0 });
    const { reader } = await begin(url, LONG);
    await server.close(20);
    let text = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) text += new TextDecoder().decode(read.value);
    expect(text).toContain('"code":"STOPPING"');
    expect(decoder.disposed).toBe(false);
    expect((await decoder.generate("Hello", { maxTokens: 1 })).tokens).toHaveLength(1);
  });
});

test("a port that is taken is a typed error", async () => {
  const { decoder, url } = await served();
  const other = createServer({ decoder });
  await expect(other.listen({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: "OPTION_INVALID", option: "port" });
});

test("it mounts in a server of one's own", async () => {
  const { server } = await served();
  const http = createHttpServer((request, response) => server.handler(request, response));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as { port: number };
  expect((await chat(`http://127.0.0.1:${port}`, { max_tokens: 1 })).status).toBe(200);
  http.close();
  const direct = await server.fetch(new Request("http://localhost/v1/models"));
  expect(await direct.json()).toMatchObject({ data: [{ id: "policy" }] });
});

test("metrics count what was decoded", async () => {
  const { url } = await served();
  await chat(url, { max_tokens: 7 });
  await chat(url, { max_tokens: 5, argsearch: { weight: 0 } });
  expect(await metric(url, "llamacpp:tokens_predicted_total")).toBe(12);
  expect(await metric(url, "argsearch:guided_steps_total")).toBe(7);
  expect(await metric(url, "argsearch:steps_total")).toBe(12);
  expect(await metric(url, "argsearch:candidates_rated_total")).toBe(70);
  expect(await metric(url, "argsearch:reward_tokens_total")).toBe(70);
  expect(await metric(url, "llamacpp:requests_processing")).toBe(0);
});
