/** What comes back from a judge: an answer, or why there is none. */
import { askedWait, LONGEST_ASKED_WAIT, mayPass } from "../../remote/again.js";
import { type EndpointError, endpointError, errorWithin, parse } from "../../remote/endpoint-error.js";
import type { HttpAnswer } from "../../remote/exchange.js";
import { deepest, oneLine } from "../../remote/words.js";
import { spoken } from "./thought.js";

export type Reply = { content: string } | NoReply;

export interface NoReply {
  /** Why, on one line. */
  failure: string;
  /** The same for failures of one sort, whatever ids and times their messages hold. */
  sort: string;
  /**
   * Which questions fail like this one: none that we know of; all if the endpoint has not answered any yet (it refuses the
   * request's form or model, or this question alone, for its length); all.
   */
  concerns: "question" | "request" | "endpoint";
  /** Milliseconds the endpoint wants us to wait before another try; null when it does not say. Absent: a try is of no use. */
  again?: number | null;
}

const EMPTY: NoReply = { failure: "the answer holds no text", sort: "empty", concerns: "question" };

/** @param refusal what the judge says instead of an answer */
export function silent(refusal: string | null): NoReply {
  return refusal === null ? EMPTY : { failure: oneLine(`the judge refuses: ${refusal}`), sort: "refusal", concerns: "question" };
}

/** A page, or a stream that nobody asked for. */
export function noCompletion(text: string): NoReply {
  if (text.trim() === "") return EMPTY;
  return { failure: oneLine(`the answer is no completion: ${text}`), sort: "no completion", concerns: "request" };
}

/** @param timeout milliseconds */
export function late(timeout: number): NoReply {
  return { failure: `no answer within ${timeout / 1000} s`, sort: "late", concerns: "question", again: null };
}

/** What the first choice says. */
export interface Answer {
  /** Null where there is no text. */
  content: string | null;
  refusal: string | null;
  /** The limit of tokens ended it before or within the scores, or it is all thought: there may be a verdict in a longer one. */
  lost: boolean;
}

/** As far as it can be read: endpoints differ, and some are none. */
interface Completion {
  choices?: {
    finish_reason?: unknown;
    message?: { content?: unknown; refusal?: unknown; reasoning_content?: unknown; reasoning?: unknown };
  }[];
}

/** What an answer says. What is labelled as JSON and is none has broken off. */
export function received({ ok, status, headers, text }: HttpAnswer): Answer | NoReply | EndpointError {
  if (!ok) return endpointError(status, text, headers);
  let completion: unknown;
  try {
    completion = isJson(headers) ? JSON.parse(text) : parse(text);
  } catch (error) {
    return torn(error);
  }
  return completion === undefined ? noCompletion(text) : (errorWithin(completion) ?? answerOf(completion));
}

function isJson(headers: Headers): boolean {
  return /^(?:application\/json|[^;]*\+json)\s*(?:;|$)/i.test(headers.get("content-type") ?? "");
}

function answerOf(completion: unknown): Answer {
  const choices = (completion as Completion | null)?.choices;
  const { finish_reason: reason, message } = (Array.isArray(choices) ? choices[0] : undefined) ?? {};
  const content = textOf(message?.content);
  const { text, thought } = spoken(content ?? "");
  const thinks = thought || [message?.reasoning_content, message?.reasoning].some((each) => typeof each === "string" && each !== "");
  const cut = typeof reason === "string" && /^(?:length|max_?tokens)$/i.test(reason);
  const refusal = typeof message?.refusal === "string" && message.refusal !== "" ? message.refusal : null;
  return { content: content?.trim() ? content : null, refusal, lost: text === "" ? cut || thinks : cut && /^[\d., \t]+$/.test(text) };
}

/** A text, or the parts of one; parts of other kinds are thoughts. */
function textOf(content: unknown): string | null {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return null;
  const parts = content as { type?: unknown; text?: unknown }[];
  return parts.flatMap(({ type, text }) => (type === "text" && typeof text === "string" ? [text] : [])).join("");
}

/** @param tokens the limit; infinite without one */
export function lost(tokens: number): NoReply {
  const limit = Number.isFinite(tokens) ? ` within ${tokens} tokens` : "";
  return { failure: `the judge did not come to a verdict${limit}`, sort: "lost", concerns: "question" };
}

/** What breaks off behind good headers. */
export function torn(error: unknown): NoReply {
  return { failure: oneLine(`the answer broke off: ${error}`), sort: "torn", concerns: "question", again: null };
}

/** No response came. @param timeout milliseconds */
export function unreached(error: unknown, timeout: number): NoReply {
  const cause = deepest(error);
  if (/timed?[ _]?out/i.test(cause)) return late(timeout);
  return { failure: oneLine(`no connection (${cause})`), sort: "connection", concerns: "endpoint", again: null };
}

/** @param hasKey whether the request carried a key of the user's */
export function refused({ status, message, code, headers }: EndpointError, hasKey: boolean): NoReply {
  const failure = oneLine(message);
  const known = { failure, sort: String(status) };
  if (status === 401 && !hasKey) {
    return { ...known, failure: `the endpoint asks for a key: set OPENAI_API_KEY (${failure})`, concerns: "endpoint" };
  }
  if ([401, 402, 403, 404, 405].includes(status) || code === "insufficient_quota") return { ...known, concerns: "endpoint" };
  if (!mayPass(status, headers)) return { ...known, concerns: status === 400 || status === 422 ? "request" : "question" };
  const wait = askedWait(headers);
  if (wait === null || wait <= LONGEST_ASKED_WAIT) return { ...known, concerns: "question", again: wait };
  return { ...known, failure: `${failure}, try again in ${Math.round(wait / 1000)} s`, concerns: "question" };
}
