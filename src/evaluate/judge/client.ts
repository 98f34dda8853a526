/** Asks an OpenAI-compatible endpoint. The `openai` package is an optional peer: it is loaded when there is a judge. */
import { setTimeout as sleep } from "node:timers/promises";
import { onAbort, throwIfAborted } from "../../engine/abort.js";
import { optionalModule } from "../optional-module.js";
import { Dialect, tokensOf } from "./dialect.js";
import { explained } from "./error-body.js";
import { DEFAULTS, type JudgeOptions } from "./options.js";
import { answerOf, EMPTY, late, lost, noReply, type Reply } from "./reply.js";
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
  const { model, retries = DEFAULTS.retries, timeout = DEFAULTS.timeout, maxTokens = DEFAULTS.maxTokens } = options;
  // A key that is empty counts as none; servers of one's own want none, the client insists on something.
  const apiKey = options.apiKey || process.env.OPENAI_API_KEY || null;
  const readable = async (...request: Parameters<typeof fetch>): Promise<Response> => {
    const response = await fetch(...request);
    return response.ok ? response : explained(response);
  };
  const client = new openai.OpenAI({ baseURL: options.url, apiKey: apiKey ?? "none", maxRetries: 0, timeout, fetch: readable });
  const dialect = new Dialect(model, maxTokens);
  const once = async (messages: JudgeMessage[], signal: AbortSignal | undefined): Promise<Reply> => {
    for (;;) {
      const body = dialect.body(messages);
      const limit = timeLimit(timeout, signal);
      try {
        const answer = answerOf(await client.chat.completions.create(body, { signal: limit.signal }));
        if (!answer.lost) return answer.content === null ? EMPTY : { content: answer.content };
        if (!dialect.raise(body)) return lost(tokensOf(body));
      } catch (error) {
        throwIfAborted(signal);
        if (limit.signal.aborted || error instanceof openai.APIConnectionTimeoutError) return late(timeout);
        const { status, message } = error as { status?: number; message: string };
        if (!(error instanceof openai.APIError) || !dialect.learn(body, status ?? 0, message))
          return noReply(openai, error, apiKey !== null);
      } finally {
        limit.end();
      }
    }
  };
  const ask: Ask = async (messages, signal, stopped) => {
    for (let attempt = 0; ; attempt++) {
      const reply = await once(messages, signal);
      if ("content" in reply || reply.again === undefined || attempt >= retries) return reply;
      await pause(reply.again ?? wait(attempt), [signal, stopped]);
      throwIfAborted(signal);
      if (stopped.aborted) return reply;
    }
  };
  ask.changes = () => dialect.changes;
  return ask;
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
