/** A local server that speaks as much of the chat completions protocol as a judge needs. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Asked {
  model: string;
  messages: { role: string; content: string }[];
}

/** `count`: requests so far, this one included. */
export type Handler = (asked: Asked, response: ServerResponse, count: number, request: IncomingMessage) => void;

export interface JudgeServer {
  url: string;
  asked: Asked[];
  /** Most requests that were open at once. */
  most: () => number;
  /** Requests that are open now. */
  open: () => number;
  /** Answers otherwise from now on. */
  become: (handler: Handler) => void;
}

/** Up until the test ends. */
export async function serve(handler: Handler): Promise<JudgeServer> {
  const asked: Asked[] = [];
  let current = handler;
  let open = 0;
  let most = 0;
  const server = createServer((request, response) => {
    most = Math.max(most, ++open);
    response.on("close", () => open--);
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const parsed = JSON.parse(body) as Asked;
      asked.push(parsed);
      current(parsed, response, asked.length, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return {
    url,
    asked,
    most: () => most,
    open: () => open,
    become: (next) => {
      current = next;
    },
  };
}

/** An address where nobody listens. */
export async function nowhere(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/v1`;
}

export function say(response: ServerResponse, content: string): void {
  const choices = [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }];
  json(response, 200, { id: "1", object: "chat.completion", created: 0, model: "m", choices });
}

/** Another try is welcome after a millisecond. */
export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "retry-after-ms": "1" }).end(JSON.stringify(body));
}

/** Refuses everything. */
export function refuse(status: number, message: string, more: object = {}): Handler {
  return (_asked, response) => json(response, status, { error: { message, ...more } });
}

/** 9 for the longer answer and 3 for the other, whichever side they are on; 5 for both when they are equally long. */
export const longerWins: Handler = ({ messages }, response) => {
  const [first = 0, second = 0] = [1, 2].map((side) => {
    const answer = messages[1]?.content.split(`[Answer of assistant ${side}]\n`)[1]?.split(`\n[End of answer ${side}]`)[0];
    return answer?.length ?? 0;
  });
  const scores = first === second ? "5 5" : first > second ? "9 3" : "3 9";
  say(response, `${scores}\nThe longer one is better.`);
};
