/** Opens llama.cpp's libraries. A process has one engine: the first that is opened stays. */
import { ArgsearchError } from "../errors.js";
import type { Gpu } from "../types.js";
import { binding, type EngineInfo } from "./binding.js";
import { cureOf } from "./loading-failure.js";
import { native } from "./native.js";
import type { ResolvedEngine } from "./options.js";
import { BACKENDS, type Candidate, candidates, otherRelease } from "./packages.js";
import { knownVerdict } from "./verdicts.js";

export { BACKENDS, enginePackages, platformName } from "./packages.js";

/** The engine this thread opened last, or found open. */
let opened: EngineInfo | undefined;

/**
 * Opens the engine that the options ask for, or stays with the one that is open and serves them as well. It tries no GPU, but passes over
 * an engine whose GPUs are known to fail: chooseEngine() does both.
 *
 * @throws ArgsearchError as devices()
 */
export function openEngine(options: ResolvedEngine): EngineInfo {
  const open = engineThatServes(options);
  if (open) return open;
  const candidate = preferred(options);
  return openCandidate(candidate, (options.gpu === "auto" || options.gpu === false) && fails(candidate));
}

/** The engine that is open, if the options leave it to us which one that is. */
export function engineThatServes({ engineDir, gpu }: ResolvedEngine): EngineInfo | undefined {
  if (engineDir !== undefined) return undefined;
  opened ??= native(() => binding().currentEngine()) ?? undefined;
  return opened && serves(gpu) ? opened : undefined;
}

function serves(gpu: Gpu): boolean {
  if (gpu === "auto" || gpu === false) return true;
  return native(() => binding().devices()).some((device) => device.backend === BACKENDS[gpu]);
}

/**
 * Opens that engine; `cpuAlone`, its drivers are not touched.
 *
 * @throws ArgsearchError ENGINE_NOT_FOUND, ENGINE_INCOMPATIBLE, also when another engine is open
 */
export function openCandidate({ name, dir, backends }: Pick<Candidate, "name" | "dir" | "backends">, cpuAlone = false): EngineInfo {
  if (process.versions.electron !== undefined && /\.asar[\\/]/.test(dir)) throw packed(dir);
  try {
    opened = native(() => binding().openEngine(dir, { backends, cpuAlone }));
  } catch (error) {
    throw error instanceof ArgsearchError && error.code === "ENGINE_INCOMPATIBLE" ? withCure(error, { name, dir }) : error;
  }
  return opened;
}

/** What the user can do about it, where that can be told. */
function withCure(error: ArgsearchError, candidate: Pick<Candidate, "name" | "dir">): ArgsearchError {
  const cure = otherRelease(candidate) ?? cureOf(error.message);
  if (cure === undefined) return error;
  return error.rephrased(`${error.message.replace(/\.$/, "")}. ${cure}.`);
}

/** The system's loader opens no library inside Electron's archive. */
function packed(dir: string): ArgsearchError {
  const globs = '"node_modules/argsearch/**" and "node_modules/@node-llama-cpp/**"';
  return new ArgsearchError("ENGINE_NOT_FOUND", `${dir} lies in Electron's archive: unpack ${globs} (asarUnpack in electron-builder)`);
}

function preferred(options: ResolvedEngine): Candidate {
  const all = candidates(options);
  const sound = options.gpu === "auto" ? all.find((each) => !fails(each)) : all[0];
  return sound ?? (all[0] as Candidate);
}

function fails(candidate: Candidate): boolean {
  return candidate.gpus.length > 0 && knownVerdict(candidate)?.outcome === "fails";
}
