/** Files that have their name only when they are whole and on disk. */
import { randomBytes } from "node:crypto";
import { open, readdir, readlink, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { refuseDirectory, unwritable } from "./file-errors.js";

/** The whole content, or the file as it was; `mode`: who may read it. @throws ArgsearchError FILE_UNWRITABLE */
export async function writeWhole(path: string, content: string, mode?: number): Promise<void> {
  const target = await followLinks(path);
  const temporary = temporaryName(target);
  try {
    await writeFile(temporary, content, { flag: "wx", mode });
    await moveInto(temporary, target, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error says more
    throw unwritable(error, path);
  }
}

/** Gives a file its final name once it is on disk; errors tell of `path`. @throws ArgsearchError FILE_UNWRITABLE */
export async function moveInto(temporary: string, target: string, path: string): Promise<void> {
  try {
    await flush(temporary, "r+");
    await rename(temporary, target);
  } catch (error) {
    throw unwritable(error, path);
  }
  // The move itself survives a power cut only once the directory is on disk; not every system lets one be opened.
  await flush(dirname(target), "r").catch(() => {});
}

/** Windows flushes only what is open for writing; directories can only be opened for reading. */
async function flush(path: string, flags: "r" | "r+"): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The end of temporaryName()'s names, and of those of files that are made of such ones. */
const TEMPORARY = /(?:\.\d+-[0-9a-f]{8}(?:\.\w+)?\.tmp)+$/;

/** A name beside `path` that nobody else takes. */
export function temporaryName(path: string, what = ""): string {
  return `${path}.${process.pid}-${randomBytes(4).toString("hex")}${what === "" ? "" : `.${what}`}.tmp`;
}

/** Removes what a process left that died while it wrote one of these files; only for the one who alone may write them. */
export async function removeTemporaries(dir: string, names: readonly string[]): Promise<void> {
  for (const entry of await readdir(dir)) {
    if (names.includes(entry.replace(TEMPORARY, "")) && TEMPORARY.test(entry)) await rm(join(dir, entry), { force: true });
  }
}

/** Long work comes before its file: where that could not be written is found out first. @throws ArgsearchError FILE_UNWRITABLE */
export async function requireWritable(path: string): Promise<void> {
  await refuseDirectory(path);
  const probe = temporaryName(await followLinks(path));
  try {
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    throw unwritable(error, path);
  }
}

/** The file behind links, whether it exists or not. @throws ArgsearchError FILE_UNWRITABLE for links in a circle */
export async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") throw unwritable(error, path);
    const target = await readlink(path).catch(() => undefined);
    return target === undefined ? resolve(path) : followLinks(resolve(dirname(path), target));
  }
}
