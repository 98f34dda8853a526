/** What readline reads of a terminal: its keys, without pastes, and none while an answer is written. */
import { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { ReadStream } from "node:tty";
import { cleaned } from "../../files/clean.js";
import { type Input, PasteSplitter } from "./pasted-text.js";

/** Ctrl-C and Ctrl-Z: as everywhere on a terminal they do not wait, and what was typed before them is lost. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are keys
const URGENT = /[\u0003\u001a]/;
/** After so long the beginning of an escape sequence was a key. */
const PATIENCE_MS = 50;

export class Keys extends Readable {
  readonly #terminal: ReadStream;
  readonly #onPaste: (text: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  readonly #splitter = new PasteSplitter();
  /** Typed ahead. */
  #waiting: Input[] = [];
  #held = true;
  #patience: NodeJS.Timeout | undefined;

  /** `onPaste` gets pasted texts, between the keys before and those behind them. */
  constructor(terminal: ReadStream, onPaste: (text: string) => void) {
    super();
    this.#terminal = terminal;
    this.#onPaste = onPaste;
    terminal.on("data", this.#take).on("end", this.#end).on("error", this.#end);
  }

  /** Keys wait, but for those that stop something. */
  hold(): void {
    this.#held = true;
  }

  /** Those that waited come first. */
  release(): void {
    this.#held = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const input of waiting) this.#give(input);
  }

  /** What readline asks of its input. */
  setRawMode(mode: boolean): this {
    this.#terminal.setRawMode(mode);
    return this;
  }

  override resume(): this {
    this.#terminal.resume();
    return this;
  }

  override pause(): this {
    this.#terminal.pause();
    return this;
  }

  /** Nothing more is read of the terminal. */
  close(): void {
    clearTimeout(this.#patience);
    this.#terminal.off("data", this.#take).off("end", this.#end).off("error", this.#end);
  }

  override _read(): void {}

  readonly #take = (chunk: Buffer | string): void => {
    clearTimeout(this.#patience);
    for (const input of this.#splitter.take(typeof chunk === "string" ? chunk : this.#decoder.write(chunk))) this.#give(input);
    if (this.#splitter.waits) {
      this.#patience = setTimeout(() => this.#give({ text: this.#splitter.flush(), pasted: false }), PATIENCE_MS);
    }
  };

  /** A terminal that was closed may end in an error. */
  readonly #end = (): void => {
    this.emit("end");
  };

  #give(input: Input): void {
    const urgent = this.#held && !input.pasted && URGENT.exec(input.text);
    if (urgent) {
      this.#waiting = [];
      this.emit("data", urgent[0]);
    } else if (this.#held) this.#waiting.push(input);
    else if (input.pasted) this.#onPaste(cleaned(input.text.replace(/\r\n?/g, "\n")));
    else this.#type(input.text);
  }

  /** Line by line: the first of them may be answered before the next is read. */
  #type(text: string): void {
    const end = text.search(/[\r\n]/) + 1;
    const line = end === 0 ? text : text.slice(0, end);
    // Where readline listens; a stream's own buffer would let a paste overtake the keys before it.
    this.emit("data", line);
    if (line.length < text.length) this.#give({ text: text.slice(line.length), pasted: false });
  }
}
