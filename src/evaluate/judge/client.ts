/** Asks an OpenAI-compatible endpoint. */
import { setTimeout as sleep } from "node:timers/promises";
import { onAbort, throwIfAborted } from "../../engine/abort.js";
import { Dialect, type RequestBody, tokensOf } from "./dialect.js";
import type { EndpointError } from "./endpoint-error.js";
import { headersOf } from "./headers.js";
import { DEFAULTS, type JudgeOptions } from "./options.js";
import { type Answer, late, lost, type NoReply, type Reply, received, refused, silent, torn, unreached } from "./reply.js";
import type { JudgeMessage } from "./scheme.js";

export interface Ask {
  /**
   * @param stopped ends the waiting for another try: nobody wants the reply any more
   * @throws ArgsearchError ABORTED by `signal`
   */
  (messages: JudgeMessage[], signal: AbortSignal | undefined, stopped: AbortSignal): Promise<Reply>;
  /** What the endpoint is asked otherwise than at first, because it refused that. */
  changes?: () => string[];
}

/** First and longest wait before another try when the endpoint does not ask for one, milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

/** Tries again where that may help. */
export function judgeClient(options: JudgeOptions): Ask {
  const { retries = DEFAULTS.retries } = options;
  const endpoint = new Endpoint(options);
  const ask: Ask = async (messages, signal, stopped) => {
    for (let attempt = 0; ; attempt++) {
      const reply = await endpoint.ask(messages, signal);
      if ("content" in reply || reply.again === undefined || attempt >= retries) return reply;
      await pause(reply.again ?? wait(attempt), [signal, stopped]);
      throwIfAborted(signal);
      if (stopped.aborted) return reply;
    }
  };
  ask.changes = () => endpoint.dialect.changes;
  return ask;
}

class Endpoint {
  readonly dialect: Dialect;
  readonly #url: URL;
  readonly #headers: Headers;
  readonly #timeout: number;
  readonly #hasKey: boolean;

  constructor({ model, url, apiKey, timeout = DEFAULTS.timeout, maxTokens = DEFAULTS.maxTokens }: JudgeOptions) {
    // A key that is empty counts as none.
    const key = apiKey || process.env.OPENAI_API_KEY || null;
    this.dialect = new Dialect(model, maxTokens);
    this.#url = new URL(url);
    this.#url.pathname = `${this.#url.pathname.replace(/\/$/, "")}/chat/completions`;
    this.#headers = headersOf(key);
    this.#timeout = timeout;
    this.#hasKey = key !== null;
  }

  /** Once; at once again where the endpoint is to be asked otherwise. @throws ArgsearchError ABORTED */
  async ask(messages: JudgeMessage[], signal: AbortSignal | undefined): Promise<Reply> {
    for (let most = Number.POSITIVE_INFINITY; ; ) {
      const body = this.dialect.body(messages, most);
      const answer = await this.#send(body, signal);
      if ("status" in answer) {
        const { status, message } = answer;
        const less = this.dialect.less(body, status, message);
        most = less ?? most;
        if (less === null && !this.dialect.learn(body, status, message)) return refused(answer, this.#hasKey);
        continue;
      }
      if (!("lost" in answer)) return answer;
      if (!answer.lost) return answer.content === null ? silent(answer.refusal) : { content: answer.content };
      if (!this.dialect.raise(body, most)) return lost(tokensOf(body));
    }
  }

  /** @throws ArgsearchError ABORTED */
  async #send(body: RequestBody, signal: AbortSignal | undefined): Promise<Answer | NoReply | EndpointError> {
    const limit = timeLimit(this.#timeout, signal);
    let response: Response | undefined;
    try {
      response = await fetch(this.#url, {
        method: "POST",
        headers: this.#headers,
        body: JSON.stringify(body),
        signal: limit.signal,
      });
      return await received(response);
    } catch (error) {
      throwIfAborted(signal);
      if (limit.signal.aborted) return late(this.#timeout);
      return response === undefined ? unreached(error, this.#timeout) : torn(error);
    } finally {
      limit.end();
    }
  }
}

/** A signal of one request's own, body included: fetch leaves its listeners on what it is given. */
function timeLimit(milliseconds: number, signal: AbortSignal | undefined): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const forget = onAbort([signal], () => controller.abort());
  const timer = setTimeout(() => controller.abort(), milliseconds);
  const end = (): void => {
    clearTimeout(timer);
    forget();
  };
  return { signal: controller.signal, end };
}

/** Twice as long each time, a little less at random: requests that failed together do not come back together. */
function wait(attempt: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt) * (1 - Math.random() / 4);
}

/** Resolves after the time, or as soon as one of the signals fires. */
async function pause(milliseconds: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const controller = new AbortController();
  const forget = onAbort(signals, () => controller.abort());
  await sleep(milliseconds, undefined, { signal: controller.signal }).catch(() => {});
  forget();
}
