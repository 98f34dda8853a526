/** Servers of tests, and what is asked of them. */
import { afterAll } from "vitest";
import { type Decoder, type LoadOptions, load } from "../../src/index.js";
import { createServer, type Server, type ServerOptions } from "../../src/server/index.js";

export const MESSAGES = [{ role: "user", content: "Can you help me set up a light show?" }];

export interface Served {
  decoder: Decoder;
  server: Server;
  url: string;
}

/** The embedded pair behind a socket, ended with the file's tests. */
export async function served(options: Omit<ServerOptions, "decoder"> = {}, loading: LoadOptions = { slots: 2 }): Promise<Served> {
  const decoder = await load({ gpu: false, ...loading });
  const server = createServer({ decoder, ...options });
  const { url } = await server.listen({ port: 0 });
  afterAll(async () => {
    await server.close(0);
    await decoder.dispose();
  });
  return { decoder, server, url };
}

export interface Asked {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
  json: any;
}

export async function post(url: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Asked> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: text,
  });
  return { status: response.status, headers: response.headers, json: await response.json() };
}

export function chat(url: string, body: object): Promise<Asked> {
  return post(url, "/v1/chat/completions", { messages: MESSAGES, ...body });
}

/** The data of a stream's events, without comments; the last is "[DONE]" or an error. */
// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
export async function streamed(url: string, path: string, body: object): Promise<any[]> {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...body, stream: true }),
  });
  const events = (await response.text()).split("\n\n").filter((event) => event.startsWith("data: "));
  return events.map((event) => (event === "data: [DONE]" ? "[DONE]" : JSON.parse(event.slice(6))));
}

/** A figure of /metrics. */
export async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}{`));
  return Number(line?.split(" ").at(-1) ?? Number.NaN);
}

export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("it never came to be");
}
