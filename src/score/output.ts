/** A file of JSON lines that an interrupted run goes on with. */
import { fileBytes } from "../files/bytes.js";
import { unwritable } from "../files/file-errors.js";
import type { Input } from "../files/inputs.js";
import { rawLines } from "../files/lines.js";
import { OutputFile } from "../files/output-file.js";
import type { ScoredLine } from "./lines.js";

/** The key in the name under which it grows says what the lines depend on, so that only a run of the same kind goes on with them. */
export class LineOutput {
  readonly #file: OutputFile;
  /** Bytes of an older run. */
  readonly #size: number;

  private constructor(file: OutputFile, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** A key of null never goes on with anything; nor does what is written to a device or a pipe. @throws ArgsearchError BUSY, FILE_UNWRITABLE */
  static async open(path: string, key: string | null, inputs: readonly Input[]): Promise<LineOutput> {
    const file = await OutputFile.open(path, { tag: key?.slice(0, 12), resume: key !== null, inputs });
    if (key === null || file.partial === null) return new LineOutput(file, 0);
    try {
      let size = 0;
      for await (const { bytes } of ownLines(file.partial)) size += bytes;
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
    for await (const { line } of ownLines(this.#file.partial)) yield line;
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

/** The lines at the beginning of a file that are whole and in order, each with its length; what follows is damaged. */
async function* ownLines(path: string): AsyncGenerator<{ line: ScoredLine; bytes: number }> {
  let last = -1;
  for await (const bytes of rawLines(fileBytes(path))) {
    const line = bytes && ownLine(bytes.toString());
    if (!line || line.index <= last) return;
    last = line.index;
    yield { line, bytes: bytes.length };
  }
}

/** Undefined unless it is just what write() writes. */
function ownLine(text: string): ScoredLine | undefined {
  try {
    const line = JSON.parse(text) as ScoredLine | null;
    const rewards = line && ("tokens" in line ? [line.reward] : [line.chosen, line.rejected]);
    return text === `${JSON.stringify(line)}\n` && Number.isSafeInteger(line?.index) && rewards?.every(Number.isFinite)
      ? (line ?? undefined)
      : undefined;
  } catch {
    return undefined;
  }
}
