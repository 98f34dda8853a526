/** A started child, whichever way it was started: messages, last words, the end. */
import { fork } from "node:child_process";
import { type ChildKind, electron } from "./child-kind.js";

export interface Child {
  /** Process id; undefined where it could not be started. */
  readonly pid: number | undefined;
  /** @throws for what cannot be copied */
  send(message: unknown): void;
  /** Whether this process stays for it, as it does at first. */
  hold(wanted: boolean): void;
  /** Ends it at once, whatever it does. */
  kill(): void;
  /** What it wrote to standard error, its end at least. */
  words(): string;
}

export interface ChildEvents {
  onMessage(message: unknown): void;
  /** Once, when it is gone, or could not be started: how, in words. */
  onEnd(how: string): void;
}

/** Bytes of standard error that are kept. */
const MOST_WORDS = 8192;

export interface ChildScript {
  /** Path of a script. */
  entry: string;
  kind: Exclude<ChildKind, { how: "none" }>;
  /** Its working directory; default this process's. */
  cwd?: string | undefined;
}

/** Starts the script. What is wrong with it comes by onEnd(), never as an exception. */
export function openChild({ entry, kind, cwd }: ChildScript, events: ChildEvents): Child {
  return kind.how === "utility" ? openUtility(entry, cwd, events) : openFork(entry, kind.env, cwd, events);
}

function openFork(entry: string, env: Record<string, string>, cwd: string | undefined, { onMessage, onEnd }: ChildEvents): Child {
  // What was meant for the application (a debugger, modules to begin with) is not for its child.
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const end = once(onEnd);
  let child: ReturnType<typeof fork>;
  try {
    child = fork(entry, [], {
      cwd,
      execArgv: [],
      env: { ...inherited, ...env },
      stdio: ["pipe", "ignore", "pipe", "ipc"],
      serialization: "advanced", // numbers that JSON has no words for
    });
  } catch (error) {
    queueMicrotask(() => end(String(error)));
    return { pid: undefined, send: () => {}, hold: () => {}, kill: () => {}, words: () => "" };
  }
  // Nothing is written: its end tells the child that whoever started it is gone, also where that was a thread of this process.
  child.stdin?.on("error", () => {});
  const words = tailOf(child.stderr);
  child.on("message", onMessage);
  child.on("error", (error) => {
    // Also what could not be sent to one that is ending, which "close" then tells of.
    if (child.pid === undefined) end(String(error));
  });
  child.on("close", (code, signal) => end(signal === null ? `code ${code}` : signal));
  return {
    pid: child.pid,
    send: (message) => void child.send(message as object, () => {}),
    hold: (wanted) => hold(child, wanted),
    kill: () => void child.kill("SIGKILL"),
    words,
  };
}

/** All that keeps the event loop alive for a child. */
function hold(child: ReturnType<typeof fork>, wanted: boolean): void {
  const handles = [child, child.channel, child.stdin, child.stderr] as (Partial<Record<"ref" | "unref", () => void>> | null | undefined)[];
  for (const handle of handles) handle?.[wanted ? "ref" : "unref"]?.();
}

function openUtility(entry: string, cwd: string | undefined, { onMessage, onEnd }: ChildEvents): Child {
  const end = once(onEnd);
  const api = electron();
  if (api === undefined) throw new Error("Electron's utilityProcess is gone");
  const { NODE_OPTIONS: _, ...env } = process.env;
  const options = { ...(cwd !== undefined && { cwd }), execArgv: [], env, stdio: ["ignore", "ignore", "pipe"], serviceName: "argsearch" };
  const child = api.utilityProcess.fork(entry, [], options);
  const words = tailOf(child.stderr);
  child.on("message", onMessage);
  child.on("exit", (code) => end(`code ${code}`));
  return {
    get pid() {
      return child.pid; // there once it has been spawned
    },
    send: (message) => child.postMessage(message),
    hold: () => {}, // Electron's application ends when it says so
    // Its own kill() asks politely, and native code would not hear it.
    kill: () => {
      try {
        if (child.pid !== undefined) process.kill(child.pid, "SIGKILL");
      } catch {
        // It is gone.
      }
    },
    words,
  };
}

function once(call: (how: string) => void): (how: string) => void {
  let called = false;
  return (how) => {
    if (!called) call(how);
    called = true;
  };
}

/** Reads a stream to its end, keeping the last of it. */
function tailOf(stream: NodeJS.ReadableStream | null): () => string {
  let tail = "";
  stream?.on("data", (chunk: Buffer | string) => {
    tail = (tail + chunk.toString()).slice(-MOST_WORDS);
  });
  stream?.on("error", () => {});
  return () => tail.trim();
}
