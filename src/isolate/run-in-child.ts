/** Work in a process of its own: a crash there is a result here, and it can be ended at any moment. */
import { rmSync } from "node:fs";
import { atExit } from "../files/at-exit.js";
import { childEntry, possibleChild } from "./child-entry.js";
import { openChild } from "./open-child.js";
import { isReport, type Order } from "./wire.js";

export interface ChildRun {
  /** A name of src/child.ts's table. */
  task: string;
  /** What JSON can hold. */
  input: unknown;
  /** What the task notes on its way. */
  onNote?: (note: unknown) => void;
  signal?: AbortSignal | undefined;
  /** Milliseconds; default: as long as it takes. */
  limitMs?: number;
  /** Files that are worth nothing if this process ends before the work is done; otherwise they are the caller's. */
  remove?: readonly string[];
}

export type ChildOutcome<T> =
  | { ended: "done"; value: T }
  /** The task threw. */
  | { ended: "failed"; code: string | undefined; message: string }
  /** The process ended in the middle: how, and its last words on standard error. */
  | { ended: "died"; how: string; words: string }
  | { ended: "too slow" }
  | { ended: "aborted" }
  /** There can be no child here. */
  | { ended: "impossible"; why: string };

/** Never rejects. Resolves when the child is gone, so that nothing writes any more. */
export async function runInChild<T>({ task, input, onNote, signal, limitMs, remove = [] }: ChildRun): Promise<ChildOutcome<T>> {
  if (signal?.aborted) return { ended: "aborted" };
  const kind = possibleChild();
  if (kind.how === "none") return { ended: "impossible", why: kind.why };
  return new Promise((resolve) => {
    let outcome: ChildOutcome<T> | undefined;
    let ready = false;
    let timer: NodeJS.Timeout | undefined;
    /** The first to decide; then the child is of no more use. */
    const decide = (decided: ChildOutcome<T>): void => {
      outcome ??= decided;
      child.kill();
    };
    const abort = (): void => decide({ ended: "aborted" });
    const onMessage = (message: unknown): void => {
      if (!isReport(message)) return;
      if ("done" in message) decide({ ended: "done", value: message.done as T });
      else if ("note" in message) onNote?.(message.note);
      else if ("failed" in message) decide({ ended: "failed", code: message.failed.code, message: message.failed.message });
      else {
        ready = true;
        child.send({ task, input, remove, limitMs } satisfies Order);
      }
    };
    const onEnd = (how: string): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      forget();
      const words = child.words();
      const unable = `a child process did not start (${how})${words === "" ? "" : `: ${words}`}`;
      resolve(outcome ?? (ready ? { ended: "died", how, words } : { ended: "impossible", why: unable }));
    };
    const child = openChild({ entry: childEntry(), kind }, { onMessage, onEnd });
    const forget = atExit(() => {
      child.kill();
      discard(remove);
    });
    signal?.addEventListener("abort", abort, { once: true });
    if (limitMs !== undefined) timer = setTimeout(() => decide({ ended: "too slow" }), limitMs);
  });
}

function discard(files: readonly string[]): void {
  for (const file of files) {
    try {
      rmSync(file, { force: true });
    } catch {
      // Windows: still open there. The child removes it.
    }
  }
}
