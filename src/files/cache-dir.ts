/** What is remembered from one run to the next. Nothing here fails: without a cache things take longer, and that is all. */
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { toJson } from "./json.js";
import { writeWhole } from "./whole-file.js";

/**
 * The folder that ARGSEARCH_CACHE_DIR names, else argsearch's in the user's cache folder by the custom of each system ($XDG_CACHE_HOME,
 * ~/.cache, ~/Library/Caches, %LOCALAPPDATA%). It may not exist yet. Undefined for a user without a home.
 */
export function cacheDir(): string | undefined {
  const { ARGSEARCH_CACHE_DIR, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (ARGSEARCH_CACHE_DIR) return resolve(ARGSEARCH_CACHE_DIR);
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "argsearch");
  const home = homeDir();
  if (process.platform === "win32") {
    const local = LOCALAPPDATA || (home && join(home, "AppData", "Local"));
    return local && join(local, "argsearch", "Cache");
  }
  return home && join(home, ...(process.platform === "darwin" ? ["Library", "Caches"] : [".cache"]), "argsearch");
}

function homeDir(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined; // a user that the system does not know, as in some containers
  }
}

/** What was remembered under a name; undefined when it was not, or cannot be read. It may have any shape. */
export function recall(name: string): unknown {
  const dir = cacheDir();
  if (dir === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(join(dir, name), "utf8")) as unknown;
  } catch {
    return undefined;
  }
}

/** Keeps a value under a name, a path below the cache's folder, where that can be written. */
export async function remember(name: string, value: unknown): Promise<void> {
  const dir = cacheDir();
  if (dir === undefined) return;
  const path = join(dir, name);
  try {
    await makeFolders(dirname(path));
    await writeWhole(path, toJson(value));
  } catch {
    // A read-only home, or a file where the folder should be.
  }
}

/** Node's own way never comes back from a file system that has no such folder and makes none, as Linux's /proc. */
export async function makeFolders(dir: string): Promise<void> {
  const make = (): Promise<string | undefined> =>
    mkdir(dir).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    );
  if ((await make()) !== "ENOENT" || dirname(dir) === dir) return;
  await makeFolders(dirname(dir));
  await make();
}
