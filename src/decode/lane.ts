import { ArgsearchError } from "../errors.js";

/** What a native call says of its slots. Milliseconds are of the whole call. */
export interface Answer<T> {
  shares: readonly { slot: number; share: T }[];
  failed: readonly { slot: number; error: Error }[];
}

interface Request<I, T> {
  slot: number;
  input: I;
  resolve(share: T): void;
  reject(error: unknown): void;
}

/** Requests for one kind of native call: it serves all that wait, in the order of their slots. */
export class Lane<I, T> {
  readonly #name: string;
  readonly #call: (slots: Int32Array, inputs: I[]) => Promise<Answer<T>>;
  #requests: Request<I, T>[] = [];

  constructor(name: string, call: (slots: Int32Array, inputs: I[]) => Promise<Answer<T>>) {
    this.#name = name;
    this.#call = call;
  }

  get waiting(): number {
    return this.#requests.length;
  }

  ask(slot: number, input: I): Promise<T> {
    return new Promise((resolve, reject) => this.#requests.push({ slot, input, resolve, reject }));
  }

  refuse(error: ArgsearchError): void {
    for (const request of this.#requests.splice(0)) request.reject(error);
  }

  /** Never rejects: what goes wrong goes to the requests. */
  async run(): Promise<void> {
    const requests = this.#requests.splice(0).sort((a, b) => a.slot - b.slot);
    try {
      const slots = Int32Array.from(requests, ({ slot }) => slot);
      const answer = await this.#call(
        slots,
        requests.map(({ input }) => input),
      );
      const shares = new Map(answer.shares.map(({ slot, share }) => [slot, { share }]));
      const failures = new Map(answer.failed.map(({ slot, error }) => [slot, ArgsearchError.from(error)]));
      for (const request of requests) {
        const found = shares.get(request.slot);
        if (found) request.resolve(found.share);
        else request.reject(failures.get(request.slot) ?? new Error(`the native ${this.#name} returned nothing for slot ${request.slot}`));
      }
    } catch (error) {
      for (const request of requests) request.reject(error);
    }
  }
}
