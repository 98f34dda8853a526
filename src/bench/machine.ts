/** What the times were taken on. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { basename } from "node:path";
import type { EngineInfo } from "../engine/binding.js";
import { coreIds } from "../engine/threads.js";

/** The machine and the programs that a measurement was made with. */
export interface Machine {
  /** The processor's name. */
  processor: string;
  /** Logical processors that this process may use. */
  processors: number;
  /** Physical cores; null where the system does not tell. */
  cores: number | null;
  /** What makes kernels fast: names as in /proc/cpuinfo; empty where the system does not tell. */
  features: string[];
  /** Bytes. */
  memory: number;
  /** Operating system, kernel and architecture. */
  system: string;
  /** Node's version. */
  node: string;
  /** llama.cpp's version, and which of its libraries of CPU kernels runs here (null where that cannot be told). */
  engine: { version: string; kernels: string | null };
}

/** Of the many flags those that ggml has kernels for. */
const FEATURES = /^(avx|avx2|f16c|fma|bmi2|avx_vnni|avx512\w*|amx_\w+|asimd\w*|sve\d?|i8mm|bf16|sme\d?)$/;

/** Of this process, in which the engine is open. */
export function describeMachine({ version }: Pick<EngineInfo, "version">): Machine {
  const cpuinfo = linuxFile("/proc/cpuinfo");
  return {
    processor: cpus()[0]?.model.trim() || "unknown",
    processors: availableParallelism(),
    cores: coreIds(cpuinfo).size || null,
    features: featuresOf(cpuinfo),
    memory: totalmem(),
    system: systemName(),
    node: process.version,
    engine: { version, kernels: kernelsIn(loadedLibraries()) },
  };
}

export function featuresOf(cpuinfo: string): string[] {
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? "";
  return flags.split(/\s+/).filter((flag) => FEATURES.test(flag));
}

/** "sapphirerapids" of "libggml-cpu-sapphirerapids.so": ggml loads the best one that the processor can run. */
export function kernelsIn(libraries: readonly string[]): string | null {
  for (const path of libraries) {
    const name = /ggml-cpu-([\w.-]+?)\.(?:so|dylib|dll)$/.exec(basename(path.replaceAll("\\", "/")))?.[1];
    if (name !== undefined) return name;
  }
  return null;
}

function loadedLibraries(): string[] {
  const maps = linuxFile("/proc/self/maps");
  if (maps !== "") return maps.split("\n").map((line) => line.slice(line.indexOf("/")));
  // Other systems: Node's diagnostic report has them; runtimes that are not Node may lack it.
  const report = process.report?.getReport?.() as { sharedObjects?: string[] } | undefined;
  return report?.sharedObjects ?? [];
}

function systemName(): string {
  const name = /^PRETTY_NAME="?(.*?)"?$/m.exec(linuxFile("/etc/os-release"))?.[1];
  return `${name ?? type()}, ${name === undefined ? "" : `${type()} `}${release()} ${process.arch}`;
}

function linuxFile(path: string): string {
  if (process.platform !== "linux") return "";
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
