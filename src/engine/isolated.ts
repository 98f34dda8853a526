/** An engine in a process of its own, with what is loaded there: opened again when it has died. */
import type { ResolvedIsolation } from "../isolate/options.js";
import type { Answer } from "../isolate/remote-call.js";
import { Session } from "../isolate/session.js";
import type { Methods } from "../isolate/session-wire.js";
import { workingDirectory } from "../package-root.js";
import { abortedError, onAbort, throwIfAborted, unlessAborted } from "./abort.js";
import type { EngineEvent, EngineInput } from "./isolated-wire.js";
import { log, logWanted, onLogWanted } from "./logger.js";

export interface IsolatedRequest {
  /** Name of what is opened, in the table of src/child.ts. */
  object: string;
  /** Options of its loading, as data. */
  options: unknown;
  isolation: ResolvedIsolation;
}

export interface LoadCallbacks {
  signal: AbortSignal | undefined;
  onProgress: ((progress: number) => void) | undefined;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Serves what the child asks during the call. */
  answer?: Answer | undefined;
}

/** What every object in a child can be told. */
export interface EngineMethods {
  /** Whether somebody here wants the engine's log. */
  log(wanted: boolean): void;
}

/** `I`: what the object says of itself; `S`: its state, which comes with every reply. */
export class IsolatedEngine<M extends Methods<M> & EngineMethods, I, S = undefined> {
  readonly #request: IsolatedRequest;
  /** Relative paths are of the directory that they were given in. */
  readonly #cwd = workingDirectory()[0];
  readonly #forgetLog: () => void;
  #session: Session<M> | undefined;
  #info: I | undefined;
  #state: S | undefined;
  #closed: { error: unknown } | undefined;
  /** What each new child is told first. */
  onReopened: ((session: Session<M>) => void) | undefined;

  private constructor(request: IsolatedRequest) {
    this.#request = request;
    this.#forgetLog = onLogWanted((wanted) => {
      // One that dies meanwhile is told when it is opened again.
      if (this.#session && this.lives) this.#session.call("log", [wanted] as Parameters<M["log"]>).result.catch(() => {});
    });
  }

  /** @throws ArgsearchError ISOLATION_UNAVAILABLE, ENGINE_DIED, ENGINE_NOT_RESPONDING, ABORTED; as loading without isolation */
  static async open<M extends Methods<M> & EngineMethods, I, S = undefined>(
    request: IsolatedRequest,
    { signal, onProgress }: LoadCallbacks,
  ): Promise<IsolatedEngine<M, I, S>> {
    throwIfAborted(signal);
    const engine = new IsolatedEngine<M, I, S>(request);
    const session = engine.#open(onProgress);
    const forget = onAbort([signal], () => signal && session.end(abortedError(signal)));
    try {
      await session.opened;
      return engine;
    } catch (error) {
      await engine.dispose(error);
      throw error;
    } finally {
      forget();
    }
  }

  get info(): I {
    return this.#info as I;
  }

  /** As of the last reply. */
  get state(): S {
    return this.#state as S;
  }

  /** There is a child. */
  get lives(): boolean {
    return this.#session?.ended === false;
  }

  /** Ends the child when nobody holds that object any more, which must not be reached from here. */
  endWith(owner: object): void {
    abandoned.register(owner, () => this.dispose(new Error("its owner was collected")));
  }

  /** Calls a method, in a new child where the last one has died. */
  async call<K extends keyof M & string>(
    method: K,
    args: Parameters<M[K]>,
    { signal, answer }: CallOptions = {},
  ): Promise<Awaited<ReturnType<M[K]>>> {
    const session = await this.#ready(signal);
    const { result, abort } = session.call(method, args, answer);
    const forget = onAbort([signal], abort);
    try {
      return await result;
    } catch (error) {
      throw asHere(error, signal);
    } finally {
      forget();
    }
  }

  /** Iterates one that gives steps. */
  async *iterate<T, R>(
    method: keyof M & string,
    args: readonly unknown[],
    { signal, answer }: CallOptions = {},
  ): AsyncGenerator<T, R, undefined> {
    const session = await this.#ready(signal);
    const steps = session.iterate<T, R>(method, args, answer);
    let over = false;
    const advance = async (): Promise<IteratorResult<T, R>> => {
      const forget = onAbort([signal], steps.abort);
      try {
        const next = await steps.next();
        over = next.done === true;
        return next;
      } catch (error) {
        over = true;
        throw asHere(error, signal);
      } finally {
        forget();
      }
    };
    try {
      for (;;) {
        const next = await advance();
        if (next.done) return next.value;
        yield next.value;
      }
    } finally {
      // A child that is gone has given the slot back as well.
      if (!over) await steps.leave().catch(() => {});
    }
  }

  /** Ends the child; whoever waits is rejected with the error. Resolves when its memory is free. */
  async dispose(error: unknown): Promise<void> {
    this.#closed ??= { error };
    this.#forgetLog();
    this.#session?.end(error);
    await this.#session?.gone;
  }

  async #ready(signal: AbortSignal | undefined): Promise<Session<M>> {
    throwIfAborted(signal);
    if (this.#closed) throw this.#closed.error;
    const session = this.#session && this.lives ? this.#session : this.#open(undefined);
    await unlessAborted(session.opened, [signal]);
    throwIfAborted(signal);
    return session;
  }

  #open(onProgress: LoadCallbacks["onProgress"]): Session<M> {
    const { object, options, isolation } = this.#request;
    const input: EngineInput = { options, log: logWanted(), progress: onProgress !== undefined };
    const session = new Session<M>({
      ...isolation,
      order: { open: object, input },
      cwd: this.#cwd,
      onEvent: (event) => this.#hear(session, event as EngineEvent, onProgress),
      onState: (state) => {
        this.#state = state as S;
      },
    });
    const again = this.#session !== undefined;
    this.#session = session;
    session.opened.then(
      (info) => {
        this.#info = info as I;
        if (again) this.onReopened?.(session);
      },
      () => {},
    );
    return session;
  }

  #hear(session: Session<M>, event: EngineEvent, onProgress: LoadCallbacks["onProgress"]): void {
    if ("log" in event) log(...event.log);
    else if ("warning" in event) process.emitWarning(event.warning.message, event.warning);
    else {
      try {
        onProgress?.(event.progress);
      } catch (error) {
        session.end(error);
      }
    }
  }
}

const abandoned = new FinalizationRegistry<() => void>((end) => end());

/** The abort's reason stayed in this process. */
function asHere(error: unknown, signal: AbortSignal | undefined): unknown {
  const aborted = signal?.aborted && (error as { code?: unknown } | null)?.code === "ABORTED";
  return aborted ? abortedError(signal) : error;
}
