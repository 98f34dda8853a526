/**
 * How this process can have a child. Node's own way is to start its own program again with a script, and that is wrong wherever the program
 * is the application itself: it would start a second time.
 */
import { basename } from "node:path";
import { isMainThread } from "node:worker_threads";
import { requireHere } from "../package-root.js";

export type ChildKind =
  /** child_process.fork(), with these environment variables beside the parent's. */
  | { how: "fork"; env: Record<string, string> }
  /** Electron's utilityProcess. */
  | { how: "utility" }
  | { how: "none"; why: string };

/** What tells the programs apart that run JavaScript as Node does. */
export interface Host {
  versions: Readonly<Record<string, string | undefined>>;
  execPath: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Electron's process.type: "browser" is its main process; undefined where it was told to be Node. */
  type?: string | undefined;
  /** A thread of node:worker_threads. */
  isWorker: boolean;
  /** Packed into one executable: by Node's own means, pkg, nexe, bun or deno. */
  isPacked: boolean;
  /** Electron has utilityProcess, and its application is ready. */
  hasUtility: boolean;
  /** False where Node's permission model forbids child processes. */
  isAllowed: boolean;
}

/** The programs that run the script that they are given. */
const RUNTIMES = /^(node|bun|deno)/i;

export function childKind(host: Host): ChildKind {
  const { versions, env, type } = host;
  if (!host.isAllowed) return none("Node's permission model forbids child processes (--allow-child-process)");
  if (host.isPacked) return none("the program is one executable, which a child process would start again");
  if (versions.electron !== undefined) {
    // Electron as plain Node: the fuse that allows this is on.
    if (type === undefined && env.ELECTRON_RUN_AS_NODE) return { how: "fork", env: { ELECTRON_RUN_AS_NODE: "1" } };
    if (type !== "browser" || host.isWorker) return none("only Electron's main process can have one");
    if (host.hasUtility) return { how: "utility" };
    return none("Electron's utilityProcess is not there: it takes Electron 22, and an app that is ready");
  }
  if (RUNTIMES.test(basename(host.execPath.replaceAll("\\", "/")))) return { how: "fork", env: {} };
  return none(`${host.execPath} is not known to be Node, and might be the application itself`);
}

function none(why: string): ChildKind {
  return { how: "none", why };
}

/** What tells an Electron process, and what packers leave behind. */
type AnyProcess = NodeJS.Process & {
  type?: string;
  pkg?: unknown;
  __nexe?: unknown;
  permission?: { has(scope: string): boolean };
};

interface AnyGlobal {
  Bun?: { main?: string };
  Deno?: { build?: { standalone?: boolean } };
}

/** This process. */
export function thisHost(): Host {
  const { versions, execPath, env, type, permission } = process as AnyProcess;
  return {
    versions,
    execPath,
    env,
    type,
    isWorker: !isMainThread,
    isPacked: isPacked(),
    hasUtility: versions.electron !== undefined && electron()?.app?.isReady() === true,
    isAllowed: permission === undefined || permission.has("child"),
  };
}

function isPacked(): boolean {
  const { pkg, __nexe } = process as AnyProcess;
  const { Bun, Deno } = globalThis as AnyGlobal;
  const bunPacked = /\$bunfs|~BUN/.test(Bun?.main ?? "");
  const sea = load<{ isSea(): boolean }>("node:sea")?.isSea() === true;
  return pkg !== undefined || __nexe !== undefined || bunPacked || Deno?.build?.standalone === true || sea;
}

/** A channel to a child, as Electron makes it. */
export interface UtilityProcess {
  readonly pid: number | undefined;
  readonly stderr: NodeJS.ReadableStream | null;
  postMessage(message: unknown): void;
  kill(): boolean;
  on(event: "message", listener: (message: unknown) => void): this;
  on(event: "exit", listener: (code: number) => void): this;
}

interface Electron {
  app?: { isReady(): boolean };
  utilityProcess?: { fork(path: string, args: string[], options: object): UtilityProcess };
}

/** Electron's own module, in its main process; undefined without utilityProcess. */
export function electron(): Required<Electron> | undefined {
  const found = load<Electron>("electron");
  return found?.utilityProcess && found.app ? (found as Required<Electron>) : undefined;
}

/** A module that not every runtime has. */
function load<T>(name: string): T | undefined {
  try {
    return requireHere(name) as T;
  } catch {
    return undefined;
  }
}
