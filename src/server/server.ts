/** A server as an object: routes to mount anywhere, or to listen with. */

import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { ArgsearchError } from "../errors.js";
import { createApp } from "./app.js";
import { HttpError } from "./errors.js";
import { isLocal } from "./guards.js";
import { type ListenOptions, resolveListen, resolveServer, type ServerOptions } from "./options.js";
import { type Lifecycle, Service } from "./service.js";

/** Where it listens. */
export interface Listening {
  /** "http://127.0.0.1:8080" */
  url: string;
  host: string;
  port: number;
}

/** An OpenAI-compatible server around a decoder. */
export interface Server extends AsyncDisposable {
  /**
   * One request's answer, web-standard: mounts in Hono (`app.mount("/ai", server.fetch)`), Bun, Deno and whatever speaks Request and Response. Its signal ends
   * what it asked for.
   */
  fetch(request: Request): Promise<Response>;
  /** The same for Node's `http` and Express: `app.use("/ai", server.handler)`. */
  handler(incoming: IncomingMessage, outgoing: ServerResponse): void;
  /** @throws ArgsearchError OPTION_INVALID, also where the port is taken or may not be used */
  listen(options?: ListenOptions): Promise<Listening>;
  /**
   * Takes no more requests and lets those under way end, for so many milliseconds at most (default 30000); what is left is then ended. The decoder stays
   * its owner's. Twice gives the same promise.
   */
  close(patience?: number): Promise<void>;
}

/**
 * An OpenAI-compatible server: chats, texts, scores, metrics and the playground, guided by what the decoder was loaded with. Nothing listens before listen().
 *
 * @throws ArgsearchError OPTION_INVALID
 */
export function createServer(options: ServerOptions): Server {
  return new NodeServer(options);
}

/** How long what has been said may take to reach its readers. */
const LAST_WORDS_MS = 2000;

class NodeServer implements Server {
  readonly #fetch: (request: Request) => Promise<Response>;
  readonly #listener: ReturnType<typeof getRequestListener>;
  readonly #closing = new AbortController();
  readonly #open = new Set<symbol>();
  readonly #http: HttpServer[] = [];
  #idle: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #local = false;

  constructor(options: ServerOptions) {
    const app = createApp(new Service(resolveServer(options), this.#lifecycle()));
    this.#fetch = async (request) => app.fetch(request);
    this.#listener = getRequestListener(this.#fetch, { overrideGlobalObjects: false });
  }

  readonly fetch = (request: Request): Promise<Response> => this.#fetch(request);

  readonly handler = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    void this.#listener(incoming, outgoing);
  };

  async listen(options?: ListenOptions): Promise<Listening> {
    const { host, port } = resolveListen(options);
    const server = createHttpServer(this.handler);
    this.#local = isLocal(host);
    this.#http.push(server);
    try {
      server.listen(port, host);
      await once(server, "listening");
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why =
        code === "EADDRINUSE" ? `port ${port} of ${host} is in use: choose another` : `cannot listen on ${host}, port ${port}: ${message}`;
      throw new ArgsearchError("OPTION_INVALID", why, { cause: error, option: "port" });
    }
    const address = server.address() as AddressInfo;
    const shown = host.includes(":") ? `[${host}]` : host;
    return { url: `http://${shown}:${address.port}`, host, port: address.port };
  }

  close(patience = 30_000): Promise<void> {
    this.#closed ??= this.#close(patience);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(patience: number): Promise<void> {
    const stopped = Promise.all(this.#http.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    await this.#allAnswered(patience);
    if (this.#open.size > 0) {
      const message = "the server stopped before this was answered";
      this.#closing.abort(new HttpError({ status: 503, code: "STOPPING", message }));
      await this.#allAnswered(LAST_WORDS_MS);
    }
    await this.#allSent(stopped);
  }

  /** Answers that were given are on their way; connections that are kept for more are closed as they fall idle, and in the end all. */
  async #allSent(stopped: Promise<unknown>): Promise<void> {
    const idle = setInterval(() => {
      for (const server of this.#http) server.closeIdleConnections();
    }, 20);
    const last = setTimeout(() => {
      for (const server of this.#http) server.closeAllConnections();
    }, LAST_WORDS_MS);
    await stopped;
    clearInterval(idle);
    clearTimeout(last);
  }

  async #allAnswered(patience: number): Promise<void> {
    if (this.#open.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      timer = setTimeout(resolve, patience);
    });
    clearTimeout(timer);
  }

  #lifecycle(): Lifecycle {
    const draining = (): boolean => this.#closed !== undefined;
    const local = (): boolean => this.#local;
    return {
      get draining() {
        return draining();
      },
      get local() {
        return local();
      },
      closing: this.#closing.signal,
      begin: () => {
        const request = Symbol("request");
        this.#open.add(request);
        return () => {
          this.#open.delete(request);
          if (this.#open.size === 0) this.#idle?.();
        };
      },
    };
  }
}
