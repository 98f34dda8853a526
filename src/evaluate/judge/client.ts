/** Asks an OpenAI-compatible endpoint. */
import { throwIfAborted } from "../../engine/abort.js";
import { ownWait, pause } from "../../remote/again.js";
import type { EndpointError } from "../../remote/endpoint-error.js";
import { exchange } from "../../remote/exchange.js";
import { Dialect, type RequestBody, tokensOf } from "./dialect.js";
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

/** Tries again where that may help. */
export function judgeClient(options: JudgeOptions): Ask {
  const { retries = DEFAULTS.retries } = options;
  const endpoint = new Endpoint(options);
  const ask: Ask = async (messages, signal, stopped) => {
    for (let attempt = 0; ; attempt++) {
      const reply = await endpoint.ask(messages, signal);
      if ("content" in reply || reply.again === undefined || attempt >= retries) return reply;
      await pause(reply.again ?? ownWait(attempt), [signal, stopped]);
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
    const [url, headers, timeout] = [this.#url, this.#headers, this.#timeout];
    const answer = await exchange({ url, headers, body, timeout, signals: [signal] });
    throwIfAborted(signal);
    if (!("lack" in answer)) return received(answer);
    if (answer.lack === "late") return late(timeout);
    return answer.lack === "unreached" ? unreached(answer.error, timeout) : torn(answer.error);
  }
}
