/** Local servers that speak as much of vLLM's and of our own protocol as decoding needs. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Asked {
  path: string;
  headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: what a program sends, looked at by tests
  body: any;
}

/** `count`: requests so far, this one included. */
export type Handler = (asked: Asked, response: ServerResponse, count: number) => void;

export interface Server {
  url: string;
  asked: Asked[];
  /** Requests that are open now. */
  open: () => number;
  become: (handler: Handler) => void;
}

/** Up until the test ends. `props`: what it tells of itself, as llama.cpp's server does and others do not. */
export async function serve(handler: Handler, props?: object): Promise<Server> {
  const asked: Asked[] = [];
  let current = handler;
  let open = 0;
  const server = createServer((request, response) => {
    open++;
    response.on("close", () => open--);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method === "GET") return props ? json(response, 200, props) : json(response, 404, { detail: "Not Found" });
      const one = { path: request.url ?? "", headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) };
      asked.push(one);
      current(one, response, asked.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    open: () => open,
    become: (next) => {
      current = next;
    },
  };
}

/** Another try is welcome after a millisecond. */
export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "retry-after-ms": "1" }).end(JSON.stringify(body));
}

/** vLLM's answer of `/classify`, with one class. */
export function classes(response: ServerResponse, numbers: readonly unknown[]): void {
  const data = numbers.map((number, index) => ({ index, label: "LABEL_0", probs: [number], num_classes: 1 }));
  json(response, 200, { id: "classify-1", object: "list", created: 0, model: "m", data, usage: { prompt_tokens: 1, total_tokens: 1 } });
}

/** A number that is a text's own: from -2 to 2, in 64ths. */
export function numberOf(text: string): number {
  let hash = 7;
  for (const letter of text) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0;
  return ((Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 16) % 256) / 64 - 2;
}

export const classifies: Handler = ({ body }, response) => classes(response, (body.input as string[]).map(numberOf));

/** One choice of `/v1/completions`. */
export interface Choice {
  text: string;
  finish_reason: string | null;
  [field: string]: unknown;
}

export function choices(response: ServerResponse, all: readonly Choice[], usage: object = {}): void {
  const numbered = all.map((choice, index) => ({ index, logprobs: null, ...choice }));
  json(response, 200, { id: "cmpl-1", object: "text_completion", created: 0, model: "m", choices: numbered, usage });
}

/** Headers, half of a JSON text, and the connection is gone. */
export const dies: Handler = (_asked, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"data":[', () => response.destroy());
};

export const hangs: Handler = () => {};
