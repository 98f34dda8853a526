/** A file of JSON lines, in order, that an interrupted run goes on with. */
import { fileBytes } from "./bytes.js";
import { unwritable } from "./file-errors.js";
import type { Input } from "./inputs.js";
import { isJsonObject, type JsonObject } from "./json.js";
import { jsonMembers } from "./json-members.js";
import { rawLines } from "./lines.js";
import { OutputFile } from "./output-file.js";

/** Which line of the input an entry is of, from 1 (in a JSON array which record), and which of its entries, from 0, where it has several. */
export interface Place {
  line: number;
  number?: number | undefined;
}

export interface ResumableOptions<T> {
  /** What the lines depend on: only a run with the same key goes on with them. null: none does. */
  key: string | null;
  /** What the same call reads. */
  inputs: readonly Input[];
  /** What a line holds; undefined for one that is not of this kind, which begins what is damaged. */
  accept: (value: JsonObject) => T | undefined;
  /** Called with each file that runs with other keys left, where there is nothing to go on with. */
  onOthers?: ((path: string) => void) | undefined;
}

/** What is written to a device or a pipe is never gone on with. */
export class ResumableLines<T extends Place> {
  readonly #file: OutputFile;
  readonly #options: ResumableOptions<T>;
  /** The last entry of an older run. */
  readonly last: T | undefined;
  /** Of the older run, one looked at ahead. */
  #older: AsyncGenerator<T> | undefined;
  #next: T | undefined;

  private constructor(file: OutputFile, options: ResumableOptions<T>, last?: T) {
    this.#file = file;
    this.#options = options;
    this.last = last;
  }

  /** @throws ArgsearchError BUSY, OPTION_INVALID for an input, FILE_UNWRITABLE */
  static async open<T extends Place>(path: string, options: ResumableOptions<T>): Promise<ResumableLines<T>> {
    const { key, inputs } = options;
    const file = await OutputFile.open(path, { tag: key?.slice(0, 12), resume: key !== null, inputs });
    if (key === null || file.partial === null) return new ResumableLines(file, options);
    const others = await file.leftByOthers();
    try {
      let [size, last]: [number, T | undefined] = [0, undefined];
      for await (const { entry, bytes } of ownLines(file.partial, options)) {
        size += bytes;
        last = entry;
      }
      await file.handle.truncate(size);
      if (last === undefined) for (const other of others) options.onOthers?.(other);
      return new ResumableLines(file, options, last);
    } catch (error) {
      await file.suspend();
      throw unwritable(error, path);
    }
  }

  /** What an older run has written of this place; to be asked in order. */
  async written(wanted: Place): Promise<T | undefined> {
    if (this.last === undefined || this.#file.partial === null) return undefined;
    this.#older ??= entries(this.#file.partial, this.#options);
    while (this.#next === undefined || placeOrder(this.#next, wanted) < 0) {
      const next = await this.#older.next();
      if (next.done || placeOrder(this.last, next.value) < 0) return undefined;
      this.#next = next.value;
    }
    return placeOrder(this.#next, wanted) === 0 ? this.#next : undefined;
  }

  /** @throws ArgsearchError FILE_UNWRITABLE, for example on a full disk */
  async write(json: string): Promise<void> {
    await this.#file.append(`${json}\n`);
  }

  /** The file is whole: gives it its name. @throws ArgsearchError FILE_UNWRITABLE */
  async commit(): Promise<void> {
    await this.#older?.return(undefined);
    await this.#file.commit();
  }

  /** Leaves what there is to a later run. */
  async suspend(): Promise<void> {
    await this.#older?.return(undefined);
    await this.#file.suspend();
  }
}

async function* entries<T extends Place>(path: string, options: ResumableOptions<T>): AsyncGenerator<T> {
  for await (const { entry } of ownLines(path, options)) yield entry;
}

/** The lines at the beginning of a file that are whole and in order, each with its length; what follows is damaged. */
async function* ownLines<T extends Place>(path: string, { accept }: ResumableOptions<T>): AsyncGenerator<{ entry: T; bytes: number }> {
  let last: T | undefined;
  for await (const bytes of rawLines(fileBytes(path))) {
    const value = bytes && ownLine(bytes.toString());
    const entry = value && accept(value);
    if (!entry || (last !== undefined && placeOrder(last, entry) >= 0)) return;
    last = entry;
    yield { entry, bytes: bytes.length };
  }
}

/** Negative where `a` stands before `b`. */
export function placeOrder(a: Place, b: Place): number {
  return a.line - b.line || (a.number ?? 0) - (b.number ?? 0);
}

/** Undefined for what is torn, or not written as lines of results are. */
function ownLine(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) return undefined;
    const members = [...jsonMembers(text)].map(([name, member]) => `${JSON.stringify(name)}:${member}`);
    return text === `{${members.join(",")}}\n` ? value : undefined;
  } catch {
    return undefined;
  }
}
