/** One child that lives on, and the object opened in it: calls there, steps of iterations, answers to its questions. */
import { ArgsearchError } from "../errors.js";
import { atExit } from "../files/at-exit.js";
import { childEntry, possibleChild } from "./child-entry.js";
import { engineDied, engineSilent, unavailable } from "./failures.js";
import { essence } from "./last-words.js";
import { Liveness } from "./liveness.js";
import { type Child, openChild } from "./open-child.js";
import { Outbox } from "./outbox.js";
import { unpackError } from "./packed-error.js";
import { type Answer, RemoteCall } from "./remote-call.js";
import { isFrame, type Methods, type Open, type ToChild, type ToParent } from "./session-wire.js";
import { isReport, type Report, WIRE_VERSION } from "./wire.js";

/** Milliseconds for a child to begin. It has nothing to do before it says that it listens, but a busy machine may take its time. */
const START_MS = 60_000;

export interface SessionRequest {
  /** What to open in the child. */
  order: Open;
  /** The child's working directory, of which relative paths are; default this process's. */
  cwd?: string | undefined;
  /** Milliseconds without a sign of life, while there is work, after which the child is ended. */
  respondWithinMs: number;
  onEvent?: (event: unknown) => void;
  /** The object's state as of the replies that come with it. */
  onState?: (state: unknown) => void;
  /** Path of the child's script; default the package's own. */
  entry?: string;
}

export interface Pending<T> {
  result: Promise<T>;
  /** Fires the call's signal in the child; what then becomes of it is the child's to say. */
  abort(): void;
}

/** An iteration in the child; one request at a time. */
export interface RemoteSteps<T, R> {
  next(): Promise<IteratorResult<T, R>>;
  /** Ends the iteration before its end. */
  leave(): Promise<void>;
  abort(): void;
}

export class Session<M extends Methods<M>> {
  /**
   * What the object says of itself.
   *
   * @throws ArgsearchError ISOLATION_UNAVAILABLE, ENGINE_DIED, ENGINE_NOT_RESPONDING; as its opening does
   */
  readonly opened: Promise<unknown>;
  /** Resolves when the child is gone. */
  readonly gone: Promise<void>;
  readonly #request: SessionRequest;
  readonly #child: Child;
  readonly #outbox: Outbox<ToChild>;
  readonly #liveness: Liveness;
  readonly #opening = new RemoteCall();
  readonly #calls = new Map<number, RemoteCall>();
  readonly #starting: NodeJS.Timeout;
  #last = 0;
  /** Replies that are waited for. */
  #awaited = 0;
  #stage: "starting" | "loading" | "working" = "starting";
  /** Why there will be no more replies. */
  #end: { error: unknown } | undefined;

