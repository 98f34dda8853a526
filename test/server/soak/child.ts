/** A server in a process of its own, so that its memory is its own and its death is seen. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LoadOptions } from "../../../src/index.js";

/** What the process is told first. */
export interface ServerOrder {
  load: Pick<LoadOptions, "policy" | "reward" | "slots" | "contextSize" | "threads" | "queue">;
}

/** Bytes, after garbage was collected. */
export interface MemorySample {
  resident: number;
  heap: number;
}

export type FromServer = { url: string } | { memory: MemorySample };

const PROGRAM = fileURLToPath(new URL("program.ts", import.meta.url));

export class ServerProcess {
  readonly #child: ChildProcess;
  #ended: string | undefined;
  #stderr = "";

  private constructor(
    child: ChildProcess,
    readonly url: string,
  ) {
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-10_000);
    });
    child.once("exit", (code, signal) => {
      this.#ended = `the server's process ended with ${signal ?? code}`;
    });
  }

  static async start(order: ServerOrder): Promise<ServerProcess> {
    const child = fork(PROGRAM, [JSON.stringify(order)], {
      execArgv: ["--import", "tsx", "--expose-gc"],
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    let stderr = "";
    const collect = (text: Buffer): void => {
      stderr += text.toString();
    };
    child.stderr?.on("data", collect);
    const said = await answerOf(child, () => stderr);
    child.stderr?.off("data", collect);
    if (!("url" in said)) throw new Error("the server did not say where it listens");
    return new ServerProcess(child, said.url);
  }

  /** Why it is no more; undefined: it runs. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** What it has said on standard error: of a healthy server nothing. */
  get stderr(): string {
    return this.#stderr;
  }

  async memory(): Promise<MemorySample> {
    const answer = answerOf(this.#child, () => this.#stderr);
    this.#child.send("memory");
    const said = await answer;
    if (!("memory" in said)) throw new Error("the server did not say how much memory it has");
    return said.memory;
  }

  /** Ends it as a service manager would. Returns its exit code, or the signal that ended it. */
  async stop(): Promise<string> {
    if (this.#ended !== undefined) return this.#ended;
    const exit = new Promise<string>((resolve) => this.#child.once("exit", (code, signal) => resolve(String(signal ?? code))));
    this.#child.send("stop");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 20_000);
    return exit.finally(() => clearTimeout(timer));
  }
}

function answerOf(child: ChildProcess, stderr: () => string): Promise<FromServer> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      child.off("exit", onExit);
      resolve(message as FromServer);
    };
    const onExit = (code: number | null, signal: string | null): void => {
      child.off("message", onMessage);
      reject(new Error(`the server's process ended with ${signal ?? code}: ${stderr().slice(-2000)}`));
    };
    child.once("message", onMessage);
    child.once("exit", onExit);
  });
}
