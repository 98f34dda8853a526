/** Runs the program on a terminal: a pseudo-terminal for it, and a model of the screen for the test. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { type IPty, spawn } from "@lydell/node-pty";
import type { Terminal as XtermTerminal } from "@xterm/headless";
import { onTestFailed, onTestFinished } from "vitest";
import { root, scratch } from "./run.js";

const { Terminal } = createRequire(import.meta.url)("@xterm/headless") as { Terminal: typeof XtermTerminal };

export const KEY = { enter: "\r", tab: "\t", up: "\u001b[A", down: "\u001b[B", ctrlC: "\u0003", ctrlD: "\u0004", ctrlL: "\f" } as const;

interface TerminalOptions {
  columns?: number;
  env?: Record<string, string>;
  cwd?: string;
}

export class OnTerminal {
  readonly #pty: IPty;
  readonly #screen: XtermTerminal;
  #waiting = new Set<() => void>();
  /** All that the program wrote, escape sequences included. */
  raw = "";
  readonly #exit: Promise<number>;

  constructor(args: readonly string[], { columns = 100, env = {}, cwd = root }: TerminalOptions) {
    const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, ...inherited } = process.env;
    const size = { cols: columns, rows: 30 };
    this.#screen = new Terminal({ ...size, scrollback: 10_000, allowProposedApi: true });
    this.#pty = spawn(process.execPath, [join(root, "dist", "cli.js"), ...args], {
      ...size,
      name: "xterm-256color",
      cwd,
      env: { ...inherited, COLORTERM: "truecolor", ...env },
    });
    this.#pty.onData((data) => {
      this.raw += data;
      this.#screen.write(data, () => {
        for (const check of this.#waiting) check();
      });
    });
    this.#exit = new Promise((resolve) => this.#pty.onExit(({ exitCode }) => resolve(exitCode)));
    onTestFailed(() => console.error(`the screen:\n${this.text}`));
    onTestFinished(() => {
      this.#pty.kill("SIGKILL");
    });
  }

  /** What can be seen, with what has scrolled away; long lines whole. */
  get text(): string {
    const { active } = this.#screen.buffer;
    let text = "";
    for (let row = 0; row < active.length; row++) {
      const line = active.getLine(row);
      text += `${row === 0 || line?.isWrapped ? "" : "\n"}${line?.translateToString(!active.getLine(row + 1)?.isWrapped) ?? ""}`;
    }
    return text.trimEnd();
  }

  /** The line with the cursor, as far as that. */
  get line(): string {
    const { active } = this.#screen.buffer;
    return active.getLine(active.baseY + active.cursorY)?.translateToString(false, 0, active.cursorX) ?? "";
  }

  /** The program has asked for marks around what is pasted. */
  get marksPastes(): boolean {
    return this.#screen.modes.bracketedPasteMode;
  }

  /** The colours in which a text stands, where it was seen last; -1 is the terminal's own. */
  coloursOf(text: string): number[] {
    const { active } = this.#screen.buffer;
    for (let row = active.length - 1; row >= 0; row--) {
      const line = active.getLine(row);
      const at = line?.translateToString(true).indexOf(text) ?? -1;
      if (line && at >= 0) return Array.from(text, (_, column) => line.getCell(at + column)?.getFgColor() ?? -1);
    }
    throw new Error(`"${text}" is not on the screen`);
  }

  /** Resolves to the exit code once all that was written is on the screen. */
  async ended(): Promise<number> {
    const code = await this.#exit;
    await new Promise<void>((resolve) => this.#screen.write("", resolve));
    return code;
  }

  type(keys: string): void {
    this.#pty.write(keys);
  }

  signal(name: string): void {
    this.#pty.kill(name);
  }

  /** As a terminal pastes that was asked for marks. */
  paste(text: string): void {
    this.type(`\u001b[200~${text.replaceAll("\n", "\r")}\u001b[201~`);
  }

  /** Resolves once that holds. */
  async until(holds: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (!holds()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Resolves once the text has been on the screen so often. */
  shows(text: string, times = 1): Promise<void> {
    return this.until(() => this.text.split(text).length > times);
  }

  /** Resolves once the program asks for a message. */
  asks(): Promise<void> {
    return this.until(() => this.line === "> ");
  }

  /** Types a line, and resolves once the program asks for the next; gives what stands between them. */
  async say(line: string): Promise<string> {
    await this.asks();
    const typed = `> ${line}\n`;
    const times = this.text.split(typed).length;
    this.type(`${line}${KEY.enter}`);
    await this.until(() => this.line === "> " && this.text.split(typed).length > times);
    return this.text.slice(this.text.lastIndexOf(typed) + typed.length).replace(/\n?>$/, "");
  }
}

/** `argsearch chat` on a terminal with a cache of its own, on the small models that come with the package. */
export async function chatOnTerminal(flags: readonly string[] = [], options: TerminalOptions = {}): Promise<OnTerminal> {
  const cache = options.env?.ARGSEARCH_CACHE_DIR ?? (await scratch());
  const args = ["chat", "--threads", "1", "--gpu", "off", "--max-tokens", "12", ...flags];
  return new OnTerminal(args, { ...options, env: { ...options.env, ARGSEARCH_CACHE_DIR: cache } });
}
