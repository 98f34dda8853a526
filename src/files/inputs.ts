/** An output must not be a file that the same call reads: it would be lost, often before it is read. */
import { type BigIntStats, fstatSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { ArgsearchError } from "../errors.js";
import { nameOf } from "./bytes.js";
import { modelParts } from "./model-parts.js";

/** A file, a directory for the files in it, a part of a model for all its parts, or a stream for the file that it reads. */
export type Input = string | Readable;

/**
 * Files are told by device and inode: links of either kind lead to the same one.
 *
 * @param option that names the output
 * @throws ArgsearchError OPTION_INVALID
 */
export async function refuseInputs(out: string, inputs: readonly Input[], option = "out"): Promise<void> {
  const target = await statsOf(out);
  if (!target?.isFile()) return;
  for (const input of inputs) {
    for (const file of await filesOf(input)) {
      const found = await statsOf(file);
      if (found?.ino !== target.ino || found.dev !== target.dev) continue;
      const message = `${option} must not be a file that is read: ${out} is ${nameOf(file)}; name another file`;
      throw new ArgsearchError("OPTION_INVALID", message, { option });
    }
  }
}

async function filesOf(input: Input): Promise<Input[]> {
  if (typeof input !== "string") return [input];
  const names = await readdir(input).catch(() => undefined);
  if (names === undefined) return modelParts(input);
  // A converted model may lie beside what it was made of; no conversion reads it.
  return names.filter((name) => !/\.gguf$/i.test(name)).map((name) => join(input, name));
}

/** Undefined for what is not there, or is no file. */
async function statsOf(file: Input): Promise<BigIntStats | undefined> {
  const { fd, path } = typeof file === "string" ? { path: file } : (file as { fd?: unknown; path?: unknown });
  try {
    if (typeof fd === "number") return fstatSync(fd, { bigint: true });
    return typeof path === "string" || Buffer.isBuffer(path) ? await stat(path, { bigint: true }) : undefined;
  } catch {
    return undefined;
  }
}
