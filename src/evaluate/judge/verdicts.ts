/** What the judge has said, on disk: nothing is asked (and paid) twice. */
import { createHash } from "node:crypto";
import { append, readAppendedLines, repair } from "../../files/appended-lines.js";
import type { JudgeMessage } from "./scheme.js";
import { spoken } from "./thought.js";

/** Replies by the question's digest. A torn last line, or one that is damaged, is asked again. */
export class VerdictCache {
  readonly #path: string | undefined;
  readonly #replies = new Map<string, string>();
  #appending: Promise<void> = Promise.resolve();

  private constructor(path: string | undefined) {
    this.#path = path;
  }

  /**
   * Without a path replies live as long as the object. With one, nobody else may write there meanwhile.
   *
   * @throws ArgsearchError FILE_UNREADABLE, FILE_UNWRITABLE
   */
  static async open(path: string | undefined): Promise<VerdictCache> {
    const cache = new VerdictCache(path);
    if (path === undefined) return cache;
    await repair(path);
    for (const line of await readAppendedLines(path)) cache.#take(line);
    return cache;
  }

  get(key: string): string | undefined {
    return this.#replies.get(key);
  }

  /** @throws ArgsearchError FILE_UNWRITABLE */
  async set(key: string, reply: string): Promise<void> {
    this.#replies.set(key, reply);
    const path = this.#path;
    if (path === undefined) return;
    this.#appending = this.#appending.then(() => append(path, `${JSON.stringify({ key, reply })}\n`));
    await this.#appending;
  }

  #take(line: string): void {
    try {
      const { key, reply } = JSON.parse(line) as { key?: unknown; reply?: unknown };
      // Older versions kept what broke off within a thought.
      if (typeof key === "string" && typeof reply === "string" && spoken(reply).text !== "") this.#replies.set(key, reply);
    } catch {
      // Asked again.
    }
  }
}

/** A question to one model, in 64 hexadecimal digits. */
export function verdictKey(model: string, messages: readonly JudgeMessage[]): string {
  return createHash("sha256")
    .update(JSON.stringify([model, messages]))
    .digest("hex");
}
