import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { unreadable } from "./file-errors.js";
import { modelParts } from "./model-parts.js";

const SAMPLES = 64;
const SAMPLE_BYTES = 1 << 16;

/**
 * Tells models apart without reading gigabytes: SHA-256 of the size and of 64 samples of 64 KiB, spread from the first byte
 * to the last; files of up to 4 MiB whole. Of a split model, of all its parts, whichever is named. For noticing that a model
 * is another one, not for safety.
 *
 * @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE
 */
export async function fingerprint(path: string): Promise<string> {
  const parts = await modelParts(path);
  const prints: string[] = [];
  for (const part of parts) prints.push(await filePrint(part));
  const [only] = prints;
  return prints.length === 1 && only !== undefined ? only : createHash("sha256").update(prints.join("\n")).digest("hex");
}

async function filePrint(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const { size } = await file.stat();
    const hash = createHash("sha256").update(String(size));
    const sample = Buffer.alloc(SAMPLE_BYTES);
    for (let index = 0; index < SAMPLES; index++) {
      const spread = Math.floor((Math.max(0, size - SAMPLE_BYTES) * index) / (SAMPLES - 1));
      const { bytesRead } = await file.read(sample, 0, SAMPLE_BYTES, size <= SAMPLES * SAMPLE_BYTES ? index * SAMPLE_BYTES : spread);
      hash.update(sample.subarray(0, bytesRead));
    }
    return hash.digest("hex");
  } catch (error) {
    throw unreadable(error, path);
  } finally {
    await file?.close();
  }
}
