/** Continuations of a text by an OpenAI-compatible server: `POST /v1/completions`. */
import { eitherOf } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import { isJsonObject, type JsonObject } from "../files/json.js";
import { show } from "../validate.js";
import type { Ends, RemoteClient } from "./client.js";

const PATH = "/v1/completions";

/** Why a continuation has ended; null where it goes on. */
export type ContinuationEnd = "eog" | "stop" | "context" | null;

export interface Continuation {
  text: string;
  end: ContinuationEnd;
  /** Where the server tells; null where it does not. */
  tokens: number | null;
  /** ln P of all its tokens; NaN where the server does not tell. */
  logProb: number;
}

export interface Continuations {
  all: Continuation[];
  /** Of the prompt; 0 where the server does not tell. */
  promptTokens: number;
  cachedTokens: number;
}

export interface ContinuationRequest {
  prompt: string;
  count: number;
  maxTokens: number;
  /** One a continuation. */
  seeds: readonly number[];
  stop: readonly string[];
  /** Samplers, and what else belongs into the request, by the server's names. */
  fields: Readonly<JsonObject>;
}

/** What a server may refuse to be asked: then it is asked without, and the next time, too. */
const OPTIONAL = ["logprobs", "add_special_tokens"] as const;

export class CompletionsClient {
  readonly client: RemoteClient;
  readonly #model: string;
  readonly #without = new Set<string>();
  /** It gives one continuation a request, whatever `n` is, or refuses so many. */
  #single = false;

  constructor(client: RemoteClient, model: string) {
    this.client = client;
    this.#model = model;
  }

  /** As many as are asked for, in one request, or, where the server gives fewer, in requests side by side. @throws ArgsearchError as RemoteClient.ask() */
  async continue(request: ContinuationRequest, ends: Ends): Promise<Continuations> {
    const first = this.#single ? undefined : await this.#together(request, request.count, ends);
    const found = first?.all.slice(0, request.count) ?? [];
    const missing = request.seeds.slice(found.length, request.count);
    this.#single ||= missing.length > 0;
    const others = await this.#sideBySide(request, missing, ends);
    const { promptTokens = 0, cachedTokens = 0 } = first ?? others[0] ?? {};
    return { all: [...found, ...others.flatMap(({ all }) => all.slice(0, 1))], promptTokens, cachedTokens };
  }

