/** Files that take their name when they are whole, with one writer at a time; what is no ordinary file is written to as it stands. */
import { constants, fstatSync, type Stats } from "node:fs";
import { type FileHandle, open, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ArgsearchError } from "../errors.js";
import { refuseDirectory, unwritable } from "./file-errors.js";
import { type Input, refuseInputs } from "./inputs.js";
import { lockFile, type Unlock } from "./lock.js";
import { followLinks, moveInto, removeTemporaries } from "./whole-file.js";

export interface OutputOptions {
  /** 12 hexadecimal digits before ".partial" in the name under which the file grows; default none. */
  tag?: string | undefined;
  /** Keep what an older file of that name holds; default false. */
  resume?: boolean | undefined;
  /** What the same call reads, which the output must not be. */
  inputs?: readonly Input[] | undefined;
  /** By which the output is named; default "out". */
  option?: string | undefined;
}

/**
 * Grows as PATH.partial beside the final file, links followed, and replaces that at the end. Until then PATH.partial.lock keeps other
 * writers away, also those that would go on with another partial file. A device or a pipe is written to directly: it is never replaced
 * or removed.
 */
export class OutputFile {
  /** Under which name it grows; null for a device or a pipe. */
  readonly partial: string | null;
  readonly handle: FileHandle;
  readonly #path: string;
  readonly #target: string;
  readonly #unlock: Unlock;

  private constructor(path: string, target: string, partial: string | null, handle: FileHandle, unlock: Unlock = async () => {}) {
    this.#path = path;
    this.#target = target;
    this.partial = partial;
    this.handle = handle;
    this.#unlock = unlock;
  }

  /** @throws ArgsearchError BUSY when somebody else is writing it; OPTION_INVALID for an input; FILE_UNWRITABLE, for a directory among others */
  static async open(path: string, { tag = "", resume = false, inputs = [], option }: OutputOptions = {}): Promise<OutputFile> {
    try {
      await refuseInputs(path, inputs, option);
      const { target, ordinary, unlock } = await claim(path);
      if (!ordinary) return new OutputFile(path, path, null, await openDevice(path));
      const partial = `${target}.${tag === "" ? "" : `${tag}.`}partial`;
      const opened = refuseInputs(partial, inputs, option).then(() => open(partial, resume ? "a+" : "w+"));
      const handle = await opened.catch(async (error: unknown) => {
        await unlock();
        throw error;
      });
      return new OutputFile(path, target, partial, handle, unlock);
    } catch (error) {
      throw unwritable(error, path);
    }
  }

  /** What interrupted runs with other tags left beside it: it goes when this file is whole. */
  async leftByOthers(): Promise<string[]> {
    return this.partial === null ? [] : (await tagged(this.#target)).filter((path) => path !== this.partial);
  }

  /** @throws ArgsearchError FILE_UNWRITABLE, for example on a full disk */
  async append(text: string): Promise<void> {
    await this.handle.appendFile(text).catch((error: unknown) => {
      throw unwritable(error, this.#path);
    });
  }

  /** The file is whole: gives it its name, once it is on disk. @throws ArgsearchError FILE_UNWRITABLE */
  async commit(): Promise<void> {
    try {
      await this.handle.close();
      if (this.partial === null) return;
      await moveInto(this.partial, this.#target, this.#path);
      await removeStale(this.#target);
    } catch (error) {
      throw unwritable(error, this.#path);
    } finally {
      await this.#unlock();
    }
  }

  get closed(): boolean {
    return this.handle.fd === -1;
  }

  /** Leaves what there is under the partial name. Nothing happens after commit(). */
  async suspend(): Promise<void> {
    if (!this.closed) await this.handle.close().finally(this.#unlock);
  }

  /** Leaves nothing. */
  async discard(): Promise<void> {
    if (this.closed) return;
    try {
      await this.handle.close();
      if (this.partial !== null) await rm(this.partial, { force: true });
    } finally {
      await this.#unlock();
    }
  }
}

/** Removes what interrupted runs with other tags left: nobody goes on with that once the file is there. For who has the lock. */
async function removeStale(target: string): Promise<void> {
  for (const path of await tagged(target)) await rm(path, { force: true }).catch(() => {}); // the file itself is whole
}

/** Files that grow, or grew, under tags. */
async function tagged(target: string): Promise<string[]> {
  const [dir, name] = [dirname(target), basename(target)];
  const isTagged = (entry: string): boolean => entry.startsWith(name) && /^\.[0-9a-f]{12}\.partial$/.test(entry.slice(name.length));
  return (await readdir(dir).catch(() => [])).filter(isTagged).map((entry) => join(dir, entry));
}

/**
 * For outputs that are written by other means: nobody else writes the file meanwhile, and it is none of the inputs.
 *
 * @param work takes the file behind links
 * @throws ArgsearchError as OutputFile.open(); what `work` throws
 */
export async function alone<T>(path: string, inputs: readonly Input[], work: (target: string) => Promise<T>): Promise<T> {
  await refuseInputs(path, inputs);
  const { target, ordinary, unlock } = await claim(path);
  try {
    // Of a process that was killed, or a worker that was terminated: they may be as large as a model.
    if (ordinary) await removeTemporaries(dirname(target), [basename(target)]).catch(() => {});
    return await work(target);
  } finally {
    await unlock();
  }
}

interface Claim {
  /** The file behind links. */
  target: string;
  /** Neither a device nor a pipe, which have any number of writers. */
  ordinary: boolean;
  unlock: Unlock;
}

async function claim(path: string): Promise<Claim> {
  await refuseDirectory(path);
  const present = await stat(path).catch(() => undefined);
  requireFree(path, present);
  if (present && !present.isFile()) return { target: path, ordinary: false, unlock: async () => {} };
  const target = await followLinks(path);
  return { target, ordinary: true, unlock: await lockFile(path, `${target}.partial.lock`) };
}

function requireFree(path: string, present: Stats | undefined): void {
  if (!present?.isFile() || !isStandardOutput(present)) return;
  throw new ArgsearchError("FILE_UNWRITABLE", `cannot write ${path}: standard output goes there already; name another file`);
}

function isStandardOutput({ dev, ino }: Stats): boolean {
  try {
    const output = fstatSync(1);
    return output.dev === dev && output.ino === ino;
  } catch {
    return false; // closed
  }
}

/** Opening a pipe that nobody reads would block, and no signal could end that: a first, patient attempt finds out. */
async function openDevice(path: string): Promise<FileHandle> {
  const attempt = await open(path, constants.O_WRONLY | (constants.O_NONBLOCK ?? 0)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENXIO") throw error;
    throw new ArgsearchError("FILE_UNWRITABLE", `cannot write ${path}: nobody reads that pipe; start its reader first`, { cause: error });
  });
  try {
    return await open(path, "w");
  } finally {
    await attempt.close();
  }
}
