/** One trial of an engine's GPUs, in a child process. */
import { readdirSync } from "node:fs";
import { essence } from "../isolate/last-words.js";
import { type ChildOutcome, runInChild } from "../isolate/run-in-child.js";
import { packageFile } from "../package-root.js";
import type { Device } from "./binding.js";
import type { Candidate } from "./packages.js";
import type { TrialOrder, TrialReport } from "./trial-task.js";

/** "absent": there is no such device. "untried": no trial is possible, or wanted. */
export type TrialOutcome = "works" | "fails" | "absent" | "untried";

export interface Verdict {
  outcome: TrialOutcome;
  /** Why it fails, is absent or untried; "" for one that works. */
  reason: string;
  /** The GPUs, as far as they could be listed. */
  devices: Device[];
  /** Holds until engine, driver or machine change. Memory that somebody else had taken, say, tells nothing of them. */
  lasting: boolean;
}

/** Milliseconds. A driver may compile its kernels first, which takes a minute on a weak machine; one that hangs takes for ever. */
const LIMIT_MS = 120_000;

/** `backend` is ggml's name of one, "" for all GPUs at once. */
export async function tryCandidate(candidate: Candidate, backend: string, signal: AbortSignal, limitMs = LIMIT_MS): Promise<Verdict> {
  const { dir, backends, gpus } = candidate;
  const libraries = engineLibraries(backends === "" ? dir : backends).filter((name) => gpus.some((gpu) => name.includes(`ggml-${gpu}`)));
  const input: TrialOrder = { dir, backends, backend, libraries, model: packageFile("models", "policy.gguf") };
  let listed: Device[] = [];
  const onNote = (devices: unknown): void => {
    listed = devices as Device[];
  };
  const outcome = await runInChild<TrialReport>({ task: "trial", input, onNote, limitMs, signal });
  const verdict = verdictOf(outcome, limitMs);
  const passing = outcome.ended === "aborted" || outcome.ended === "impossible" || /out of memory|OutOfDeviceMemory/i.test(verdict.reason);
  return { ...verdict, devices: listed, lasting: !passing };
}

function verdictOf(outcome: ChildOutcome<TrialReport>, limitMs: number): Pick<Verdict, "outcome" | "reason"> {
  if (outcome.ended === "done") {
    const { devices, failure, loader } = outcome.value;
    if (failure !== null) return { outcome: "fails", reason: failure };
    if (devices.length > 0) return { outcome: "works", reason: "" };
    return { outcome: "absent", reason: loader ?? "its driver finds no device" };
  }
  if (outcome.ended === "impossible") return { outcome: "untried", reason: outcome.why };
  return { outcome: "fails", reason: whyFailed(outcome, limitMs) };
}

function whyFailed(outcome: Exclude<ChildOutcome<TrialReport>, { ended: "done" | "impossible" }>, limitMs: number): string {
  switch (outcome.ended) {
    case "failed":
      return outcome.code === "OUT_OF_MEMORY" ? `out of memory: ${outcome.message}` : outcome.message;
    case "died":
      return `it ends the process (${outcome.how})${outcome.words === "" ? "" : `: ${essence(outcome.words)}`}`;
    case "too slow":
      return `it did not answer within ${limitMs / 1000} s`;
    case "aborted":
      return "its trial was aborted";
  }
}

/** File names of llama.cpp's libraries in a directory. */
export function engineLibraries(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => /^(lib)?(llama|ggml).*\.(so|dylib|dll)$/.test(name))
      .sort();
  } catch {
    return [];
  }
}
