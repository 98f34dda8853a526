/** An object in a child: its methods called from the parent, its questions asked there. */
import { Outbox } from "./outbox.js";
import { ParentError, packError } from "./packed-error.js";
import type { Frame, Methods, Open, ToChild, ToParent } from "./session-wire.js";

/** What a method learns of the call beside its arguments. */
export interface CallContext {
  /** Fires when the parent aborts the call. It is the call's own, so that it names the call. */
  readonly signal: AbortSignal;
}

/** One function a method: what it gives is replied, or iterated where it is an async generator. */
export type Served<M extends Methods<M>> = {
  [K in keyof M]: (context: CallContext, ...args: Parameters<M[K]>) => ReturnType<M[K]> | Promise<Awaited<ReturnType<M[K]>>>;
};

/** What the object may tell and ask. */
export interface Parent {
  tell(event: unknown): void;
  /** Asks on behalf of the call that has this signal. Rejects with a ParentError when the parent has no answer. */
  ask(signal: AbortSignal | undefined, about: unknown): Promise<unknown>;
}

export interface Opened<M extends Methods<M>> {
  /** Goes to the parent, once. */
  info: unknown;
  methods: Served<M>;
  /** Goes to the parent with every frame. */
  state?: () => unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: each opening knows its own input and methods
export type Opening = (input: any, parent: Parent) => Promise<Opened<any>>;

interface Call {
  controller: AbortController;
  steps?: AsyncGenerator;
}

export class ServedObject {
  readonly #outbox: Outbox<ToParent>;
  readonly #calls = new Map<number, Call>();
  readonly #ids = new WeakMap<AbortSignal, number>();
  readonly #questions = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  #asked = 0;
  // biome-ignore lint/suspicious/noExplicitAny: as in Opening
  #object: Opened<any> | undefined;

  constructor(opening: Opening | undefined, { open, input }: Open, send: (frame: Frame<ToParent>) => void) {
    const unsendable = (message: ToParent, error: unknown): void => {
      if (message.type === "reply") this.#say({ type: "fail", id: message.id, error: packError(error) });
    };
    this.#outbox = new Outbox((frame) => send({ ...frame, state: this.#object?.state?.() }), unsendable);
    void this.#open(opening, open, input);
  }

  hear({ messages }: Frame<ToChild>): void {
    for (const message of messages) this.#obey(message);
  }

  async #open(opening: Opening | undefined, name: string, input: unknown): Promise<void> {
    try {
      if (opening === undefined) throw new Error(`there is no object "${name}"`);
      const parent: Parent = {
        tell: (event) => this.#say({ type: "event", event }),
        ask: (signal, about) => this.#ask(signal, about),
      };
      this.#object = await opening(input, parent);
      this.#say({ type: "opened", info: this.#object.info });
    } catch (error) {
      this.#say({ type: "failedToOpen", error: packError(error) });
    }
  }

  #obey(message: ToChild): void {
    switch (message.type) {
      case "call":
        void this.#call(message);
        break;
      case "iterate":
        this.#start(message).steps = this.#invoke(message) as AsyncGenerator;
        break;
      case "next":
        void this.#step(message.id, (steps) => steps.next());
        break;
      case "leave":
        void this.#step(message.id, (steps) => steps.return(undefined));
        break;
      case "abort":
        this.#calls.get(message.id)?.controller.abort();
        break;
      case "answer":
        this.#answered(message.question)?.resolve(message.value);
        break;
      case "refuse":
        this.#answered(message.question)?.reject(new ParentError(message.question));
        break;
      case "ping":
        this.#say({ type: "pong" });
        break;
    }
  }

  #start({ id }: { id: number }): Call {
    const call: Call = { controller: new AbortController() };
    this.#calls.set(id, call);
    this.#ids.set(call.controller.signal, id);
    return call;
  }

  #invoke({ id, method, args }: Extract<ToChild, { type: "call" | "iterate" }>): unknown {
    const implementation = this.#object?.methods[method];
    const call = this.#calls.get(id);
    if (implementation === undefined || call === undefined) throw new Error(`there is no method "${method}"`);
    return implementation({ signal: call.controller.signal }, ...args);
  }

  async #call(message: Extract<ToChild, { type: "call" }>): Promise<void> {
    this.#start(message);
    await this.#reply(message.id, async () => this.#invoke(message));
    this.#calls.delete(message.id);
  }

  async #step(id: number, advance: (steps: AsyncGenerator) => Promise<IteratorResult<unknown>>): Promise<void> {
    const steps = this.#calls.get(id)?.steps;
    if (steps === undefined) return;
    const result = await this.#reply(id, () => advance(steps));
    if (result?.done !== false) this.#calls.delete(id);
  }

  /** Resolves to what the work gave; undefined where it failed. */
  async #reply<T>(id: number, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const value = await work();
      this.#say({ type: "reply", id, value });
      return value;
    } catch (error) {
      this.#say({ type: "fail", id, error: packError(error) });
      return undefined;
    }
  }

  #ask(signal: AbortSignal | undefined, about: unknown): Promise<unknown> {
    const id = signal && this.#ids.get(signal);
    if (id === undefined) return Promise.reject(new Error("a question must belong to a call"));
    const question = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#questions.set(question, { resolve, reject });
      this.#say({ type: "ask", id, question, about });
    });
  }

  #answered(question: number): { resolve(value: unknown): void; reject(error: unknown): void } | undefined {
    const waiting = this.#questions.get(question);
    this.#questions.delete(question);
    return waiting;
  }

  #say(message: ToParent): void {
    this.#outbox.push(message);
  }
}
