/** How many threads a decode gets by default. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** More threads than this gain little and hurt where cores are shared. */
const MOST = 16;

/** Weights below which a second thread costs more than it brings: ggml's threads wait for each other after every node. */
const SMALL_MODEL = 32 * 2 ** 20;

/**
 * One thread for small models (32 MB of weights); else the physical cores this process may use, at most 16. Two threads of
 * one core compete for the same arithmetic units, so logical processors are not counted twice where that can be told.
 *
 * @param size bytes of the largest model's weights
 */
export function defaultThreads(size: number): number {
  if (size < SMALL_MODEL) return 1;
  const logical = availableParallelism();
  return Math.max(1, Math.min(MOST, logical, physicalCores() ?? guessedCores(logical)));
}

/** Linux says which processors share a core; other systems do not say it without running a program. */
function physicalCores(): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const cores = coreIds(readFileSync("/proc/cpuinfo", "utf8"));
    return cores.size > 0 ? cores.size : undefined;
  } catch {
    return undefined;
  }
}

/** The distinct "socket:core" pairs of a /proc/cpuinfo; none on processors that do not list them, such as ARM. */
export function coreIds(cpuinfo: string): Set<string> {
  const cores = new Set<string>();
  for (const processor of cpuinfo.split(/\n\s*\n/)) {
    const core = /^core id\s*:\s*(\d+)/m.exec(processor)?.[1];
    const socket = /^physical id\s*:\s*(\d+)/m.exec(processor)?.[1] ?? "0";
    if (core !== undefined) cores.add(`${socket}:${core}`);
  }
  return cores;
}

/** llama.cpp's own guess: x64 processors beyond a few run two threads a core. */
function guessedCores(logical: number): number {
  return process.arch === "x64" && logical > 4 ? Math.floor(logical / 2) : logical;
}
