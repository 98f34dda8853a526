/** Whether two models have one trunk: a reward file tells the hash of the one that its head was made for. */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { binding, type GgufFile, type GgufTensor } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { recall, remember } from "../files/cache-dir.js";
import { unreadable } from "../files/file-errors.js";
import { stateOf } from "../files/state.js";
import { Metadata } from "./metadata.js";
import { HEAD_PREFIX } from "./reward-head.js";

/** SHA-256 of the trunk, in hexadecimal. */
export const TRUNK_KEY = `${HEAD_PREFIX}trunk`;

/**
 * SHA-256 of a model's tensors (names, types, shapes, bytes) and of the metadata that its graph is made by: the same for a file
 * and for a copy with a reward head. Reads all of it, once: what it was is remembered for as long as the files are the same.
 *
 * @throws ArgsearchError FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function trunkHash(file: GgufFile): Promise<string> {
  const name = join("trunks", `${createHash("sha256").update(file.files.map(stateOf).join("\n")).digest("hex").slice(0, 32)}.json`);
  const known = recall(name);
  if (typeof known === "string") return known;
  const hash = createHash("sha256").update(layoutOf(file));
  for (const tensor of sorted(file.tensors)) await addBytes(hash, tensor);
  const found = hash.digest("hex");
  await remember(name, found);
  return found;
}

/** The head in `reward` was made for exactly the trunk in `policy`, and still stands on it, as far as can be told without reading its tensors. */
export async function sameTrunk(policy: string, reward: string): Promise<boolean> {
  const head = await native(() => binding().readGguf(reward));
  const recorded = new Metadata(head).text(TRUNK_KEY);
  if (recorded === null) return false;
  const trunk = await native(() => binding().readGguf(policy));
  return layoutOf(trunk) === layoutOf(head) && (await trunkHash(trunk)) === recorded;
}

/** All but the bytes, in one text. */
function layoutOf({ entries, tensors }: GgufFile): string {
  const architecture = new Metadata({ entries }).text("general.architecture");
  const metadata = entries
    .filter(({ key }) => key.startsWith(`${architecture}.`) || (key.startsWith("tokenizer.") && key !== "tokenizer.chat_template"))
    .map(({ key, value, count }) => [key, count, value instanceof Float64Array ? [...value] : value])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return JSON.stringify([metadata, sorted(tensors).map(({ name, type, shape, bytes }) => [name, type, shape, bytes])]);
}

function sorted(tensors: readonly GgufTensor[]): GgufTensor[] {
  return [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function addBytes(hash: Hash, { file, offset, bytes }: GgufTensor): Promise<void> {
  if (bytes === 0) return;
  try {
    for await (const piece of createReadStream(file, { start: offset, end: offset + bytes - 1, highWaterMark: 1 << 20 })) {
      hash.update(piece as Buffer);
    }
  } catch (error) {
    throw unreadable(error, file);
  }
}
