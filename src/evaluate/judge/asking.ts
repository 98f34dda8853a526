/** Puts questions to the judge, several at once, until they are answered or asking on is of no use. */
import { onAbort } from "../../engine/abort.js";
import { counter } from "../progress.js";
import type { Ask } from "./client.js";
import type { NoReply } from "./reply.js";
import type { JudgeMessage } from "./scheme.js";

export interface OpenQuestion {
  /** What it is kept under. */
  key: string;
  messages: JudgeMessage[];
}

export interface AskingRequest {
  ask: Ask;
  /** Of the endpoint, for messages. */
  url: string;
  concurrency: number;
  /** Whether the endpoint has answered in an earlier run. */
  answered: boolean;
  /** Takes each answer as it comes. */
  keep: (key: string, content: string) => Promise<void>;
  signal: AbortSignal | undefined;
  /** `secondsLeft`: null until the first reply. */
  onProgress: (done: number, total: number, secondsLeft: number | null) => void;
}

export interface Asked {
  /** Why there is no reply, by key. */
  failures: ReadonlyMap<string, string>;
  /** Why asking stopped before the last question; null when it did not. */
  stopped: string | null;
}

/** So many failures of one sort in a row, and the next would fail like them. */
const MOST_IN_A_ROW = 8;

/** When it rejects, nothing is under way any more. @throws ArgsearchError ABORTED, and what `keep` throws */
export async function askAll(questions: readonly OpenQuestion[], request: AskingRequest): Promise<Asked> {
  const ending = new AbortController();
  const forget = onAbort([request.signal], () => ending.abort(request.signal?.reason));
  const [work, outcome] = workOn(questions, { ...request, signal: ending.signal });
  // The first failure ends the others, and is the one that counts.
  let failure: { error: unknown } | undefined;
  const worker = (): Promise<void> =>
    work().catch((error: unknown) => {
      failure ??= { error };
      ending.abort(error);
    });
  await Promise.all(Array.from({ length: request.concurrency }, worker)).finally(forget);
  if (failure !== undefined) throw failure.error;
  return outcome();
}

/** What one of several workers does until no question is left, and what has come out of all. */
function workOn(questions: readonly OpenQuestion[], request: AskingRequest): [work: () => Promise<void>, outcome: () => Asked] {
  const { ask, keep, signal } = request;
  const failures = new Map<string, string>();
  const hope = new Hope(request);
  const report = counter(questions.length, request.onProgress);
  const queue = questions.values();
  const work = async (): Promise<void> => {
    for (const { key, messages } of queue) {
      const reply = await ask(messages, signal, hope.lost);
      if ("content" in reply) {
        hope.renew();
        await keep(key, reply.content);
      } else {
        failures.set(key, reply.failure);
        hope.sink(reply);
      }
      report();
      if (hope.stopped !== null) return;
    }
  };
  report();
  return [work, () => ({ failures, stopped: hope.stopped })];
}

/** Whether asking on may help. */
class Hope {
  stopped: string | null = null;
  readonly #url: string;
  readonly #lost = new AbortController();
  #answered: boolean;
  #sort = "";
  #inARow = 0;

  constructor({ url, answered }: Pick<AskingRequest, "url" | "answered">) {
    this.#url = url;
    this.#answered = answered;
  }

  /** Fires when there is none left. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  renew(): void {
    this.#answered = true;
    this.#inARow = 0;
  }

  sink({ failure, sort, concerns }: NoReply): void {
    this.#inARow = sort === this.#sort ? this.#inARow + 1 : 1;
    this.#sort = sort;
    const useless = concerns === "endpoint" || (concerns === "request" && !this.#answered);
    if (useless) this.#stop(`${this.#url} cannot be used: ${failure}`);
    else if (this.#inARow >= MOST_IN_A_ROW) this.#stop(`${this.#inARow} questions in a row got no reply: ${failure}`);
  }

  /** The first reason counts: what was under way then may fail for the same one. */
  #stop(reason: string): void {
    this.stopped ??= reason;
    this.#lost.abort();
  }
}
