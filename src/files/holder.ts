/** Who holds a lock: a thread of a process, told apart from a later one that got the same number. */
import { execFile } from "node:child_process";
import { readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname, uptime } from "node:os";
import { promisify } from "node:util";

/** What the system does not tell is absent. */
export interface Holder {
  pid: number;
  host: string;
  /** The system's number of the thread: a worker may end before its process. */
  thread?: number;
  /** When the thread began, as the system says it: numbers are used again, moments are not. */
  started?: string;
  /** This run of the machine, and the namespace that its process numbers are of: a container has one of its own. */
  boot?: string;
  namespace?: string;
}

/** Clocks are set right after a machine has started, milliseconds. */
const CLOCK_SLACK = 60_000;

/** The calling thread. */
export async function ownHolder(): Promise<Holder> {
  const thread = ownThread();
  const started = await startOf({ pid: process.pid, thread });
  return {
    pid: process.pid,
    host: hostname(),
    ...(thread !== undefined && { thread }),
    ...(typeof started === "string" && { started }),
    ...(await machine()),
  };
}

/**
 * Whether a holder still runs. One that cannot be asked, because it is of another machine or container, counts as running.
 *
 * @param since when it took its lock, milliseconds since 1970
 */
export async function isRunning(holder: Holder, since: number): Promise<boolean> {
  const here = await machine();
  const sameBoot = holder.boot !== undefined && holder.boot === here.boot;
  if (!sameBoot && holder.host !== hostname()) return true;
  if (holder.boot !== undefined && here.boot !== undefined && !sameBoot) return false;
  if (holder.namespace !== undefined && here.namespace !== undefined && holder.namespace !== here.namespace)
    return !isGoneContainer(holder);
  if (!exists(holder.pid)) return false;
  const started = await startOf(holder);
  if (started === null) return false;
  if (started === undefined || holder.started === undefined) return since >= Date.now() - uptime() * 1000 - CLOCK_SLACK;
  return started === holder.started;
}

/** Docker makes up a name for each container that was not given one: another namespace of that name is the same container, started again. */
function isGoneContainer({ host }: Holder): boolean {
  return host === hostname() && /^[0-9a-f]{12}$/.test(host);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function ownThread(): number | undefined {
  try {
    // Waiting for it would ask for a thread of the pool.
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return undefined;
  }
}

/** This run of the machine, and whose numbers its processes have; nothing where the system does not say. */
async function machine(): Promise<Pick<Holder, "boot" | "namespace">> {
  try {
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    return { boot, namespace: readlinkSync("/proc/self/ns/pid") };
  } catch {
    return {};
  }
}

/** Null for what has ended, though its parent may not have noticed yet; undefined where that cannot be told. */
async function startOf({ pid, thread }: Pick<Holder, "pid" | "thread">): Promise<string | null | undefined> {
  if (process.platform === "linux") return startByProc(pid, thread);
  return process.platform === "win32" ? undefined : startByPs(pid);
}

async function startByProc(pid: number, thread = pid): Promise<string | null | undefined> {
  const process = await readStat(`/proc/${pid}/stat`);
  if (process === undefined) return undefined;
  const stat = thread === pid ? process : await readStat(`/proc/${pid}/task/${thread}/stat`);
  return stat === undefined || isZombie(stat.state) ? null : stat.started;
}

/** proc_pid_stat(5): the name, in parentheses, may hold anything; the state follows it, the start is the 20th word from there. */
async function readStat(path: string): Promise<{ state: string; started: string } | undefined> {
  const content = await readFile(path, "utf8").catch(() => undefined);
  const words = content?.slice(content.lastIndexOf(")") + 2).split(" ");
  const [state, started] = [words?.[0], words?.[19]];
  return state === undefined || started === undefined ? undefined : { state, started };
}

/** What other Unix systems have in its place. */
export async function startByPs(pid: number): Promise<string | null | undefined> {
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  try {
    const { stdout } = await promisify(execFile)("ps", ["-o", "state=,lstart=", "-p", String(pid)], { env });
    const [state = "", ...started] = stdout.trim().split(/\s+/);
    return isZombie(state) ? null : started.join(" ");
  } catch (error) {
    // It ends with 1 where there is no such process.
    return (error as { code?: unknown }).code === 1 ? null : undefined;
  }
}

function isZombie(state: string): boolean {
  return /^[ZXx]/.test(state);
}
