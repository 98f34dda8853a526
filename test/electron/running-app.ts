/** examples/electron, run by Node with a stand-in for Electron; the test is user and page. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const SIDE = pathToFileURL(resolve("test/electron/stand-in/main-side.mjs")).href;

/** What the page is told. */
export interface Told {
  type: string;
  [field: string]: unknown;
}

interface Page {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export class RunningApp {
  /** All that the page was told, in order. */
  readonly told: Told[] = [];
  /** The options of the window, and of the dialogs so far. */
  readonly shown: Record<string, unknown>[] = [];
  /** Called with what the page is told. */
  onTold: (told: Told) => void = () => {};
  readonly #process: ChildProcess;
  readonly #answers = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
  readonly #waiting = new Set<() => void>();
  #read = 0;
  #calls = 0;
  #words = "";

  /** `program` is a copy of Node, whatever its name. */
  constructor(program: string, app: string) {
    this.#process = spawn(program, ["--import", SIDE, join(app, "src", "main.js")], {
      serialization: "advanced",
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    this.#process.stderr?.on("data", (chunk) => {
      this.#words += chunk;
    });
    this.#process.on("message", (message) => this.#hear(message as Record<string, unknown>));
    this.#process.on("exit", () => this.#wake());
  }

  /** The next message of one of these types that was not waited for; what comes before it is passed over. */
  async next(...types: string[]): Promise<Told> {
    for (;;) {
      const at = this.told.findIndex(({ type }, index) => index >= this.#read && types.includes(type));
      if (at >= 0) {
        this.#read = at + 1;
        return this.told[at] as Told;
      }
      if (this.#process.exitCode !== null) throw new Error(`the app ended: ${this.#words}`);
      await new Promise<void>((wake) => this.#waiting.add(wake));
    }
  }

  /** Calls what the preload script shows to the page. */
  async call(method: "send" | "choose" | "restart", argument?: unknown): Promise<void> {
    await this.#wish({ wish: "call", method, argument });
  }

  /** An answer to one question: its tokens, and how it ended. */
  async ask(id: number, question: string, weight = 0.6): Promise<{ tokens: Told[]; end: Told }> {
    const from = this.told.length;
    await this.call("send", { type: "ask", id, messages: [{ role: "user", content: question }], weight });
    const end = await this.next("done", "error");
    return { tokens: this.told.slice(from).filter((told) => told.type === "token" && told.id === id), end };
  }

  /** What the user chooses in the next dialogs; undefined: Cancel. */
  pick(path: string | undefined): Promise<unknown> {
    return this.#wish({ wish: "pick", path });
  }

  fetch(url: string): Promise<Page> {
    return this.#wish({ wish: "fetch", url }) as Promise<Page>;
  }

  invokeFrom(url: string, channel: string): Promise<unknown> {
    return this.#wish({ wish: "invokeFrom", url, channel });
  }

  reload(): Promise<unknown> {
    return this.#wish({ wish: "reload" });
  }

  /** Ends the decoder's process. */
  kill(): Promise<unknown> {
    return this.#wish({ wish: "kill" });
  }

  /** The next decoder processes die at once. */
  deaths(count: number): Promise<unknown> {
    return this.#wish({ wish: "deaths", count });
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }

  #wish(wish: Record<string, unknown>): Promise<unknown> {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ value, error }) => (error === undefined ? resolve(value) : reject(new Error(error))));
      this.#process.send({ id, ...wish });
    });
  }

  #hear(message: Record<string, unknown>): void {
    if (typeof message.id === "number") {
      this.#answers.get(message.id)?.(message);
      this.#answers.delete(message.id);
    } else if (message.told !== undefined) {
      this.told.push(message.told as Told);
      this.onTold(message.told as Told);
      this.#wake();
    } else this.shown.push(message);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
