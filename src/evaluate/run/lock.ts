/** One evaluation at a time in a directory: a second one would overwrite what the first appends. */
import { open, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ArgsearchError } from "../../errors.js";
import { unwritable } from "../../files/file-errors.js";

const FILE = "lock";

interface Holder {
  pid: number;
  host: string;
}

/**
 * Takes a directory; what comes back gives it back. A lock whose process is gone, say by `kill -9`, counts for nothing.
 *
 * @throws ArgsearchError BUSY, FILE_UNWRITABLE
 */
export async function lockDirectory(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, FILE);
  if (!(await create(path))) {
    const holder = await holderOf(path);
    if (holder !== undefined && isAlive(holder)) {
      throw new ArgsearchError(
        "BUSY",
        `${dir} is in use by process ${holder.pid} on ${holder.host}: wait for it, or choose another directory. If it is gone, remove ${path}`,
      );
    }
    await rm(path, { force: true });
    if (!(await create(path))) throw new ArgsearchError("BUSY", `${dir} is in use: another process has just taken it`);
  }
  return () => rm(path, { force: true });
}

/** False when there is one already. */
async function create(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    try {
      await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname() } satisfies Holder));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw unwritable(error, path);
  }
}

/** Undefined for a lock that is gone or was never finished. */
async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    const { pid, host } = JSON.parse(await readFile(path, "utf8")) as Partial<Holder>;
    return typeof pid === "number" && typeof host === "string" ? { pid, host } : undefined;
  } catch {
    return undefined;
  }
}

/** Processes of other machines cannot be asked: they count as alive. */
function isAlive({ pid, host }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
