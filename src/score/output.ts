/** A file of JSON lines that an interrupted run goes on with. */
import { type FileHandle, open, rename } from "node:fs/promises";
import { readLines } from "../data/json-lines.js";
import { unwritable } from "../file-errors.js";
import type { ScoredLine } from "./lines.js";

const NEWLINE = 0x0a;

/**
 * Grows under a name of its own beside the final one and takes that at the end. The key in the name says what the lines
 * depend on, so that only a run of the same kind goes on with them.
 */
export class LineOutput {
  readonly #path: string;
  readonly #partial: string;
  readonly #file: FileHandle;
  #size: number;

  private constructor(path: string, partial: string, file: FileHandle, size: number) {
    this.#path = path;
    this.#partial = partial;
    this.#file = file;
    this.#size = size;
  }

  /** A key of null never goes on with anything. @throws ArgsearchError FILE_UNWRITABLE */
  static async open(path: string, key: string | null): Promise<LineOutput> {
    const partial = `${path}.${key === null ? "" : `${key.slice(0, 12)}.`}partial`;
    try {
      const file = await open(partial, key === null ? "w+" : "a+");
      const size = await wholeLines(file);
      await file.truncate(size);
      return new LineOutput(path, partial, file, size);
    } catch (error) {
      throw unwritable(error, path);
    }
  }

  /** What an older run has written. */
  async *written(): AsyncGenerator<ScoredLine> {
    if (this.#size === 0) return;
    for await (const { text } of readLines(this.#partial)) yield JSON.parse(text) as ScoredLine;
  }

  /** @throws ArgsearchError FILE_UNWRITABLE, for example on a full disk */
  async write(line: ScoredLine): Promise<void> {
    await this.#file.appendFile(`${JSON.stringify(line)}\n`).catch((error: unknown) => {
      throw unwritable(error, this.#path);
    });
  }

  /** The file is whole: gives it its name. @throws ArgsearchError FILE_UNWRITABLE */
  async commit(): Promise<void> {
    try {
      await this.#file.sync();
      await this.#file.close();
      await rename(this.#partial, this.#path);
    } catch (error) {
      throw unwritable(error, this.#path);
    }
  }

  /** Leaves what there is to a later run. */
  async suspend(): Promise<void> {
    await this.#file.close();
  }
}

/** Bytes up to the end of the last whole line. */
async function wholeLines(file: FileHandle): Promise<number> {
  const chunk = Buffer.alloc(1 << 16);
  let { size } = await file.stat();
  while (size > 0) {
    const start = Math.max(0, size - chunk.length);
    const { bytesRead } = await file.read(chunk, 0, size - start, start);
    const last = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (last >= 0) return start + last + 1;
    size = start;
  }
  return 0;
}