  /** @throws ArgsearchError ISOLATION_UNAVAILABLE where there can be no child */
  constructor(request: SessionRequest) {
    const { entry = childEntry(), cwd, respondWithinMs } = request;
    const kind = possibleChild(entry);
    if (kind.how === "none") throw unavailable(`no child process is possible here: ${kind.why}`);
    this.#request = request;
    this.#outbox = new Outbox(
      (frame) => this.#child.send(frame),
      (message, error) => this.#unsent(message, error),
    );
    this.#liveness = new Liveness(
      respondWithinMs,
      () => this.#say({ type: "ping" }),
      () => this.end(engineSilent(respondWithinMs)),
    );
    let resolveGone = (): void => {};
    this.gone = new Promise((resolve) => {
      resolveGone = resolve;
    });
    const onEnd = (how: string): void => {
      forget();
      this.#stop(this.#whyEnded(how));
      resolveGone();
    };
    this.#child = openChild({ entry, kind, cwd }, { onMessage: (message) => this.#hear(message), onEnd });
    const forget = atExit(() => this.#child.kill());
    this.#starting = setTimeout(() => this.end(unavailable(`a child process did not start within ${START_MS / 1000} s`)), START_MS);
    this.#starting.unref();
    this.opened = this.#await(this.#opening);
    this.opened.catch(() => {});
  }

  /** There will be no more replies. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Calls a method; `answer` serves questions that the child asks meanwhile. */
  call<K extends keyof M & string>(method: K, args: Parameters<M[K]>, answer?: Answer): Pending<Awaited<ReturnType<M[K]>>> {
    const { id, call } = this.#register(answer);
    this.#say({ type: "call", id, method, args });
    const result = this.#await(call).finally(() => this.#calls.delete(id));
    return { result: result as Promise<Awaited<ReturnType<M[K]>>>, abort: () => this.#say({ type: "abort", id }) };
  }

  /** Iterates an async generator of the child's: nothing is done there before the first next(). */
  iterate<T, R>(method: keyof M & string, args: readonly unknown[], answer?: Answer): RemoteSteps<T, R> {
    const { id, call } = this.#register(answer);
    this.#say({ type: "iterate", id, method, args });
    const request = async (type: "next" | "leave"): Promise<IteratorResult<T, R>> => {
      let over = true;
      try {
        this.#say({ type, id });
        const result = (await this.#await(call)) as IteratorResult<T, R>;
        over = result.done === true;
        return result;
      } finally {
        if (over) this.#calls.delete(id);
      }
    };
    return {
      next: () => request("next"),
      leave: async () => void (await request("leave")),
      abort: () => this.#say({ type: "abort", id }),
    };
  }

  /** Ends the child at once; whoever waits is rejected with the error. This process stays until it is gone. */
  end(error: unknown): void {
    this.#stop(error);
    this.#child.hold(true);
    this.#child.kill();
  }

  #register(answer: Answer | undefined): { id: number; call: RemoteCall } {
    const id = ++this.#last;
    const call = new RemoteCall(answer);
    this.#calls.set(id, call);
    return { id, call };
  }

  /** While a reply is waited for, this process stays, and the child must show that it lives. */
  async #await(call: RemoteCall): Promise<unknown> {
    if (this.#end) throw this.#end.error;
    if (++this.#awaited === 1) {
      this.#child.hold(true);
      if (this.#stage !== "starting") this.#liveness.watch();
    }
    try {
      return await call.reply();
    } finally {
      if (--this.#awaited === 0) {
        if (!this.#end) this.#child.hold(false);
        this.#liveness.rest();
      }
    }
  }

  #say(message: ToChild): void {
    if (!this.#end) this.#outbox.push(message);
  }

  #hear(message: unknown): void {
    if (this.#end) return;
    this.#liveness.heard();
    if (isReport(message)) this.#greet(message);
    else if (isFrame<ToParent>(message)) {
      if (message.state !== undefined) this.#request.onState?.(message.state);
      for (const each of message.messages) this.#obey(each);
    }
  }

  #greet(report: Report): void {
    if (!("ready" in report)) return;
    if (report.wire === WIRE_VERSION) this.#sendOrder();
    else this.end(otherVersion(this.#request.entry ?? childEntry(), report.wire));
  }

  #sendOrder(): void {
    this.#stage = "loading";
    clearTimeout(this.#starting);
    this.#liveness.watch();
    try {
      this.#child.send(this.#request.order);
    } catch (error) {
      this.end(notData(error));
    }
  }

  #obey(message: ToParent): void {
    switch (message.type) {
      case "opened":
        this.#stage = "working";
        this.#opening.resolve(message.info);
        break;
      case "failedToOpen":
        this.end(unpackError(message.error));
        break;
      case "reply":
        this.#calls.get(message.id)?.resolve(message.value);
        break;
      case "fail":
        this.#calls.get(message.id)?.fail(message.error);
        break;
      case "ask":
        void this.#answer(message);
        break;
      case "event":
        this.#request.onEvent?.(message.event);
        break;
      case "pong":
        break;
    }
  }

  async #answer({ id, question, about }: Extract<ToParent, { type: "ask" }>): Promise<void> {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    try {
      this.#say({ type: "answer", question, value: await call.answer(question, about) });
    } catch {
      this.#say({ type: "refuse", question });
    }
  }

  #unsent(message: ToChild, error: unknown): void {
    if (message.type === "call" || message.type === "iterate") this.#calls.get(message.id)?.reject(notData(error));
  }

  #whyEnded(how: string): ArgsearchError {
    const words = this.#child.words();
    if (this.#stage !== "starting") return engineDied(how, words, this.#stage);
    return unavailable(`a child process did not start (${how})${words === "" ? "" : `: ${essence(words)}`}`);
  }

  #stop(error: unknown): void {
    if (this.#end) return;
    this.#end = { error };
    clearTimeout(this.#starting);
    this.#opening.reject(error);
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
  }
}

function notData(cause: unknown): ArgsearchError {
  const { message } = cause as Error;
  return new ArgsearchError("OPTION_INVALID", `what goes to an isolated engine must be data, without functions: ${message}`, { cause });
}

function otherVersion(entry: string, wire: unknown): ArgsearchError {
  const versions = `it speaks version ${wire} of what processes of argsearch say to each other, this program version ${WIRE_VERSION}`;
  return unavailable(`${entry} is of another argsearch: ${versions}. Start the program again`);
}
