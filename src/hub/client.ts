/** Requests to the Hub: what is tried again, how long an answer is waited for, and who is shown the token. */
import { onAbort, throwIfAborted } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import { askedWait, LONGEST_ASKED_WAIT, mayPass, ownWait, pause } from "../remote/again.js";
import { refused, type Subject, unreachable } from "./failures.js";
import type { HubSettings } from "./settings.js";

/** Of one request, the first among them; without an answer fewer, since what is in the cache would do. */
const TRIES = 5;
const TRIES_UNANSWERED = 2;

/** On the way to a file there is one to the storage behind the Hub, and mirrors have some of their own. */
const MOST_REDIRECTS = 10;

/** Characters of an answer that is no file. */
const MOST = 1 << 27;

/** A response whose body is still to come; `close` ends the request, and must be called. */
export interface Opened {
  response: Response;
  close: () => void;
}

export class HubClient {
  readonly settings: HubSettings;
  readonly #signal: AbortSignal | undefined;

  constructor(settings: HubSettings, signal: AbortSignal | undefined) {
    this.settings = settings;
    this.#signal = signal;
  }

  get signal(): AbortSignal | undefined {
    return this.#signal;
  }

  /** Of one subject, for `@huggingface/hub`: answers are whole and good. @throws ArgsearchError HUB_*, ABORTED */
  fetchFor(subject: Subject): typeof fetch {
    return async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const { response, close } = await this.open(url, subject, new Headers(init?.headers));
      try {
        return new Response(await this.#whole(response), { status: response.status, headers: response.headers });
      } finally {
        close();
      }
    };
  }

  /** A good answer, of which the head has come. @throws ArgsearchError HUB_*, ABORTED */
  async open(url: URL, subject: Subject, headers: Headers): Promise<Opened> {
    const { endpoint, token } = this.settings;
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#once(url, headers);
      throwIfAborted(this.#signal);
      if ("error" in answer) {
        if (attempt + 1 >= TRIES_UNANSWERED || answer.error.name === "TimeoutError") throw unreachable(answer.origin, answer.error);
        await this.#wait(ownWait(attempt));
        continue;
      }
      const { response, close } = answer;
      if (response.ok) return answer;
      const { status } = response;
      const body = await response.text().catch(() => "");
      close();
      const wait = waitFor(response.headers) ?? ownWait(attempt);
      if (!mayPass(status, response.headers) || attempt + 1 >= TRIES || wait > LONGEST_ASKED_WAIT)
        throw refused({ status, headers: response.headers, body }, subject, endpoint, token !== undefined);
      await this.#wait(wait);
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    await pause(milliseconds, [this.#signal]);
    throwIfAborted(this.#signal);
  }

  /** Redirects are followed here, so that the token is shown to the Hub alone. Returns what fetch() throws, and at whom. */
  async #once(url: URL, headers: Headers): Promise<Opened | { error: Error; origin: string }> {
    const limit = timeLimit(this.settings.askTimeout, this.#signal);
    let at = url;
    try {
      for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
        const response = await fetch(at, { headers: this.#headersFor(at, headers), redirect: "manual", signal: limit.signal });
        const location = response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
        if (location === null) {
          limit.reached();
          return { response, close: limit.close };
        }
        await response.body?.cancel();
        at = new URL(location, at);
        if (!/^https?:$/.test(at.protocol)) throw new Error(`it redirects to ${at.protocol}`);
      }
      throw new Error(`it redirects more than ${MOST_REDIRECTS} times`);
    } catch (error) {
      const { aborted, reason } = limit.signal;
      limit.close();
      return { error: aborted && reason instanceof Error ? reason : (error as Error), origin: at.origin };
    }
  }

  #headersFor(url: URL, given: Headers): Headers {
    const headers = new Headers(given);
    const { endpoint, token } = this.settings;
    headers.delete("authorization");
    headers.set("accept-encoding", "identity");
    headers.set("user-agent", "argsearch");
    if (token !== undefined && url.origin === new URL(endpoint).origin) headers.set("authorization", `Bearer ${token}`);
    return headers;
  }

  /** @throws ArgsearchError HUB_UNREACHABLE, HUB_FAILED, ABORTED */
  async #whole({ body }: Response): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of this.#stalling(body)) {
      parts.push(part);
      length += part.length;
      if (length > MOST) throw new ArgsearchError("HUB_FAILED", `${this.settings.endpoint} answers with more than ${MOST} bytes`);
    }
    return Uint8Array.from(Buffer.concat(parts));
  }

  async *#stalling(body: Response["body"]): AsyncGenerator<Uint8Array> {
    try {
      yield* bytesOf(body, this.settings.askTimeout);
    } catch (error) {
      throwIfAborted(this.#signal);
      throw unreachable(this.settings.endpoint, error);
    }
  }
}

/** A body in pieces, none of which may let `patience` milliseconds pass. @throws what the connection does, or a TimeoutError */
export async function* bytesOf(body: Response["body"], patience: number): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), patience);
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(lateError(milliseconds)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => {});
  }
}

function lateError(milliseconds: number): Error {
  return new DOMException(`nothing came for ${milliseconds / 1000} seconds`, "TimeoutError");
}

/** Until `reached`, the time counts; until `close`, the signal does. */
function timeLimit(milliseconds: number, signal: AbortSignal | undefined): { signal: AbortSignal; reached: () => void; close: () => void } {
  const controller = new AbortController();
  const forget = onAbort([signal], () => controller.abort(new DOMException("aborted", "AbortError")));
  const timer = setTimeout(() => controller.abort(lateError(milliseconds)), milliseconds);
  const reached = (): void => clearTimeout(timer);
  const close = (): void => {
    reached();
    forget();
    controller.abort();
  };
  return { signal: controller.signal, reached, close };
}

/** Milliseconds by Retry-After, or by the Hub's own header, as in `"api";r=0;t=55`. */
function waitFor(headers: Headers): number | null {
  const [, seconds] = /(?:^|;)\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "") ?? [];
  return askedWait(headers) ?? (seconds === undefined ? null : 1000 * Number(seconds));
}
