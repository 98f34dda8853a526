/** A file of JSON lines that an interrupted run goes on with. */
import type { FileHandle } from "node:fs/promises";
import { unwritable } from "../files/file-errors.js";
import { readLines } from "../files/json-lines.js";
import { OutputFile } from "../files/output-file.js";
import type { ScoredLine } from "./lines.js";

const NEWLINE = 0x0a;

/** The key in the name under which it grows says what the lines depend on, so that only a run of the same kind goes on with them. */
export class LineOutput {
  readonly #file: OutputFile;
  /** Bytes of an older run. */
  readonly #size: number;

  private constructor(file: OutputFile, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** A key of null never goes on with anything; nor does what is written to a device or a pipe. @throws ArgsearchError FILE_UNWRITABLE */
  static async open(path: string, key: string | null): Promise<LineOutput> {
    const file = await OutputFile.open(path, { tag: key?.slice(0, 12), resume: key !== null });
    if (key === null || file.partial === null) return new LineOutput(file, 0);
    try {
      const size = await wholeLines(file.handle);
      await file.handle.truncate(size);
      return new LineOutput(file, size);
    } catch (error) {
      await file.suspend();
      throw unwritable(error, path);
    }
  }

  /** What an older run has written. */
  async *written(): AsyncGenerator<ScoredLine> {
    if (this.#size === 0 || this.#file.partial === null) return;
    for await (const { text } of readLines(this.#file.partial)) yield JSON.parse(text) as ScoredLine;
  }

  /** @throws ArgsearchError FILE_UNWRITABLE, for example on a full disk */
  async write(line: ScoredLine): Promise<void> {
    await this.#file.append(`${JSON.stringify(line)}\n`);
  }

  /** The file is whole: gives it its name. @throws ArgsearchError FILE_UNWRITABLE */
  async commit(): Promise<void> {
    await this.#file.commit();
  }

  /** Leaves what there is to a later run. */
  async suspend(): Promise<void> {
    await this.#file.suspend();
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
