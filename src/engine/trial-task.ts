/** A trial of an engine's GPUs, in a process of its own: decodes a little there and on the CPU, and compares. */

import { join } from "node:path";
import { ArgsearchError } from "../errors.js";
import { binding, type Device } from "./binding.js";
import { NO_SAMPLERS } from "./no-samplers.js";
import { RPC_BACKEND } from "./placement.js";

export interface TrialOrder {
  dir: string;
  backends: string;
  /** ggml's backend name, "" for all GPUs at once. */
  backend: string;
  /** Names of the files of GPU backends. */
  libraries: string[];
  /** A small model. */
  model: string;
}

export interface TrialReport {
  /** GPUs alone. */
  devices: Device[];
  /** What is wrong; null when nothing is, or when there is no device. */
  failure: string | null;
  /** Why a library of a GPU backend brings no device, where the system's loader says it. */
  loader: string | null;
}

/** One decoded token: the likeliest candidates' log-probabilities by token. */
type Decoded = ReadonlyMap<number, number>;

const TEXT = "Human: Could you tell me how to make a good cup of tea? Assistant: Of course. First, boil fresh water, then";
const TOKENS = 6;
const CANDIDATES = 20;

/** Log-probabilities may differ by so much: kernels round differently, and formats of 4 bits are coarse. */
const TOLERANCE = 0.5;

/** Notes the devices before it uses them. */
export async function trialTask(order: TrialOrder, note: (devices: Device[]) => void): Promise<TrialReport> {
  const { dir, backends, backend, libraries, model } = order;
  binding().openEngine(dir, { backends, cpuAlone: false });
  const devices = gpusAmong(binding().devices()).filter((device) => backend === "" || device.backend === backend);
  if (devices.length === 0) return { devices, failure: null, loader: loaderSays(backends === "" ? dir : backends, libraries) };
  note(devices);
  const failure = difference(await decode(model, "CPU"), await decode(model, backend));
  return { devices, failure, loader: null };
}

export function gpusAmong(devices: readonly Device[]): Device[] {
  return devices.filter(({ type, backend }) => backend !== RPC_BACKEND && (type === "gpu" || type === "igpu"));
}

async function decode(path: string, backend: string): Promise<Decoded[]> {
  const model = await binding().loadModel({ path, gpuLayers: backend === "CPU" ? 0 : -1, backend, contextSize: 128 }, null);
  const shape = { contextSize: 128, threads: 1, batchSize: 128, kvType: "auto", slots: 1 } as const;
  const search = await binding().createSearch({ ...shape, policy: model, rewards: [] });
  const policyTokens = model.tokenize(TEXT, true, false);
  const greedy = {
    method: "args",
    weight: 0,
    combine: "interpolate",
    select: "greedy",
    temperature: 1,
    ending: "reward",
    seed: 0,
  } as const;
  const options = {
    ...greedy,
    gate: { kind: "off", limit: 0 },
    samplers: NO_SAMPLERS,
    topK: CANDIDATES,
    candidates: true,
    topLogProbs: 0,
  } as const;
  await search.begin(0, { ...options, policyTokens, rewardTokens: [] });
  const decoded: Decoded[] = [];
  for (let at = 0; at < TOKENS; at++) {
    const { candidates } = (await search.step(Int32Array.of(0))).steps[0] ?? {};
    if (candidates === undefined) throw new ArgsearchError("DECODE_FAILED", "the engine gave no candidates");
    decoded.push(new Map(Array.from(candidates.tokens, (token, rank) => [token, candidates.logProbs[rank] ?? Number.NaN])));
  }
  await search.dispose();
  model.dispose();
  return decoded;
}

/** How a GPU's numbers differ from the CPU's, in words; null when they do not. Texts may part where two tokens are about as likely. */
export function difference(expected: readonly Decoded[], found: readonly Decoded[]): string | null {
  for (const [at, candidates] of expected.entries()) {
    const [best, logProb] = first(candidates);
    const [other] = first(found[at] ?? new Map());
    const there = found[at]?.get(best) ?? Number.NEGATIVE_INFINITY;
    if (!(Math.abs(there - logProb) <= TOLERANCE)) {
      return `it computes wrong numbers: token ${at + 1} of a test text has log-probability ${there.toFixed(3)}, on the CPU ${logProb.toFixed(3)}`;
    }
    if (best !== other) return null;
  }
  return null;
}

function first(candidates: Decoded): [token: number, logProb: number] {
  for (const entry of candidates) return entry;
  return [-1, Number.NEGATIVE_INFINITY];
}

/** ggml passes over a library that cannot be loaded without a word. Node's loader gives the system's reason. */
function loaderSays(dir: string, libraries: readonly string[]): string | null {
  for (const name of libraries) {
    try {
      process.dlopen({ exports: {} }, join(dir, name));
    } catch (error) {
      const { message } = error as Error;
      // It can be loaded, and is no addon.
      if (!/did not self-register|Module did not/i.test(message)) return message;
    }
  }
  return null;
}
