/** Whether an engine's GPUs can be used: tried once in a child process, then remembered for that engine, driver and machine. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { recall, remember } from "../files/cache-dir.js";
import { stateOf } from "../files/state.js";
import { possibleChild } from "../isolate/child-entry.js";
import { packageManifest } from "../package-root.js";
import { throwIfAborted, unlessAborted } from "./abort.js";
import type { Device } from "./binding.js";
import { driverState } from "./machine.js";
import type { Candidate } from "./packages.js";
import { engineLibraries, tryCandidate, type Verdict } from "./trial.js";

/** How long a failure is believed, milliseconds: something may have been mended that does not show in driverState(). */
const FAILURE_KEPT_MS = 24 * 3600 * 1000;

/** Set to "off", this environment variable has every GPU used untried. */
const SWITCH = "ARGSEARCH_GPU_TRIAL";

interface Kept extends Omit<Verdict, "lasting"> {
  /** Milliseconds since 1970. */
  at: number;
}

/** A trial that runs, for everybody who waits for it. */
interface Running {
  verdict: Promise<Verdict>;
  waiting: number;
  controller: AbortController;
}

export interface VerdictOptions {
  /** ggml's name of one backend; default: all GPUs at once. */
  backend?: string;
  signal?: AbortSignal | undefined;
  /** Tries anew. */
  again?: boolean;
}

const known = new Map<string, Verdict>();
const running = new Map<string, Running>();

/** The verdict there is already. */
export function knownVerdict(candidate: Candidate, backend = ""): Verdict | undefined {
  const key = keyOf(candidate, backend);
  const verdict = known.get(key) ?? recalled(key);
  if (verdict !== undefined) known.set(key, verdict);
  return verdict;
}

/**
 * The verdict, after a trial where there is none, or when `again` is set.
 *
 * @throws ArgsearchError ABORTED; the trial then ends, unless others wait for it
 */
export async function verdictOn(candidate: Candidate, options: VerdictOptions = {}): Promise<Verdict> {
  const { backend = "", signal, again = false } = options;
  const untried = whyUntried();
  if (untried !== undefined) return { outcome: "untried", reason: untried, devices: [], lasting: false };
  const found = again ? undefined : knownVerdict(candidate, backend);
  return found ?? shared(keyOf(candidate, backend), candidate, backend, signal);
}

function whyUntried(): string | undefined {
  if (process.env[SWITCH] === "off") return `${SWITCH} is off`;
  const kind = possibleChild();
  return kind.how === "none" ? kind.why : undefined;
}

async function shared(key: string, candidate: Candidate, backend: string, signal: AbortSignal | undefined): Promise<Verdict> {
  throwIfAborted(signal);
  const entry = running.get(key) ?? begin(key, candidate, backend);
  entry.waiting++;
  try {
    const verdict = await unlessAborted(entry.verdict, [signal]);
    throwIfAborted(signal);
    if (verdict === undefined) throw new Error("a trial ended without a verdict");
    return verdict;
  } finally {
    if (--entry.waiting === 0) {
      running.delete(key);
      entry.controller.abort();
    }
  }
}

function begin(key: string, candidate: Candidate, backend: string): Running {
  const controller = new AbortController();
  const entry = { verdict: tried(key, candidate, backend, controller.signal), waiting: 0, controller };
  running.set(key, entry);
  return entry;
}

async function tried(key: string, candidate: Candidate, backend: string, signal: AbortSignal): Promise<Verdict> {
  const verdict = await tryCandidate(candidate, backend, signal);
  if (!verdict.lasting) return verdict;
  known.set(key, verdict);
  const { outcome, reason, devices } = verdict;
  await remember(nameOf(key), { outcome, reason, devices, at: Date.now() } satisfies Kept);
  return verdict;
}

function recalled(key: string): Verdict | undefined {
  const kept = recall(nameOf(key));
  if (!isKept(kept)) return undefined;
  const { at, outcome, reason, devices } = kept;
  const age = Date.now() - at;
  const believed = outcome === "works" || (age >= 0 && age < FAILURE_KEPT_MS);
  return believed ? { outcome, reason, devices, lasting: true } : undefined;
}

function isKept(value: unknown): value is Kept {
  const { outcome, reason, devices, at } = (value ?? {}) as Partial<Kept>;
  const known = outcome === "works" || outcome === "fails" || outcome === "absent";
  return known && typeof reason === "string" && Array.isArray(devices) && devices.every(isDevice) && typeof at === "number";
}

function isDevice(value: unknown): boolean {
  const { name, description, backend, type } = (value ?? {}) as Partial<Device>;
  return [name, description, backend, type].every((each) => typeof each === "string");
}

function nameOf(key: string): string {
  return join("gpu", `${key}.json`);
}

/** Everything that a verdict depends on, as far as it can be seen without opening the engine. */
function keyOf(candidate: Candidate, backend: string): string {
  const { dir, backends } = candidate;
  const files = [dir, backends]
    .filter((each) => each !== "")
    .flatMap((each) => engineLibraries(each).map((name) => stateOf(join(each, name))));
  const parts = [packageManifest().version, process.arch, dir, backends, backend, ...files, ...driverState()];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
