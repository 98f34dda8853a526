/** One HTTP request and its answer, whole, within a time limit. */
import { onAbort } from "../engine/abort.js";

export interface Question {
  url: URL;
  headers: Headers;
  /** Absent: a GET. */
  body?: unknown;
  /** Milliseconds, body included. */
  timeout: number;
  signals: readonly (AbortSignal | undefined)[];
  /** "manual": an answer that redirects comes back as it is. Default "follow". */
  redirect?: "follow" | "manual";
}

export interface HttpAnswer {
  status: number;
  ok: boolean;
  headers: Headers;
  /** Of a refusal that breaks off: empty. */
  text: string;
}

/** Why there is none: it took too long, no connection, or it broke off. */
export type NoAnswer = { lack: "late" } | { lack: "unreached" | "torn"; error: unknown };

/** Characters of an answer that are read: nothing that is asked for here is longer. */
const MOST = 1 << 26;

/** Never rejects. A signal that fires looks like an answer that breaks off: look at the signals first. */
export async function exchange({ url, headers, body, timeout, signals, redirect = "follow" }: Question): Promise<HttpAnswer | NoAnswer> {
  const limit = timeLimit(timeout, signals);
  let response: Response | undefined;
  try {
    const posted = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    response = await fetch(url, { ...posted, headers, redirect, signal: limit.signal });
    const { status, ok } = response;
    const text = ok ? await textOf(response) : await textOf(response).catch(() => "");
    return { status, ok, headers: response.headers, text };
  } catch (error) {
    if (limit.late()) return { lack: "late" };
    return { lack: response === undefined ? "unreached" : "torn", error };
  } finally {
    limit.end();
  }
}

/** @throws what breaks off: the connection's error */
async function textOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of body ?? []) {
    text += decoder.decode(part, { stream: true });
    if (text.length > MOST) throw new Error(`it is longer than ${MOST} characters`);
  }
  return text + decoder.decode();
}

/** A signal of one request's own, body included: fetch leaves its listeners on what it is given. */
function timeLimit(milliseconds: number, signals: Question["signals"]): { signal: AbortSignal; late: () => boolean; end: () => void } {
  const controller = new AbortController();
  let late = false;
  const forget = onAbort(signals, () => controller.abort());
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, milliseconds);
  const end = (): void => {
    clearTimeout(timer);
    forget();
  };
  return { signal: controller.signal, late: () => late, end };
}
