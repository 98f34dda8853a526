/** A call under way in a child: who waits for a reply, who answers its questions. */
import { type PackedError, unpackError } from "./packed-error.js";

/** Answers what the child asks on a call's behalf. */
export type Answer = (about: unknown) => Promise<unknown>;

export class RemoteCall {
  readonly #answer: Answer | undefined;
  /** What answering failed with, by the question's number: the call then fails with the very same. */
  readonly #failures = new Map<number, unknown>();
  #waiting: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;

  constructor(answer?: Answer) {
    this.#answer = answer;
  }

  /** The next reply. One at a time. */
  reply(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  resolve(value: unknown): void {
    this.#take()?.resolve(value);
  }

  fail(error: PackedError): void {
    const { question } = error;
    this.reject(question !== undefined && this.#failures.has(question) ? this.#failures.get(question) : unpackError(error));
  }

  reject(error: unknown): void {
    this.#take()?.reject(error);
  }

  /** @throws what the answer throws, and keeps it */
  async answer(question: number, about: unknown): Promise<unknown> {
    try {
      if (this.#answer === undefined) throw new Error("nobody answers questions of this call");
      return await this.#answer(about);
    } catch (error) {
      this.#failures.set(question, error);
      throw error;
    }
  }

  #take(): { resolve(value: unknown): void; reject(error: unknown): void } | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
