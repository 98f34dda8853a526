/** What the routes have in common: the decoder once it is there, and how a request with a body is answered. */
import type { Decoder } from "../decode/decoder.js";
import { ArgsearchError } from "../errors.js";
import { readJson } from "./body.js";
import { errorResponse, HttpError, httpError } from "./errors.js";
import { ServerMetrics } from "./metrics.js";
import { type ModelNames, namesOf } from "./models.js";
import type { ResolvedServer } from "./options.js";
import { RequestLife } from "./request-life.js";

/** What the routes ask of the server around them. */
export interface Lifecycle {
  /** No new work: what is under way is finished. */
  readonly draining: boolean;
  /** Ends what is under way. */
  readonly closing: AbortSignal;
  /** It listens on this machine alone. */
  readonly local: boolean;
  /** A request begins; the function that is returned says that it has been answered. */
  begin(): () => void;
}

export interface Loaded {
  decoder: Decoder;
  names: ModelNames;
}

/** nginx's status for a client that did not wait for its answer: for the counters. */
const GONE = new HttpError({ status: 499, code: "ABORTED", message: "the client left before the answer was there" });

type State = { kind: "loading" } | { kind: "failed"; error: unknown } | ({ kind: "ready" } & Loaded);

/** How a request with a body is answered. */
export type Handler = (loaded: Loaded, body: Record<string, unknown>, life: RequestLife) => Promise<Response>;

export class Service {
  readonly metrics = new ServerMetrics();
  readonly created = Math.floor(Date.now() / 1000);
  readonly options: ResolvedServer;
  readonly lifecycle: Lifecycle;
  #state: State = { kind: "loading" };

  constructor(options: ResolvedServer, lifecycle: Lifecycle) {
    this.options = options;
    this.lifecycle = lifecycle;
    options.decoder.then(
      (decoder) => {
        this.metrics.watch(decoder);
        this.#state = { kind: "ready", decoder, names: namesOf(decoder.info, options.model, options.aliases) };
      },
      (error: unknown) => {
        this.#state = { kind: "failed", error };
      },
    );
  }

  /** @throws HttpError 503 */
  get loaded(): Loaded {
    const state = this.#state;
    if (state.kind === "loading") throw unavailable("Loading model", "LOADING");
    if (state.kind === "failed") throw unavailable(`the models could not be loaded: ${messageOf(state.error)}`, codeOf(state.error));
    return state;
  }

  /** Undefined: it is well; else why it is not, in llama.cpp's words where it has some. */
  get ailment(): string | undefined {
    if (this.lifecycle.draining) return "Stopping";
    if (this.#state.kind === "loading") return "Loading model";
    return this.#state.kind === "failed" ? "The models could not be loaded" : undefined;
  }

  /** What went wrong, as the answer. */
  refused(error: unknown): Response {
    const found = httpError(error);
    if (found.status === 500) this.options.onError(error);
    return errorResponse(found);
  }

  /** An answer that is a stream ends the request's life itself. */
  async answer(request: Request, path: string, handler: Handler): Promise<Response> {
    const { lifecycle, options, metrics } = this;
    const life = new RequestLife([request.signal, lifecycle.closing], options.requestTimeout);
    const ended = lifecycle.begin();
    const began = performance.now();
    const close = (status: number): void => {
      ended();
      metrics.requested(path, status, performance.now() - began);
    };
    const response = await this.#respond(request, handler, life);
    life.onClose(() => close(response.status));
    if (response.headers.get("content-type") !== "text/event-stream") life.close();
    return response;
  }

  async #respond(request: Request, handler: Handler, life: RequestLife): Promise<Response> {
    try {
      if (this.lifecycle.draining) throw unavailable("the server is stopping", "STOPPING");
      return await handler(this.loaded, await readJson(request, this.options.bodyLimit), life);
    } catch (error) {
      if (!life.signal.aborted) return this.refused(error);
      return this.refused(life.signal.reason instanceof HttpError ? life.signal.reason : GONE);
    }
  }
}

function unavailable(message: string, code: string): HttpError {
  return new HttpError({ status: 503, code, message, headers: { "retry-after": "1" } });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  return error instanceof ArgsearchError ? error.code : "LOADING_FAILED";
}
