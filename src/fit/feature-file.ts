/**
 * Hidden states on disk: a file that grows by one record a pair, so that memory stays the same however many there are, and
 * an interrupted run goes on where it stopped. A header (magic, length of a hidden state, key), then records. Who opens it
 * must be alone with it.
 */
import { readSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { ArgsearchError } from "../errors.js";
import { unwritable } from "../files/file-errors.js";
import { decodeHead, encodeHead, type FeatureRecord, HEAD_BYTES, type RecordHead, recordBytes } from "./feature-record.js";

const MAGIC = "ARGSFIT1";
const KEY_BYTES = 32;
const HEADER_BYTES = MAGIC.length + 4 + KEY_BYTES;
/** Read at once; a record may be longer. */
const CHUNK_BYTES = 4 << 20;

/** What a record is of. */
export type Identity = Pick<RecordHead, "kind" | "pairHash" | "heldOut">;

export class FeatureFile {
  readonly path: string;
  /** Length of a hidden state. */
  readonly rowLength: number;
  readonly #file: FileHandle;
  /** Where the records end that are known to be whole and wanted. */
  #end = HEADER_BYTES;

  private constructor(file: FileHandle, path: string, rowLength: number) {
    this.#file = file;
    this.path = path;
    this.rowLength = rowLength;
  }

  /**
   * Opens the file, or starts it over unless it was made with the same key (32 bytes).
   *
   * @throws ArgsearchError FILE_UNWRITABLE, also for a file of somebody else's
   */
  static async open(path: string, rowLength: number, key: Buffer): Promise<FeatureFile> {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(rowLength);
    const header = Buffer.concat([Buffer.from(MAGIC), length, key.subarray(0, KEY_BYTES)]);
    let file: FileHandle | undefined;
    try {
      file = await openOrCreate(path);
      await begin(file, header, path);
      return new FeatureFile(file, path, rowLength);
    } catch (error) {
      await file?.close();
      throw unwritable(error, path);
    }
  }

  /**
   * Passes over the next record if an older run wrote it for this very pair, and returns its head. Otherwise all that
   * follows is dropped: records of other pairs, or half a record.
   */
  async pass({ pairHash, heldOut, kind }: Identity): Promise<RecordHead | undefined> {
    const size = (await this.#file.stat()).size;
    if (size === this.#end) return undefined;
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, this.#end);
    if (bytesRead === HEAD_BYTES) {
      const head = decodeHead(buffer, 0);
      const end = this.#end + recordBytes(head, this.rowLength);
      if (end <= size && head.pairHash === pairHash && head.heldOut === heldOut && head.kind === kind) {
        this.#end = end;
        return head;
      }
    }
    await this.dropRest();
    return undefined;
  }

  /** @throws ArgsearchError FILE_UNWRITABLE, for example on a full disk; what was appended before stays usable */
  async append(record: FeatureRecord): Promise<void> {
    const { buffer, byteOffset, byteLength } = record.values;
    const bytes = Buffer.concat([encodeHead(record), Buffer.from(buffer, byteOffset, byteLength)]);
    try {
      for (let written = 0; written < bytes.length; ) {
        written += (await this.#file.write(bytes, written, bytes.length - written, this.#end + written)).bytesWritten;
      }
    } catch (error) {
      throw unwritable(error, this.path);
    }
    this.#end += bytes.length;
  }

  /** Drops what lies behind the last record that was passed or appended. @throws ArgsearchError FILE_UNWRITABLE */
  async dropRest(): Promise<void> {
    await this.#file.truncate(this.#end).catch((error: unknown) => {
      throw unwritable(error, this.path);
    });
  }

  /** Every record that was passed or appended, in order, some at a time. Their values are valid until the next batch. */
  async *batches(): AsyncGenerator<FeatureRecord[]> {
    let chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, this.#end - HEADER_BYTES));
    for (let at = HEADER_BYTES; at < this.#end; ) {
      // A regression passes over the file a thousand times: from the system's cache, without a thread hop each time.
      const bytesRead = readSync(this.#file.fd, chunk, 0, Math.min(chunk.length, this.#end - at), at);
      await setImmediate();
      const { records, bytes } = this.#decode(chunk.subarray(0, bytesRead));
      if (bytes === 0 && bytesRead < chunk.length) throw new Error(`${this.path} was cut short while it was being read`);
      if (bytes === 0) chunk = Buffer.allocUnsafeSlow(2 * chunk.length);
      else yield records;
      at += bytes;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Leaves what there is to a later run; an older run's records, too. Without any the file goes. Nothing happens once it is closed. */
  async suspend(): Promise<void> {
    if (this.#file.fd === -1) return;
    if ((await this.#file.stat()).size > HEADER_BYTES) await this.close();
    else await this.remove();
  }

  async remove(): Promise<void> {
    await this.#file.close();
    await rm(this.path, { force: true });
  }

  /** The whole records at the beginning of a chunk, and how long they are. */
  #decode(chunk: Buffer): { records: FeatureRecord[]; bytes: number } {
    const records: FeatureRecord[] = [];
    let at = 0;
    while (at + HEAD_BYTES <= chunk.length) {
      const head = decodeHead(chunk, at);
      const end = at + recordBytes(head, this.rowLength);
      if (end > chunk.length) break;
      const start = chunk.byteOffset + at + HEAD_BYTES;
      records.push({ ...head, values: new Float32Array(chunk.buffer, start, (end - at - HEAD_BYTES) / Float32Array.BYTES_PER_ELEMENT) });
      at = end;
    }
    return { records, bytes: at };
  }
}

/** Starts a file over that does not begin like this. @throws ArgsearchError FILE_UNWRITABLE where it is none of these files, whole or torn */
async function begin(file: FileHandle, header: Buffer, path: string): Promise<void> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  if (header.equals(buffer)) return;
  if (!MAGIC.startsWith(buffer.toString("latin1", 0, Math.min(bytesRead, MAGIC.length)))) {
    const message = `cannot write ${path}: the file there is not argsearch's; move it, or name another output`;
    throw new ArgsearchError("FILE_UNWRITABLE", message);
  }
  await file.truncate(0);
  await file.write(header, 0, HEADER_BYTES, 0);
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return open(path, "w+");
  }
}
