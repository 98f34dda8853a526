/** Which engine a process gets, and whether its GPUs are used: those that were tried and work. */
import { ArgsearchError } from "../errors.js";
import type { Gpu } from "../types.js";
import { binding, type Device, type EngineInfo } from "./binding.js";
import { engineThatServes, openCandidate, openEngine } from "./engine.js";
import { mayHave } from "./machine.js";
import { native } from "./native.js";
import type { ResolvedEngine } from "./options.js";
import { BACKENDS, type Candidate, candidateAt, candidates, engineVersion, fallbackOf, type NamedGpu } from "./packages.js";
import type { Verdict } from "./trial.js";
import { gpusAmong } from "./trial-task.js";
import { verdictOn } from "./verdicts.js";

export interface EngineChoice {
  engine: EngineInfo;
  /** What models are to be loaded with: as asked for, or false where the GPUs fail. */
  gpu: Gpu;
}

/** The warning's code, for process.on("warning"). */
const WARNING = "ARGSEARCH_GPU_FAILS";

/** An engine whose GPUs cannot be used. */
interface Obstacle {
  candidate: Candidate;
  verdict: Verdict;
}

interface Chosen extends EngineChoice {
  /** Undefined where no GPU is wanted. */
  candidate?: Candidate;
  obstacles: Obstacle[];
}

/**
 * Opens the engine that serves the options best. Each GPU engine is first tried in a child process, once for every engine, driver and
 * machine: a driver that cannot run it would end this one. With "auto", what fails is passed over for the next engine, in the end for the
 * CPU, with one process warning (code ARGSEARCH_GPU_FAILS). A machine without a GPU, or without an engine for it, starts no child.
 *
 * @throws ArgsearchError DEVICE_UNAVAILABLE with the engine's own reason for a GPU by name that cannot be used; ABORTED; as devices()
 */
export async function chooseEngine(options: ResolvedEngine, signal?: AbortSignal): Promise<EngineChoice> {
  const { candidate, obstacles, ...choice } = await choose(options, signal);
  if (candidate !== undefined) warnOf(obstacles, candidate);
  return choice;
}

/** The same without the warning, for who says otherwise what fails. */
export async function choose(options: ResolvedEngine, signal?: AbortSignal): Promise<Chosen> {
  const { gpu } = options;
  const obstacles: Obstacle[] = [];
  if (gpu === false) return { engine: openEngine(options), gpu, obstacles };
  const open = engineThatServes(options);
  const candidate = open ? candidateAt(open) : await best(options, obstacles, signal);
  const fails = (): boolean => obstacles.some((each) => each.candidate === candidate);
  const engine = open ?? openCandidate(candidate, fails());
  const devices = gpusAmong(native(() => binding().devices()));
  if (!fails() && devices.length > 0) {
    const verdict = await verdictOnThese(candidate, devices, backendOf(candidate, gpu), signal);
    if (verdict.outcome === "fails") obstacles.push({ candidate, verdict });
  }
  if (fails() && gpu !== "auto") throw unavailable(gpu, obstacles);
  return { engine, gpu: fails() ? false : gpu, candidate, obstacles };
}

/**
 * For work that uses no GPU: the engine that is open, else the one that a later load() would choose.
 *
 * @throws ArgsearchError as chooseEngine()
 */
export async function anyEngine(options: ResolvedEngine, signal?: AbortSignal): Promise<EngineInfo> {
  return engineThatServes(options) ?? (await chooseEngine(options, signal)).engine;
}

/**
 * The first whose GPUs work, as far as that can be tried here; else one that seems to have none.
 *
 * @throws ArgsearchError DEVICE_UNAVAILABLE
 */
async function best(options: ResolvedEngine, obstacles: Obstacle[], signal: AbortSignal | undefined): Promise<Candidate> {
  const { gpu } = options;
  const all = candidates(options);
  let without: Candidate | undefined;
  for (const candidate of all) {
    if (!candidate.gpus.some(mayHave)) {
      without ??= candidate;
      continue;
    }
    const verdict = await verdictOn(candidate, { backend: backendOf(candidate, gpu), signal });
    if (verdict.outcome === "works" || verdict.outcome === "untried") return candidate;
    obstacles.push({ candidate, verdict });
  }
  if (gpu !== "auto" && gpu !== false && obstacles.length > 0) throw unavailable(gpu, obstacles);
  return without ?? (all.at(-1) as Candidate);
}

/** A verdict on other devices, or on none, is not one on these. */
async function verdictOnThese(
  candidate: Candidate,
  devices: readonly Device[],
  backend: string,
  signal: AbortSignal | undefined,
): Promise<Verdict> {
  const verdict = await verdictOn(candidate, { backend, signal });
  const these = devices.filter((device) => backend === "" || device.backend === backend);
  const same = describe(these) === describe(verdict.devices) || verdict.devices.length === 0;
  if (verdict.outcome === "untried" || (same && verdict.outcome !== "absent")) return verdict;
  return verdictOn(candidate, { backend, signal, again: true });
}

function describe(devices: readonly Device[]): string {
  return JSON.stringify(devices.map(({ name, description }) => [name, description]).sort());
}

/** One backend where there are several and one was asked for. */
export function backendOf({ gpus }: Candidate, gpu: Gpu): string {
  return gpus.length > 1 && gpu !== "auto" && gpu !== false ? BACKENDS[gpu] : "";
}

function unavailable(gpu: NamedGpu, obstacles: readonly Obstacle[]): ArgsearchError {
  return new ArgsearchError("DEVICE_UNAVAILABLE", `${gpu} cannot be used on this machine. ${reasons(obstacles)}. ${cure(gpu, obstacles)}`);
}

function reasons(obstacles: readonly Obstacle[]): string {
  return obstacles.map(({ candidate, verdict }) => `${candidate.name}: ${verdict.reason}`).join("; ");
}

function cure(gpu: NamedGpu, obstacles: readonly Obstacle[]): string {
  const ext = gpu === "cuda" ? obstacles.map(({ candidate }) => fallbackOf(candidate)).find((name) => name !== undefined) : undefined;
  const older = ext === undefined ? "" : `, or install ${ext}${engineVersion()}, which serves older drivers`;
  return `Update the graphics driver${older}; or set gpu to "auto" or false. "argsearch devices --retry" tries it again`;
}

const warned = new Set<string>();

/** Once for the same news. Devices that are not there are no news. */
function warnOf(obstacles: readonly Obstacle[], used: Candidate): void {
  const failures = obstacles.filter(({ verdict }) => verdict.outcome === "fails");
  if (failures.length === 0) return;
  const instead = used.gpus.some(mayHave) && !failures.some(({ candidate }) => candidate === used) ? used.name : "the CPU";
  const message = `${instead} is used instead of a GPU that fails. ${reasons(failures)}. "argsearch devices" shows what there is.`;
  if (warned.has(message)) return;
  warned.add(message);
  process.emitWarning(message, { code: WARNING });
}
