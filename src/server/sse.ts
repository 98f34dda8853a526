/** Server-sent events, as OpenAI's clients read them. */
import type { RequestLife } from "./request-life.js";

export interface EventWriter {
  json(value: object): Promise<void>;
  text(data: string): Promise<void>;
}

export interface EventOptions {
  life: RequestLife;
  pingInterval: number;
}

/** A comment, which clients pass over and proxies count as a sign of life. */
const PING = ": ping\n\n";

/**
 * An answer of what `produce` writes. A write waits until the client has read; while nothing is written a comment goes out now and then. A client that
 * leaves ends the request's life, and so does the end of that life the stream.
 */
export function eventStream({ life, pingInterval }: EventOptions, produce: (writer: EventWriter) => Promise<void>): Response {
  const { readable, writable } = new TransformStream<string, string>();
  const writer = writable.getWriter();
  let written = performance.now();
  let waiting = 0;
  const write = async (text: string): Promise<void> => {
    waiting++;
    await writer.write(text);
    waiting--;
    written = performance.now();
  };
  const ping = setInterval(() => {
    if (waiting === 0 && performance.now() - written >= pingInterval / 2) write(PING).catch(() => {});
  }, pingInterval);
  const leave = (): void => {
    // What is under way is told of by an event; a reader that does not read is not waited for.
    setTimeout(() => writer.abort().catch(() => {}), 1000).unref();
  };
  life.signal.addEventListener("abort", leave, { once: true });
  writer.closed.catch((reason: unknown) => life.end(reason));
  const text = (data: string): Promise<void> => write(`data: ${data}\n\n`);
  produce({ text, json: (value) => text(JSON.stringify(value)) })
    .then(() => writer.close())
    .catch((error: unknown) => writer.abort(error).catch(() => {}))
    .finally(() => {
      clearInterval(ping);
      life.signal.removeEventListener("abort", leave);
      life.close();
    });
  const headers = { "content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no" };
  return new Response(readable.pipeThrough(new TextEncoderStream()), { headers });
}
