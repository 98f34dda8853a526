import type { Frame } from "./session-wire.js";

/**
 * Messages out of one process. Those of one turn of the event loop go as one frame: it is cheaper, and responses that get their tokens
 * together ask together for the next ones, as they must to share a batch.
 */
export class Outbox<T> {
  readonly #send: (frame: Frame<T>) => void;
  readonly #onUnsendable: (message: T, error: unknown) => void;
  #waiting: T[] = [];

  /** @param send throws for what cannot be copied; @param onUnsendable is told which message that was, the others go */
  constructor(send: (frame: Frame<T>) => void, onUnsendable: (message: T, error: unknown) => void) {
    this.#send = send;
    this.#onUnsendable = onUnsendable;
  }

  push(message: T): void {
    if (this.#waiting.push(message) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const messages = this.#waiting;
    this.#waiting = [];
    try {
      this.#send({ messages });
    } catch (error) {
      if (messages.length > 1) for (const message of messages) this.#sendAlone(message);
      else for (const message of messages) this.#onUnsendable(message, error);
    }
  }

  #sendAlone(message: T): void {
    try {
      this.#send({ messages: [message] });
    } catch (error) {
      this.#onUnsendable(message, error);
    }
  }
}
