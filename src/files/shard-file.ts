/** A file of result lines that is one shard, what stands beside it (FILE.shard.json), and all of them as one file. */
import { createHash } from "node:crypto";
import { ArgsearchError } from "../errors.js";
import type { Shard } from "../types.js";
import { fileBytes } from "./bytes.js";
import { ifAny, isJsonObject, type JsonObject, parseJsonObject, readJson, toJson } from "./json.js";
import { rawLines, tooLong } from "./lines.js";
import { OutputFile } from "./output-file.js";
import { type Place, placeOrder } from "./resumable-lines.js";
import { requireAll, resolveShard } from "./shard.js";
import { writeWhole } from "./whole-file.js";

/** What FILE.shard.json says. */
export interface ShardNote {
  /** What made the lines. */
  kind: "score" | "generate";
  shard: Shard;
  /** Of models, data and settings: shards of one whole have the same. */
  key: string;
  /** Lines of the data that have no result. */
  failed: number[];
  /** Of the file. */
  sha256: string;
}

/** To be called when the file is whole. @throws ArgsearchError FILE_UNREADABLE, FILE_UNWRITABLE */
export async function noteShard(path: string, note: Omit<ShardNote, "sha256">): Promise<void> {
  await writeWhole(noteName(path), toJson({ ...note, sha256: await hashOf(path) }));
}

/** @throws ArgsearchError INPUT_INVALID for a file that is no shard, is not whole or was changed; FILE_NOT_FOUND, FILE_UNREADABLE */
export async function readNote(path: string): Promise<ShardNote> {
  const sha256 = await hashOf(path);
  const value = await ifAny(readJson, noteName(path));
  if (value === undefined) {
    throw new ArgsearchError(
      "INPUT_INVALID",
      `${path} is no finished shard: there is no ${noteName(path)} beside it, which ends such a run`,
    );
  }
  if (!isNote(value)) throw new ArgsearchError("INPUT_INVALID", `${noteName(path)} does not say which shard ${path} is`);
  if (value.sha256 === sha256) return { ...value, shard: resolveShard(value.shard) as Shard };
  throw new ArgsearchError("INPUT_INVALID", `${path} is not the file that ${noteName(path)} is of: run that shard again`);
}

function isNote(value: unknown): value is ShardNote {
  if (!isJsonObject(value)) return false;
  const { kind, shard, key, failed, sha256 } = value;
  const texts = [kind, key, sha256].every((each) => typeof each === "string");
  return texts && isJsonObject(shard) && Array.isArray(failed) && failed.every(Number.isSafeInteger);
}

/** All shards' notes, in the order of the files. @throws ArgsearchError as readNote(); INPUT_INVALID where they do not make one whole */
export async function readNotes(paths: readonly string[], kind: ShardNote["kind"]): Promise<ShardNote[]> {
  const notes: ShardNote[] = [];
  for (const path of paths) notes.push(await readNote(path));
  const [first] = notes;
  for (const [at, note] of notes.entries()) {
    const path = paths[at];
    if (note.kind !== kind) throw new ArgsearchError("INPUT_INVALID", `${path} was made by ${note.kind}, not by ${kind}`);
    if (note.key !== first?.key) {
      const message = `${path} is of other models, data or settings than ${paths[0]}: shards of one whole have the same`;
      throw new ArgsearchError("INPUT_INVALID", message);
    }
  }
  requireAll(notes.map(({ shard }, at) => ({ path: paths[at] as string, shard })));
  return notes;
}

/**
 * Writes the lines of all files in the order of their data; `onLine` gets each.
 *
 * @throws ArgsearchError INPUT_INVALID for a line of two files; BUSY; OPTION_INVALID when `out` is one of them; FILE_UNWRITABLE
 */
export async function mergeLines(paths: readonly string[], out: string, onLine: (line: JsonObject) => void): Promise<void> {
  const file = await OutputFile.open(out, { inputs: [...paths, ...paths.map(noteName)] });
  const readers = paths.map((path) => new Reader(path));
  try {
    for (const reader of readers) await reader.advance();
    for (;;) {
      const open = readers.filter(({ head }) => head !== undefined);
      const [first] = open;
      if (first === undefined) break;
      const next = open.reduce((least, each) => (placeOrder(each.place, least.place) < 0 ? each : least), first);
      const twice = open.find((each) => each !== next && placeOrder(each.place, next.place) === 0);
      if (twice) throw new ArgsearchError("INPUT_INVALID", `line ${next.place.line} is in both ${next.path} and ${twice.path}`);
      const { text, value } = next.head as Head;
      await file.append(text);
      onLine(value);
      await next.advance();
    }
    await file.commit();
  } catch (error) {
    await file.discard();
    throw error;
  } finally {
    for (const reader of readers) await reader.close();
  }
}

interface Head {
  text: string;
  value: JsonObject;
}

/** The lines of a file, one looked at ahead. */
class Reader {
  readonly path: string;
  readonly #lines: AsyncGenerator<Buffer | null>;
  head: Head | undefined;
  #number = 0;

  constructor(path: string) {
    this.path = path;
    this.#lines = rawLines(fileBytes(path));
  }

  get place(): Place {
    return this.head?.value as unknown as Place;
  }

  async advance(): Promise<void> {
    const next = await this.#lines.next();
    const where = `line ${++this.#number} of ${this.path}`;
    if (next.done) this.head = undefined;
    else if (next.value === null) throw tooLong(where);
    else {
      const text = next.value.toString();
      const value = parseJsonObject(text, where);
      if (!Number.isSafeInteger(value.line)) throw new ArgsearchError("INPUT_INVALID", `${where} does not say which line it is of`);
      this.head = { text, value };
    }
  }

  async close(): Promise<void> {
    await this.#lines.return(undefined);
  }
}

function noteName(path: string): string {
  return `${path}.shard.json`;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of fileBytes(path)) hash.update(chunk);
  return hash.digest("hex");
}
