import type { EngineOptions } from "../types.js";
import { abortSignal, boolean, checkNames, type Names } from "../validate.js";
import { binding, type Device } from "./binding.js";
import { choose } from "./choice.js";
import { openEngine } from "./engine.js";
import { mayHave } from "./machine.js";
import { native } from "./native.js";
import { ENGINE, engineOf, type ResolvedEngine, resolveEngine } from "./options.js";
import { type Candidate, candidateAt, candidates } from "./packages.js";
import { RPC_BACKEND } from "./placement.js";
import { rpcEndpoints } from "./rpc-endpoints.js";
import { probeRpcServer } from "./rpc-probe.js";
import type { TrialOutcome, Verdict } from "./trial.js";
import { gpusAmong } from "./trial-task.js";
import { verdictOn } from "./verdicts.js";

/**
 * The devices that the engine finds on this machine, the CPU among them. It tries none of them: tryDevices() does.
 *
 * @throws ArgsearchError ENGINE_NOT_FOUND, ENGINE_INCOMPATIBLE, DEVICE_UNAVAILABLE, OPTION_INVALID
 */
export function devices(options?: EngineOptions): Device[] {
  openEngine(resolveEngine(options));
  return native(() => binding().devices());
}

/** A device, and what came of decoding on it. */
export interface TriedDevice extends Device {
  /** The engine package, or the directory, that brings it. */
  engine: string;
  /**
   * "absent": the engine has libraries for such a GPU and finds none. "untried": no child process is possible here, or
   * ARGSEARCH_GPU_TRIAL=off. Null for processors that need no trial.
   */
  trial: TrialOutcome | null;
  /** Why it fails, is absent or untried, in the engine's own words as far as it has any; else null. */
  reason: string | null;
}

/** What tryDevices() takes. */
export interface TryDevicesOptions extends Omit<EngineOptions, "gpu"> {
  /** Servers of llama.cpp's RPC backend, "host:port": each is asked for its devices, which are listed last. */
  rpc?: string | readonly string[] | undefined;
  /** Tries again what was tried before; default false. */
  again?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

const NAMES: Names<TryDevicesOptions> = { engineDir: ENGINE.engineDir, rpc: true, again: true, signal: true };

/**
 * The devices of the engine that load() would take, and of those that it passes over. GPUs are tried, each in a child process, unless an
 * earlier trial is remembered.
 *
 * @throws ArgsearchError as devices(); ABORTED
 */
export async function tryDevices(options: TryDevicesOptions = {}): Promise<TriedDevice[]> {
  checkNames("tryDevices()", options, NAMES);
  const resolved = engineOf({ engineDir: options.engineDir });
  const again = options.again !== undefined && boolean("again", options.again);
  const endpoints = rpcEndpoints(options.rpc);
  const signal = options.signal && abortSignal("signal", options.signal);
  const tried = new Map<string, [Candidate, Verdict]>();
  for (const candidate of gpuCandidates(resolved)) {
    tried.set(keyOf(candidate), [candidate, await verdictOn(candidate, { signal, again })]);
  }
  const { engine } = await choose(resolved, signal);
  const used = candidateAt(engine);
  const [known, verdict] = tried.get(keyOf(used)) ?? [used, undefined];
  tried.delete(keyOf(used));
  const own = native(() => binding().devices());
  const others = [...tried.values()].flatMap(([candidate, each]) => listed(candidate, each));
  const passedOver = verdict === undefined || gpusAmong(own).length > 0 ? [] : listed(known, verdict);
  const local = own.filter(({ backend }) => backend !== RPC_BACKEND);
  const tries = local.map((device) => told(device, known, gpusAmong([device]).length > 0 ? verdict : undefined));
  return [...tries, ...passedOver, ...others, ...(await remoteDevices(endpoints, signal))];
}

/** By the names that load() gives them when it is told of the same servers. */
async function remoteDevices(endpoints: readonly string[], signal: AbortSignal | undefined): Promise<TriedDevice[]> {
  const found: TriedDevice[] = [];
  for (const endpoint of endpoints) {
    const { devices } = await probeRpcServer(endpoint, signal);
    for (const memory of devices) {
      const name = `${RPC_BACKEND}${found.length}`;
      found.push({
        name,
        description: endpoint,
        backend: RPC_BACKEND,
        type: "gpu",
        ...memory,
        engine: endpoint,
        trial: null,
        reason: null,
      });
    }
  }
  return found;
}

function gpuCandidates(options: ResolvedEngine): Candidate[] {
  return candidates(options).filter(({ gpus }) => gpus.some(mayHave));
}

function keyOf({ dir, backends }: Candidate): string {
  return JSON.stringify([dir, backends]);
}

/** The GPUs of an engine that is not open; one that stands for all where they could not be listed. */
function listed(candidate: Candidate, verdict: Verdict): TriedDevice[] {
  const unknown = candidate.gpus.map((gpu): Device => {
    return { name: gpu, description: "", backend: gpu, type: "gpu", memoryFree: 0, memoryTotal: 0 };
  });
  return (verdict.devices.length > 0 ? verdict.devices : unknown).map((device) => told(device, candidate, verdict));
}

function told(device: Device, { name }: Candidate, verdict: Verdict | undefined): TriedDevice {
  return { ...device, engine: name, trial: verdict?.outcome ?? null, reason: verdict?.reason || null };
}
