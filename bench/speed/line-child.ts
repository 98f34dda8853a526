/** A rival in a process of its own: a line of words goes in, a line of JSON comes back. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export class LineChild {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #name: string;
  #errors = "";

  constructor(command: string, args: readonly string[]) {
    this.#name = [command, ...args.slice(0, 1)].join(" ");
    this.#child = spawn(command, args, { stdio: "pipe" });
    this.#child.on("error", (error) => {
      this.#errors += error.message;
    });
    this.#child.stdin.on("error", () => {}); // told by the missing reply
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws Error with what the child said last, when it gives no reply */
  async ask<T>(...words: readonly (string | number)[]): Promise<T> {
    this.#child.stdin.write(`${words.join(" ")}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`${this.#name} ended: ${this.#errors.trim() || "it said nothing"}`);
      if (value.startsWith("{")) return JSON.parse(value) as T; // libraries may print what they like besides
    }
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}
