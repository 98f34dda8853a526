/** One file of the Hub onto this disk: torn downloads go on where they stopped, and what is not what was promised is not kept. */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { throwIfAborted } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import { unwritable } from "../files/file-errors.js";
import { lockFile, type Unlock } from "../files/lock.js";
import { moveInto } from "../files/whole-file.js";
import { ownWait, pause } from "../remote/again.js";
import { isFile, makeFolder, type RepoFile } from "./cache.js";
import { bytesOf, type HubClient } from "./client.js";
import { reasonOf, type Subject, shown } from "./failures.js";

/** Tries one after another that bring nothing. */
const TRIES = 5;

/** Milliseconds between looks at whether another process has got it, and without progress of it after which it is waited for no more. */
const LOOK_AGAIN = 250;
const PATIENCE = 120_000;

export interface Wanted {
  file: RepoFile;
  subject: Subject;
  url: URL;
  /** Where it is to be. */
  blob: string;
  /** Where who downloads it says so. */
  lock: string;
}

/**
 * Downloads a file, or waits while another process of this package does. What has come stays in `blob`.incomplete when it ends early;
 * huggingface_hub's newer versions have names of their own for what they write, so that neither harms the other.
 *
 * @param onBytes told how many bytes are there
 * @throws ArgsearchError HUB_*; BUSY; FILE_UNWRITABLE, also for a disk with too little room; ABORTED
 */
export async function fetchBlob(client: HubClient, wanted: Wanted, onBytes: (bytes: number) => void): Promise<void> {
  await makeFolder(dirname(wanted.blob));
  await makeFolder(dirname(wanted.lock));
  const unlock = await turn(client.signal, wanted, onBytes);
  try {
    if (!(await isFile(wanted.blob))) await new Download(client, wanted, onBytes).run();
    onBytes(wanted.file.size);
  } finally {
    await unlock();
  }
}

/** @throws ArgsearchError ABORTED, FILE_UNREADABLE, FILE_UNWRITABLE; BUSY for one whose holder makes no progress, as on a machine that has gone */
async function turn(signal: AbortSignal | undefined, { blob, lock }: Wanted, onBytes: (bytes: number) => void): Promise<Unlock> {
  let [last, since] = [-1, Date.now()];
  for (;;) {
    throwIfAborted(signal);
    try {
      return await lockFile(blob, lock);
    } catch (error) {
      if (!(error instanceof ArgsearchError) || error.code !== "BUSY" || Date.now() - since > PATIENCE) throw error;
    }
    const size = await sizeOf(incomplete(blob));
    if (size !== last) [last, since] = [size, Date.now()];
    onBytes(size);
    await pause(LOOK_AGAIN, [signal]);
  }
}

class Download {
  readonly #client: HubClient;
  readonly #wanted: Wanted;
  readonly #onBytes: (bytes: number) => void;
  readonly #partial: string;
  /** Of what is in the partial file. */
  #hash: Hash;
  #size = 0;
  /** The partial file's beginning is of somebody else, or of another day. */
  #resumed = false;

  constructor(client: HubClient, wanted: Wanted, onBytes: (bytes: number) => void) {
    this.#client = client;
    this.#wanted = wanted;
    this.#onBytes = onBytes;
    this.#partial = incomplete(wanted.blob);
    this.#hash = hashOf(wanted.file);
  }

