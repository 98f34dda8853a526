/** What was typed in earlier chats: a file in the cache's folder, a message a line. Without it there is less to find, and that is all. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir, makeFolders } from "../../files/cache-dir.js";
import { cleanedLine } from "../../files/clean.js";
import { writeWhole } from "../../files/whole-file.js";

const NAME = "chat-history";
/** Most entries of the file. */
export const LONGEST = 1000;
/** Characters of an entry that is kept: whole documents may be pasted. */
const LONGEST_ENTRY = 10_000;
/** It is nobody else's. */
const MODE = 0o600;

export interface History {
  /** The newest first, as readline has them. */
  readonly entries: readonly string[];
  add(entry: string): void;
}

/** One that is forgotten at the end. */
export class SessionHistory implements History {
  #entries: readonly string[];

  constructor(entries: readonly string[] = []) {
    this.#entries = entries;
  }

  get entries(): readonly string[] {
    return this.#entries;
  }

  add(entry: string): void {
    this.#entries = added(this.#entries, entry);
  }
}

/** One that later chats find. */
export class SavedHistory extends SessionHistory {
  readonly #path: string | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor() {
    const dir = cacheDir();
    const path = dir && join(dir, NAME);
    super(path === undefined ? [] : read(path));
    this.#path = path;
  }

  override add(entry: string): void {
    super.add(entry);
    const path = this.#path;
    if (path !== undefined && entry !== "" && entry.length <= LONGEST_ENTRY) this.#writing = this.#writing.then(() => write(path, entry));
  }

  /** Resolves when everything is in the file, or cannot be. */
  written(): Promise<void> {
    return this.#writing;
  }
}

function added(entries: readonly string[], entry: string): readonly string[] {
  return entry === "" || entry === entries[0] ? entries : [entry, ...entries].slice(0, LONGEST);
}

function read(path: string): string[] {
  try {
    const lines = readFileSync(path, "utf8").split("\n");
    return lines
      .filter((line) => line !== "")
      .map(cleanedLine)
      .reverse()
      .slice(0, LONGEST);
  } catch {
    return []; // none yet
  }
}

/** To what the file holds by now: another chat may have written to it. */
async function write(path: string, entry: string): Promise<void> {
  const lines = [...added(read(path), entry)].reverse();
  try {
    await makeFolders(dirname(path));
    await writeWhole(path, `${lines.join("\n")}\n`, MODE);
  } catch {
    // A read-only home, or a file where the folder should be.
  }
}