  /** The first failure ends the others. */
  async #sideBySide(request: ContinuationRequest, seeds: readonly number[], ends: Ends): Promise<Continuations[]> {
    const failed = new AbortController();
    const { signal: closing, forget } = eitherOf([ends.closing, failed.signal]);
    const asks = seeds.map((seed) =>
      this.#ask({ ...request, seeds: [seed] }, 1, { ...ends, closing }).catch((error: unknown) => {
        if (!failed.signal.aborted) failed.abort(error);
        throw failed.signal.reason;
      }),
    );
    await Promise.allSettled(asks).finally(forget);
    return Promise.all(asks);
  }

  /** One alone where so many are refused. */
  async #together(request: ContinuationRequest, count: number, ends: Ends): Promise<Continuations> {
    try {
      return await this.#ask(request, count, ends);
    } catch (error) {
      if (count === 1 || !isOfForm(error) || !/["'`]n["'`]|\bn_cmpl\b|\bbest_of\b|\bn\s*(?:must|should|is\b|=|>|:)/i.test(error.message))
        throw error;
      return this.#ask(request, 1, ends);
    }
  }

  async #ask(request: ContinuationRequest, count: number, ends: Ends): Promise<Continuations> {
    const { prompt, maxTokens, seeds, stop, fields } = request;
    const body: JsonObject = {
      model: this.#model,
      prompt,
      max_tokens: maxTokens,
      ...fields,
      ...(count > 1 && { n: count }),
      ...(stop.length > 0 && { stop }),
      seed: seeds[0],
      logprobs: 1,
      stream: false,
    };
    for (const name of this.#without) delete body[name];
    try {
      return this.#read(await this.client.ask(PATH, body, ends), request);
    } catch (error) {
      const refused = isOfForm(error) ? OPTIONAL.find((name) => name in body && error.message.includes(name)) : undefined;
      if (refused === undefined) throw error;
      this.#without.add(refused);
      return this.#ask(request, count, ends);
    }
  }

  #read(answer: unknown, request: ContinuationRequest): Continuations {
    const { choices, usage } = (isJsonObject(answer) ? answer : {}) as JsonObject;
    if (!Array.isArray(choices) || choices.length === 0 || !choices.every(isJsonObject)) {
      throw this.client.invalid(PATH, 'answers without "choices", a list of objects');
    }
    const counts = isJsonObject(usage) ? usage : {};
    const details = isJsonObject(counts.prompt_tokens_details) ? counts.prompt_tokens_details : {};
    const alone = choices.length === 1 ? tokenCount(counts.completion_tokens) : null;
    const placed = choices.map((choice, place) => ({ choice, index: typeof choice.index === "number" ? choice.index : place }));
    const all = placed.sort((a, b) => a.index - b.index).map(({ choice }) => this.#continuation(choice, request, alone));
    return { all, promptTokens: tokenCount(counts.prompt_tokens) ?? 0, cachedTokens: tokenCount(details.cached_tokens) ?? 0 };
  }

  /** @param alone tokens of the only one, as the usage counts them */
  #continuation(choice: JsonObject, { maxTokens, stop }: ContinuationRequest, alone: number | null): Continuation {
    const { text } = choice;
    if (typeof text !== "string") throw this.client.invalid(PATH, `gives ${show(text)} in place of a text`);
    const logProbs = logProbsOf(choice.logprobs);
    const tokens = logProbs?.length ?? alone;
    const end = this.#endOf(choice, stop.length > 0);
    return {
      text,
      end: end === null && tokens !== null && tokens < maxTokens ? "context" : end,
      tokens,
      logProb: logProbs === null ? Number.NaN : logProbs.reduce((sum, each) => sum + each, 0),
    };
  }

  #endOf(choice: JsonObject, stops: boolean): "eog" | "stop" | null {
    const { finish_reason: reason } = choice;
    if (reason === "length") return null;
    if (typeof reason === "string" && /^(?:eos|eos_token|end_turn)$/i.test(reason)) return "eog";
    if (typeof reason !== "string" || !/^stop(?:_sequence)?$/i.test(reason)) {
      throw this.client.invalid(PATH, `ends a text with finish_reason ${show(reason)}`);
    }
    // vLLM's and SGLang's words for what it ended at; others do not tell an end token from a stop string.
    const [told] = ["stop_reason", "matched_stop"].filter((name) => name in choice);
    if (told === undefined) return stops ? "stop" : "eog";
    return typeof choice[told] === "string" ? "stop" : "eog";
  }
}

/** It does not take what it was asked for. */
function isOfForm(error: unknown): error is ArgsearchError {
  return error instanceof ArgsearchError && error.code === "REMOTE_FAILED" && [400, 422].includes(error.details?.status ?? 0);
}

/** A text that does not fit, or has no room behind it. */
export function isOfLength(error: unknown): boolean {
  const words = /context|max_model_len|maximum (?:model|sequence|input)|too long|exceed|input tokens/i;
  return isOfForm(error) && words.test(error.message);
}

/** Of each token, in the form of completions or that of chats; null where there are none. */
function logProbsOf(logprobs: unknown): number[] | null {
  if (!isJsonObject(logprobs)) return null;
  const { token_logprobs: plain, content } = logprobs;
  const given = Array.isArray(plain)
    ? plain
    : Array.isArray(content)
      ? content.map((each) => (isJsonObject(each) ? each.logprob : undefined))
      : null;
  return given?.map((each) => (typeof each === "number" ? each : Number.NaN)) ?? null;
}

function tokenCount(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
