/** Values by key in a file of appended lines, `{key, FIELD: value}`: what takes long, or is paid for, is asked for once. */
import { append, readAppendedLines, repair } from "./appended-lines.js";

/** What the file holds and what a value of it must be: `accept` gives it back, or undefined for one that has to be made again. */
export interface KeyedFormat<T> {
  field: string;
  accept: (value: unknown) => T | undefined;
  /** The value as JSON has it; default: itself. */
  encode?: ((value: T) => unknown) | undefined;
}

export class KeyedLines<T> {
  readonly #path: string | undefined;
  readonly #format: KeyedFormat<T>;
  readonly #values = new Map<string, T>();
  #appending: Promise<void> = Promise.resolve();

  private constructor(path: string | undefined, format: KeyedFormat<T>) {
    this.#path = path;
    this.#format = format;
  }

  /**
   * Without a path values live as long as the object. With one, nobody else may write there meanwhile; lines that are torn or damaged are
   * left out.
   *
   * @throws ArgsearchError FILE_UNREADABLE, FILE_UNWRITABLE
   */
  static async open<T>(path: string | undefined, format: KeyedFormat<T>): Promise<KeyedLines<T>> {
    const kept = new KeyedLines(path, format);
    if (path === undefined) return kept;
    await repair(path);
    for (const line of await readAppendedLines(path)) kept.#take(line);
    return kept;
  }

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  /** Resolves when the line is in the file. @throws ArgsearchError FILE_UNWRITABLE */
  async set(key: string, value: T): Promise<void> {
    this.#values.set(key, value);
    const path = this.#path;
    if (path === undefined) return;
    const { field, encode = (each) => each } = this.#format;
    this.#appending = this.#appending.then(() => append(path, `${JSON.stringify({ key, [field]: encode(value) })}\n`));
    await this.#appending;
  }

  #take(line: string): void {
    try {
      const { key, [this.#format.field]: value } = JSON.parse(line) as Record<string, unknown>;
      const accepted = this.#format.accept(value);
      if (typeof key === "string" && accepted !== undefined) this.#values.set(key, accepted);
    } catch {
      // Made again.
    }
  }
}
