/** Asks a server in JSON, and again where that may help. */
import { abortedError } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import { askedWait, LONGEST_ASKED_WAIT, mayPass, ownWait, pause } from "./again.js";
import { endpointError } from "./endpoint-error.js";
import { exchange, type HttpAnswer, type NoAnswer } from "./exchange.js";
import { jsonHeaders } from "./headers.js";
import { addressOf, type ResolvedServer, shownUrl } from "./options.js";
import { deepest, oneLine } from "./words.js";

/** What ends a request: the caller's signal with ABORTED, the owner's disposal with its reason. */
export interface Ends {
  signal?: AbortSignal | undefined;
  closing?: AbortSignal | undefined;
}

/** Why there is no answer, in words behind "the server URL …"; `again`: milliseconds it wants us to wait, null where it does not say. */
interface Failure {
  words: string;
  status?: number;
  again?: number | null;
}

export class RemoteClient {
  readonly #server: ResolvedServer;
  readonly #headers: Headers;

  /** @throws ArgsearchError OPTION_INVALID for a key that no header can hold */
  constructor(server: ResolvedServer) {
    this.#server = server;
    this.#headers = jsonHeaders(server.key, server.keyOption);
  }

  get server(): ResolvedServer {
    return this.#server;
  }

  /** What the server answers to the question. @throws ArgsearchError REMOTE_FAILED, REMOTE_INVALID for what is no JSON; ABORTED, and what `closing` fired for */
  async ask(path: string, body: unknown, ends: Ends): Promise<unknown> {
    const url = addressOf(this.#server.url, path);
    for (let attempt = 0; ; attempt++) {
      requireOpen(ends);
      const answer = await this.#send(url, body, ends);
      const failure = "lack" in answer ? this.#lacking(answer) : this.#refusal(answer);
      if (failure === undefined) return this.#parsed(url, (answer as HttpAnswer).text);
      if (failure.again === undefined || attempt >= this.#server.retries) throw this.#failed(url, failure, attempt + 1);
      await pause(failure.again ?? ownWait(attempt), [ends.signal, ends.closing]);
    }
  }

  /** What some servers tell of themselves; undefined for one that does not. Without a body it is a GET. @throws ArgsearchError as ask() */
  async look(path: string, body: unknown, ends: Ends): Promise<unknown> {
    try {
      return await this.ask(path, body, ends);
    } catch (error) {
      if (!(error instanceof ArgsearchError)) throw error;
      const status = error.details?.status ?? 0;
      const other = status >= 400 && status < 600 && status !== 401;
      if (error.code === "REMOTE_INVALID" || other) return undefined;
      throw error;
    }
  }

  /** REMOTE_INVALID: `words` behind "the server URL". */
  invalid(path: string, words: string): ArgsearchError {
    return this.#invalid(addressOf(this.#server.url, path), words);
  }

  async #send(url: URL, body: unknown, ends: Ends): Promise<HttpAnswer | NoAnswer> {
    const { timeout } = this.#server;
    const signals = [ends.signal, ends.closing];
    const answer = await exchange({ url, headers: this.#headers, body, timeout, signals, redirect: "manual" });
    requireOpen(ends);
    return answer;
  }

  #lacking(answer: NoAnswer): Failure {
    if (answer.lack === "late") return { words: `gave no answer within ${this.#server.timeout / 1000} s`, again: null };
    const reason = oneLine(deepest(answer.error));
    return { words: answer.lack === "torn" ? `broke off in its answer (${reason})` : `cannot be reached (${reason})`, again: null };
  }

  /** Undefined where it is none. */
  #refusal({ ok, status, headers, text }: HttpAnswer): Failure | undefined {
    if (ok) return undefined;
    if (status < 400) return { words: `redirects${placeOf(headers, this.#server.url)}: give that as url`, status };
    const said = this.#withoutKey(oneLine(endpointError(status, text).message));
    const failure = { words: `refuses: ${said}${this.#advice(status)}`, status };
    const wait = askedWait(headers);
    if (!mayPass(status, headers) || (wait ?? 0) > LONGEST_ASKED_WAIT) return failure;
    return { ...failure, again: wait };
  }

  #advice(status: number): string {
    if (status === 401 || status === 403)
      return this.#server.key === null ? ` (it asks for a key: ${this.#server.keyOption} has none)` : "";
    return status === 404 || status === 405 ? " (is url the server's base, and model its model?)" : "";
  }

  /** Servers repeat what they refuse. */
  #withoutKey(text: string): string {
    const { key } = this.#server;
    return key === null ? text : text.replaceAll(key, "…");
  }

  #failed(url: URL, { words, status }: Failure, tries: number): ArgsearchError {
    const often = tries === 1 ? "" : `, ${tries} times`;
    const message = `${this.#server.what} ${shownUrl(url)} ${words}${often}`;
    return new ArgsearchError("REMOTE_FAILED", message, { details: { url: shownUrl(url), ...(status !== undefined && { status }) } });
  }

  #parsed(url: URL, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw this.#invalid(url, `answers with what is no JSON: ${this.#withoutKey(oneLine(text)) || "nothing"}`);
    }
  }

  #invalid(url: URL, words: string): ArgsearchError {
    const message = `${this.#server.what} ${shownUrl(url)} ${words}`;
    return new ArgsearchError("REMOTE_INVALID", message, { details: { url: shownUrl(url) } });
  }
}

/** @throws ArgsearchError ABORTED, and what `closing` fired for */
function requireOpen({ signal, closing }: Ends): void {
  closing?.throwIfAborted();
  if (signal?.aborted) throw abortedError(signal);
}

function placeOf(headers: Headers, base: URL): string {
  const place = headers.get("location") ?? "";
  return URL.canParse(place, base.href) ? ` to ${shownUrl(new URL(place, base))}` : "";
}