  async run(): Promise<void> {
    const { file, blob } = this.#wanted;
    await this.#readPartial();
    await requireRoom(blob, file.size - this.#size);
    await this.#complete();
    if (!this.#isRight() && this.#resumed) {
      await this.#startOver();
      await this.#complete();
    }
    if (this.#isRight()) return moveInto(this.#partial, blob, blob);
    await rm(this.#partial, { force: true });
    const why =
      "what came has another hash than the Hub says, and was removed. Something on the way changes it: try again, or another network";
    throw new ArgsearchError("HUB_FAILED", `${shown(this.#wanted.subject)}: ${why}`, { details: { url: this.#wanted.url.href } });
  }

  #isRight(): boolean {
    return this.#size === this.#wanted.file.size && this.#hash.copy().digest("hex") === this.#wanted.file.hash;
  }

  /** Until the size is right, or nothing helps. */
  async #complete(): Promise<void> {
    for (let vain = 0; this.#size < this.#wanted.file.size || (this.#size === 0 && !(await isFile(this.#partial))); ) {
      const before = this.#size;
      const torn = await this.#continue();
      throwIfAborted(this.#client.signal);
      if (torn === undefined) continue;
      vain = this.#size > before ? 0 : vain + 1;
      if (vain >= TRIES) throw this.#torn(torn);
      if (vain > 0) await pause(ownWait(vain - 1), [this.#client.signal]);
      throwIfAborted(this.#client.signal);
    }
  }

  #torn(cause: unknown): ArgsearchError {
    const { subject, file, url } = this.#wanted;
    const what = `${shown(subject)} broke off at ${this.#size} of ${file.size} bytes (${reasonOf(cause)}), and did so ${TRIES} times`;
    return new ArgsearchError("HUB_FAILED", `${what}: the same call goes on from there`, { cause, details: { url: url.href } });
  }

  /** One request for what is missing. Returns what it broke off with, undefined for a whole answer. */
  async #continue(): Promise<unknown> {
    const { subject, url, file } = this.#wanted;
    const headers = new Headers(this.#size > 0 ? { range: `bytes=${this.#size}-` } : {});
    const opened = await this.#client.open(url, subject, headers).catch(unanswered);
    if (opened instanceof ArgsearchError) return opened;
    const { response, close } = opened;
    try {
      // A server need not know of ranges: then the file comes from its beginning.
      if (this.#size > 0 && startOf(response) !== this.#size) await this.#startOver();
      const output = await this.#open();
      try {
        for await (const bytes of tearing(bytesOf(response.body, this.#client.settings.stallTimeout))) {
          if (this.#size + bytes.length > file.size) return this.#tooLong(bytes);
          await this.#append(output, bytes);
        }
      } finally {
        await output.close();
      }
      return this.#size < file.size ? new Error("the answer is shorter than the file") : undefined;
    } catch (error) {
      if (error instanceof Torn) return error.cause;
      throw error;
    } finally {
      close();
    }
  }

  /** More than was promised has no right hash. */
  #tooLong(bytes: Uint8Array): undefined {
    this.#hash.update(bytes);
    this.#size = this.#wanted.file.size + 1;
    return undefined;
  }

  async #append(output: FileHandle, bytes: Uint8Array): Promise<void> {
    try {
      await output.appendFile(bytes);
    } catch (error) {
      throw unwritable(error, this.#wanted.blob);
    }
    this.#hash.update(bytes);
    this.#size += bytes.length;
    this.#onBytes(this.#size);
  }

  async #open(): Promise<FileHandle> {
    try {
      return await open(this.#partial, "a");
    } catch (error) {
      throw unwritable(error, this.#wanted.blob);
    }
  }

  /** What an earlier call left; longer than the file it is of something else. */
  async #readPartial(): Promise<void> {
    const size = await sizeOf(this.#partial);
    if (size === 0) return;
    if (size > this.#wanted.file.size) return this.#startOver();
    for await (const bytes of createReadStream(this.#partial, { highWaterMark: 1 << 20, end: size - 1 })) {
      this.#hash.update(bytes as Buffer);
      this.#size += (bytes as Buffer).length;
      throwIfAborted(this.#client.signal);
    }
    this.#resumed = true;
    this.#onBytes(this.#size);
  }

  async #startOver(): Promise<void> {
    await rm(this.#partial, { force: true });
    this.#hash = hashOf(this.#wanted.file);
    this.#size = 0;
    this.#resumed = false;
  }
}

/** A network that is gone for a while is waited for; what a server refuses is final. */
function unanswered(error: unknown): ArgsearchError {
  if (error instanceof ArgsearchError && error.code === "HUB_UNREACHABLE") return error;
  throw error;
}

/** What a connection ends with; errors of disks and callbacks are others. */
class Torn extends Error {}

async function* tearing(body: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw new Torn("torn", { cause });
  }
}

/** Large files are known by their SHA-256, small ones as git knows them. */
function hashOf({ hash, size }: RepoFile): Hash {
  return hash.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
}

/** The byte that an answer begins with. */
function startOf({ status, headers }: Response): number {
  const [, start] = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "") ?? [];
  return status === 206 && start !== undefined ? Number(start) : 0;
}

/** @throws ArgsearchError FILE_UNWRITABLE */
async function requireRoom(blob: string, bytes: number): Promise<void> {
  const found = await statfs(dirname(blob)).catch(() => undefined);
  // Some file systems of networks tell nothing.
  if (found === undefined || found.blocks === 0) return;
  const free = found.bavail * found.bsize;
  if (free >= bytes) return;
  const gigabytes = (count: number): string => `${(count / 1e9).toFixed(1)} GB`;
  const cure = "free some, or set HF_HOME to a folder on another disk";
  throw new ArgsearchError("FILE_UNWRITABLE", `cannot write ${blob}: ${gigabytes(bytes)} are missing and ${gigabytes(free)} free: ${cure}`);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function incomplete(blob: string): string {
  return `${blob}.incomplete`;
}

/** Beside huggingface_hub's own, which are of another kind. */
export function lockOf(cache: string, repoFolder: string, { hash }: RepoFile): string {
  return join(cache, ".locks", basename(repoFolder), `${hash}.argsearch.lock`);
}
