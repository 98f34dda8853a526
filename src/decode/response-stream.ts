/** A response under way, as it is handed out: its steps, its result, and its text as bytes. */
import { abortedError } from "../engine/abort.js";
import type { GenerateResult, ResponseStream, Step } from "../types.js";

type Next = IteratorResult<Step, GenerateResult>;
type Steps = AsyncGenerator<Step, GenerateResult, undefined>;

/** Steps are asked for by who iterates, or all of them once somebody wants the result; then they wait here until they are read. */
export class DecodingStream implements ResponseStream {
  readonly #steps: Steps;
  readonly #stop = new AbortController();
  readonly #result: Promise<GenerateResult>;
  #settle: { resolve(result: GenerateResult): void; reject(error: unknown): void } | undefined;
  #ahead: Promise<Next>[] = [];
  #state: "new" | "begun" | "by itself" | "left" = "new";

  /** `start` begins nothing before the first next(), and ends when the signal fires. */
  constructor(start: (stop: AbortSignal) => Steps) {
    this.#steps = start(this.#stop.signal);
    this.#result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever only iterates learns of the error there.
    this.#result.catch(() => {});
  }

  get result(): Promise<GenerateResult> {
    void this.#runOn();
    return this.#result;
  }

  next(): Promise<Next> {
    if (this.#state === "left") return Promise.resolve({ done: true, value: undefined as never });
    return this.#ahead.shift() ?? this.#pull();
  }

  async return(): Promise<Next> {
    const began = this.#state !== "new";
    this.#state = "left";
    this.#ahead = [];
    this.#stop.abort();
    if (!began) this.#settle?.reject(abortedError(this.#stop.signal));
    // The slot is free when the last step has ended.
    while (began && !(await this.#pull().catch(() => ({ done: true }))).done);
    return { done: true, value: undefined as never };
  }

  async throw(error: unknown): Promise<Next> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  toReadableStream(): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    let sent = 0;
    return new ReadableStream({
      pull: async (controller) => {
        for (;;) {
          const { done, value } = await this.next();
          // What an end found held back for a stop string is in the result alone.
          const text = done ? (value?.text.slice(sent) ?? "") : value.text;
          sent += text.length;
          if (text !== "") controller.enqueue(encoder.encode(text));
          if (done) controller.close();
          if (done || text !== "") return;
        }
      },
      cancel: async () => {
        await this.return();
      },
    });
  }

  #pull(): Promise<Next> {
    if (this.#state === "new") this.#state = "begun";
    const next = this.#steps.next();
    next.then(
      ({ done, value }) => done && value !== undefined && this.#settle?.resolve(value),
      (error: unknown) => this.#settle?.reject(error),
    );
    return next;
  }

  async #runOn(): Promise<void> {
    if (this.#state === "by itself" || this.#state === "left") return;
    this.#state = "by itself";
    for (let done = false; !done && this.#state === "by itself"; ) {
      const next = this.#pull();
      this.#ahead.push(next);
      done = await next.then(
        (step) => step.done === true,
        () => true,
      );
    }
  }
}

/** The same steps, each told to `onStep` before it is handed out. */
export async function* telling(steps: Steps, onStep: (step: Step) => unknown): Steps {
  try {
    for (;;) {
      const next = await steps.next();
      if (next.done) return next.value;
      await onStep(next.value);
      yield next.value;
    }
  } finally {
    await steps.return(undefined as never);
  }
}

/** All steps at once: what they end with. */
export async function drain(steps: Steps): Promise<GenerateResult> {
  for (;;) {
    const next = await steps.next();
    if (next.done) return next.value;
  }
}
