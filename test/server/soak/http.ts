/** Requests to a server on this machine, on the bare HTTP client: readers that are slow and clients that leave are in nobody's way. */
import { Agent, type IncomingMessage, request } from "node:http";

/** Longer is a hang. */
export const MOST_MS = 120_000;

/** Connections of clients that come and go. */
export const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

export interface Asked {
  url: string;
  path: string;
  method?: string;
  body?: string | Uint8Array;
  headers?: Record<string, string>;
  /** Ends the connection. */
  signal?: AbortSignal;
}

/** The head of the answer. Rejects when the connection ends before. */
export function ask({ url, path, method = "POST", body, headers, signal }: Asked): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const own = { ...(body !== undefined && { "content-type": "application/json" }), ...headers };
    const sent = request(new URL(path, url), { agent, method, headers: own, timeout: MOST_MS, ...(signal && { signal }) }, resolve);
    sent.on("error", reject);
    sent.on("timeout", () => sent.destroy(new Error(`no answer from ${path} for ${MOST_MS} ms`)));
    sent.end(body);
  });
}

export async function textOf(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** The data of server-sent events, as they come, the last of which is "[DONE]". */
export async function* eventsOf(message: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  message.setEncoding("utf8");
  for await (const part of message) {
    const events = (rest + (part as string)).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) if (event.startsWith("data: ")) yield event.slice("data: ".length);
  }
  if (rest !== "") throw new Error(`the stream ends in the middle of an event: ${JSON.stringify(rest)}`);
}

/** Values of GET /metrics by name; of those with labels the sum. */
export async function metricsOf(url: string): Promise<Map<string, number>> {
  const values = new Map<string, number>();
  for (const line of (await textOf(await ask({ url, path: "/metrics", method: "GET" }))).split("\n")) {
    const [, name = "", value] = /^([\w:]+)(?:\{[^}]*\})? (\S+)$/.exec(line) ?? [];
    if (value !== undefined) values.set(name, (values.get(name) ?? 0) + Number(value));
  }
  return values;
}
