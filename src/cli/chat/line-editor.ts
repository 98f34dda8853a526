/** Where messages are typed: readline with pastes, messages of several lines, and a history that lasts. */
import { createInterface, type Interface } from "node:readline";
import type { ReadStream } from "node:tty";
import { atExit } from "../../files/at-exit.js";
import { note, type Output } from "../terminal/output.js";
import { type History, LONGEST } from "./history.js";
import { Keys } from "./keys.js";
import { type Message, MessageLines } from "./message-lines.js";
import { PASTE_OFF, PASTE_ON } from "./pasted-text.js";

const PROMPT = "> ";
/** Before further lines of a message. */
const MORE = "… ";

interface EditorOptions {
  input: ReadStream;
  output: Output;
  history: History;
  complete: (line: string) => [string[], string];
  onInterrupt: () => void;
}

export class LineEditor {
  readonly #output: Output;
  readonly #history: History;
  readonly #keys: Keys;
  readonly #readline: Interface;
  readonly #lines = new MessageLines();
  readonly #stayRestored: () => void;
  /** readline's own list of entries, once it has told of it. */
  #entries: string[] | undefined;
  #pasting = false;
  #closed = false;
  /** Set while a message is asked for. */
  #answer: ((message: Message | undefined) => void) | undefined;

  constructor({ input, output, history, complete, onInterrupt }: EditorOptions) {
    this.#output = output;
    this.#history = history;
    this.#keys = new Keys(input, (text) => this.#paste(text));
    this.#readline = createInterface({
      input: this.#keys,
      output,
      terminal: true,
      completer: (line: string) => (this.#lines.open ? [[], line] : complete(line)),
      history: [...history.entries],
      historySize: LONGEST,
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    this.#readline
      .on("line", (line) => this.#add(line))
      .on("history", (entries) => {
        this.#entries = entries;
      })
      .on("SIGINT", onInterrupt)
      .on("SIGTSTP", () => this.#suspend())
      .on("close", () => this.#end());
    this.#stayRestored = atExit(() => this.#markPastes(false));
    this.#markPastes(true);
  }

  /** The next message; undefined when there is none, after Ctrl-D. What was typed meanwhile comes first. */
  ask(): Promise<Message | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.prompt();
      this.#keys.release();
    });
  }

  /** Again, below what was written since. */
  prompt(): void {
    if (this.#answer === undefined) return;
    this.#readline.setPrompt(this.#lines.open ? MORE : PROMPT);
    this.#readline.prompt(true);
  }

  /** Throws away what was typed, and says something below it. */
  startOver(hint: string): void {
    if (this.#answer === undefined) return;
    this.#lines.clear();
    for (const name of ["e", "u"]) this.#readline.write(null, { ctrl: true, name });
    note(`\n${hint}`);
    this.prompt();
  }

  /** Leaves the terminal as it was. */
  close(): void {
    this.#readline.close();
    this.#keys.close();
    this.#markPastes(false);
    this.#stayRestored();
  }

  #paste(text: string): void {
    this.#pasting = true;
    this.#readline.write(text);
    this.#pasting = false;
  }

  #add(line: string): void {
    const message = this.#lines.add(line, this.#pasting);
    if (message !== undefined) this.#history.add(message.entry);
    // readline has taken the line for an entry of its own.
    this.#entries?.splice(0, this.#entries.length, ...this.#history.entries);
    if (message === undefined) this.prompt();
    else {
      this.#keys.hold();
      this.#settle(message);
    }
  }

  #end(): void {
    this.#closed = true;
    this.#settle(undefined);
  }

  #settle(message: Message | undefined): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(message);
  }

  /** Ctrl-Z: the shell gets its terminal as it was. */
  #suspend(): void {
    process.once("SIGCONT", () => {
      this.#keys.setRawMode(true);
      this.#markPastes(true);
      this.prompt();
    });
    this.#keys.setRawMode(false);
    this.#markPastes(false);
    process.kill(process.pid, "SIGTSTP");
  }

  #markPastes(on: boolean): void {
    if (process.env.TERM !== "dumb") this.#output.write(on ? PASTE_ON : PASTE_OFF);
  }
}
