/** Whether and when a request that failed is tried again. */
import { setTimeout as sleep } from "node:timers/promises";
import { onAbort } from "../engine/abort.js";

/** First and longest wait before another try when the server does not ask for one, milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

/** Longest wait that a server may ask for, milliseconds. */
export const LONGEST_ASKED_WAIT = 60_000;

/** Whether another try may help: what the server itself says counts first. */
export function mayPass(status: number, headers: Headers | undefined): boolean {
  const said = headers?.get("x-should-retry");
  if (said === "true" || said === "false") return said === "true";
  return [408, 409, 429].includes(status) || status >= 500;
}

/** Milliseconds by retry-after, or its finer kin; null when neither says. */
export function askedWait(headers: Headers | undefined): number | null {
  const exact = Number.parseFloat(headers?.get("retry-after-ms") ?? "");
  if (exact >= 0) return exact;
  const after = headers?.get("retry-after") ?? "";
  const wait = /^\d/.test(after) ? Number.parseFloat(after) * 1000 : Date.parse(after) - Date.now();
  return wait >= 0 ? wait : null;
}

/** Twice as long each time, a little less at random: requests that failed together do not come back together. */
export function ownWait(attempt: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt) * (1 - Math.random() / 4);
}

/** Resolves after the time, or as soon as one of the signals fires. */
export async function pause(milliseconds: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const controller = new AbortController();
  const forget = onAbort(signals, () => controller.abort());
  await sleep(milliseconds, undefined, { signal: controller.signal }).catch(() => {});
  forget();
}
