/** Asks an OpenAI-compatible endpoint. The `openai` package is an optional peer: it is loaded when there is a judge. */
import { setTimeout as sleep } from "node:timers/promises";
import { onAbort, throwIfAborted } from "../../engine/abort.js";
import { optionalModule } from "../optional-module.js";
import { Dialect, type RequestBody, tokensOf } from "./dialect.js";
import { errorWithin, explained, parse } from "./error-body.js";
import { DEFAULTS, type JudgeOptions } from "./options.js";
import { type Answer, answerOf, late, lost, type NoReply, noCompletion, noReply, type Reply, silent } from "./reply.js";
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

/**
 * Tries again by itself rather than by the client's retries, which could not be interrupted while they wait, and whose time
 * limit ends with the headers.
 *
 * @throws ArgsearchError DEPENDENCY_MISSING without the `openai` package
 */
export async function judgeClient(options: JudgeOptions): Promise<Ask> {
  const openai = await optionalModule<typeof import("openai")>(() => import("openai"), "openai", "the judge");
  const { retries = DEFAULTS.retries } = options;
  const endpoint = new Endpoint(openai, options);
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

type Module = typeof import("openai");

class Endpoint {
  readonly dialect: Dialect;
  readonly #openai: Module;
  readonly #client: InstanceType<Module["OpenAI"]>;
  readonly #timeout: number;
  readonly #hasKey: boolean;

  constructor(openai: Module, { model, url, apiKey, timeout = DEFAULTS.timeout, maxTokens = DEFAULTS.maxTokens }: JudgeOptions) {
    // A key that is empty counts as none; servers of one's own want none, the client insists on something.
    const key = apiKey || process.env.OPENAI_API_KEY || null;
    this.dialect = new Dialect(model, maxTokens);
    this.#openai = openai;
    this.#client = new openai.OpenAI({ baseURL: url, apiKey: key ?? "none", maxRetries: 0, timeout, fetch: readably });
    this.#timeout = timeout;
    this.#hasKey = key !== null;
  }

  /** Once; at once again where the endpoint is to be asked otherwise. @throws ArgsearchError ABORTED */
  async ask(messages: JudgeMessage[], signal: AbortSignal | undefined): Promise<Reply> {
    for (let most = Number.POSITIVE_INFINITY; ; ) {
      const body = this.dialect.body(messages, most);
      const answer = await this.#send(body, signal);
      if (answer instanceof this.#openai.APIError) {
        const { status = 0, message } = answer;
        const less = this.dialect.less(body, status, message);
        most = less ?? most;
        if (less === null && !this.dialect.learn(body, status, message)) return noReply(this.#openai, answer, this.#hasKey);
        continue;
      }
      if (!("lost" in answer)) return answer;
      if (!answer.lost) return answer.content === null ? silent(answer.refusal) : { content: answer.content };
      if (!this.dialect.raise(body, most)) return lost(tokensOf(body));
    }
  }

  /** An error is the endpoint's own; any other is a reply that did not come. @throws ArgsearchError ABORTED */
  async #send(body: RequestBody, signal: AbortSignal | undefined): Promise<Answer | NoReply | InstanceType<Module["APIError"]>> {
    const limit = timeLimit(this.#timeout, signal);
    try {
      const received: unknown = await this.#client.chat.completions.create(body, { signal: limit.signal });
      // What is not labelled as JSON comes as text.
      const completion = typeof received === "string" ? parse(received) : received;
      if (completion === undefined) return noCompletion(String(received));
      const within = errorWithin(completion);
      return within ? this.#openai.APIError.generate(within.status, within.body, undefined, new Headers()) : answerOf(completion);
    } catch (error) {
      throwIfAborted(signal);
      if (limit.signal.aborted || error instanceof this.#openai.APIConnectionTimeoutError) return late(this.#timeout);
      return error instanceof this.#openai.APIError ? error : noReply(this.#openai, error, this.#hasKey);
    } finally {
      limit.end();
    }
  }
}

async function readably(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request);
  return response.ok ? response : explained(response);
}

/** A signal of one request's own, body included: the client leaves its listeners on what it is given. */
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
