/** A model in this process that is asked: texts in, what it would answer out. */
import { abortedError, cancellable } from "../../engine/abort.js";
import type { NativePrefixReader, OpenText } from "../../engine/binding.js";
import { native } from "../../engine/native.js";
import type { RewardContext } from "../../types.js";

/** What is asked about: of the same reply, all that is asked in one turn of the event loop is read together. */
export interface About extends RewardContext {
  closing?: AbortSignal | undefined;
}

interface Reading {
  texts: readonly OpenText[];
  about: About;
  resolve: (logProbs: Float64Array[]) => void;
  reject: (error: unknown) => void;
}

/** One a model, whatever is asked of it, so that questions about one reply share its tokens. */
export class Judge {
  readonly contextSize: number;
  readonly #reader: NativePrefixReader;
  #waiting: Reading[] = [];

  constructor(reader: NativePrefixReader, contextSize: number) {
    this.#reader = reader;
    this.contextSize = contextSize;
  }

  /** ln P of the wanted tokens behind each text. @throws ArgsearchError ABORTED, DISPOSED; OUT_OF_MEMORY, DECODE_FAILED */
  read(texts: readonly OpenText[], about: About): Promise<Float64Array[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ texts, about, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#readAll());
    });
  }

  dispose(): Promise<void> {
    return native(() => this.#reader.dispose());
  }

  #readAll(): void {
    let waiting = this.#waiting;
    this.#waiting = [];
    while (waiting.length > 0) {
      const [first] = waiting as [Reading];
      const together = waiting.filter(({ about }) => isSame(about, first.about));
      waiting = waiting.filter((each) => !together.includes(each));
      this.#readTogether(together, first.about).catch((error: unknown) => {
        for (const { reject } of together) reject(error);
      });
    }
  }

  async #readTogether(together: readonly Reading[], { signal, closing }: About): Promise<void> {
    const texts = together.flatMap((each) => each.texts);
    try {
      closing?.throwIfAborted();
      const found = await cancellable([signal, closing], (cancel) => native(() => this.#reader.read(texts, cancel)));
      let at = 0;
      for (const { texts, resolve } of together) {
        resolve(found.slice(at, at + texts.length));
        at += texts.length;
      }
    } catch (error) {
      closing?.throwIfAborted();
      if (signal?.aborted) throw abortedError(signal);
      throw error;
    }
  }
}

function isSame(a: About, b: About): boolean {
  return a.prompt === b.prompt && a.response === b.response && a.signal === b.signal && a.closing === b.closing;
}
