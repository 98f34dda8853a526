/** One writer at a time: a second one would overwrite what the first appends. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, fstatSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ArgsearchError } from "../errors.js";
import { unreadable, unwritable } from "./file-errors.js";
import { type Holder, isRunning, ownHolder } from "./holder.js";

/** Gives back what was taken. Twice does nothing more. */
export type Unlock = () => Promise<void>;

/** Takes a directory for its only writer, by a file "lock" in it. @throws ArgsearchError BUSY, FILE_UNREADABLE, FILE_UNWRITABLE */
export function lockDirectory(dir: string): Promise<Unlock> {
  return lock({ path: join(dir, "lock"), what: dir, otherwise: "choose another directory" });
}

/** Takes a file for its only writer, by a file `at`, by default beside it. @throws ArgsearchError BUSY, FILE_UNREADABLE, FILE_UNWRITABLE */
export function lockFile(path: string, at = `${path}.lock`): Promise<Unlock> {
  return lock({ path: at, what: path, otherwise: "name another file" });
}

interface Wanted {
  /** Of the lock. */
  path: string;
  /** For messages: what it stands for, and what to do but wait. */
  what: string;
  otherwise: string;
}

/** A lock as it lies on disk. */
interface Found {
  content: string;
  /** Names this very lock, though another may have the same content. */
  id: string;
  /** When it was taken, milliseconds since 1970. */
  since: number;
}

/** A lock without a holder is about to get one; or the machine failed at that moment, milliseconds ago. */
const UNFINISHED = 10_000;

/** Each try fails for another's success: so many do not happen. */
const TRIES = 1000;

async function lock({ path, what, otherwise }: Wanted): Promise<Unlock> {
  const own = JSON.stringify({ ...(await ownHolder()), nonce: crypto.randomUUID() });
  const other = await take(path, own).catch((error: unknown) => {
    throw unwritable(error, what);
  });
  if (other === null) return async () => giveBack(path, own);
  const who = other === "unknown" ? "another process" : `process ${other.pid} on ${other.host}`;
  throw new ArgsearchError("BUSY", `${what} is in use by ${who}: wait for it, or ${otherwise}. If it is gone, remove ${path}`);
}

/** Null when the lock is now ours; else who has it. */
async function take(path: string, own: string): Promise<Holder | "unknown" | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const found = read(path);
    if (found === undefined) {
      if (create(path, own)) return null;
      continue;
    }
    const other = (await holderOf(found)) ?? (await succeed(path, found, own));
    if (other !== "gone") return other === "ours" ? null : other;
  }
  return "unknown";
}

/**
 * Takes what a dead process holds. Who does so must be alone in it, and may die over it: the right to do so is a lock like any other,
 * and as long as `path` is what was found, nobody without it touches that. "gone" when somebody was faster, and has given the right back.
 */
async function succeed(path: string, found: Found, own: string): Promise<Holder | "unknown" | "ours" | "gone"> {
  const right = `${path}.${found.id}`;
  const rival = await take(right, own);
  if (rival !== null) return rival;
  try {
    if (read(path)?.id !== found.id) return "gone";
    renameSync(right, path);
    held.set(path, own);
    rmSync(unlinked(path, found.content), { force: true });
    return "ours";
  } finally {
    giveBack(right, own);
  }
}

/**
 * False where there is one already. What follows waits for nothing, so that an exit finds all of it done or none: a lock that is there
 * has its content, and is among those that are held.
 */
function create(path: string, own: string): boolean {
  const whole = unlinked(path, own);
  try {
    writeFileSync(whole, own, { flag: "wx" });
    linkOrWrite(whole, path, own);
    held.set(path, own);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    if (error instanceof Error) error.message = error.message.replaceAll(whole, path);
    throw error;
  } finally {
    if (existsSync(whole)) rmSync(whole, { force: true }); // below a file rmSync() would throw
  }
}

/** Under which name a lock is written before it has its own; a process that was killed between the two leaves it. */
function unlinked(path: string, content: string): string {
  return `${path}.${digest(content)}.tmp`;
}

function digest(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

function linkOrWrite(whole: string, path: string, own: string): void {
  try {
    linkSync(whole, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
    // Not every file system has links.
    writeFileSync(path, own, { flag: "wx" });
  }
}

/** Where there is nothing, or can be nothing: creating it says which. */
const NOWHERE = ["ENOENT", "ENOTDIR", "ENAMETOOLONG"];

/** Undefined when it has gone. @throws ArgsearchError FILE_UNREADABLE, NOT_A_FILE */
function read(path: string): Found | undefined {
  try {
    const file = openSync(path, "r");
    try {
      const { mtimeMs, ino } = fstatSync(file);
      const content = readFileSync(file, "utf8");
      return { content, id: digest(`${ino} ${mtimeMs} ${content}`), since: mtimeMs };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (NOWHERE.includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw unreadable(error, path);
  }
}

/** Null for one that is gone. What is no lock of ours is left alone. */
async function holderOf({ content, since }: Found): Promise<Holder | "unknown" | null> {
  const isUnfinished = content.replaceAll("\0", "") === "";
  if (isUnfinished) return Date.now() - since < UNFINISHED ? "unknown" : null;
  try {
    const holder = JSON.parse(content) as Partial<Holder> | null;
    if (!Number.isInteger(holder?.pid) || typeof holder?.host !== "string") return "unknown";
    return (await isRunning(holder as Holder, since)) ? (holder as Holder) : null;
  } catch {
    return "unknown";
  }
}

/** What this thread holds. */
const held = new Map<string, string>();

/** Also at an exit that waits for nobody. */
process.on("exit", () => {
  for (const [path, own] of held) giveBack(path, own);
});

/** What another holds by now, who removed ours by hand, stays. A lock that cannot be removed counts for nothing once its process is gone. */
function giveBack(path: string, own: string): void {
  if (held.get(path) !== own) return;
  held.delete(path);
  try {
    if (readFileSync(path, "utf8") === own) rmSync(path, { force: true });
  } catch {
    // It is gone.
  }
}
