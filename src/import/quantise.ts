/** Weights in another format, written in a child process: llama.cpp cannot be stopped there, and may end the process. */
import { stat } from "node:fs/promises";
import { abortedError } from "../engine/abort.js";
import { binding, type EngineInfo } from "../engine/binding.js";
import { native } from "../engine/native.js";
import { defaultThreads } from "../engine/threads.js";
import { ArgsearchError, ERROR_CODES, type ErrorCode } from "../errors.js";
import { type ChildOutcome, runInChild } from "../isolate/run-in-child.js";
import type { ModelType } from "./model-types.js";

interface Order {
  engine: EngineInfo;
  source: string;
  target: string;
  type: ModelType;
  threads: number;
}

export interface Quantisation {
  /** The engine must be open. */
  engine: EngineInfo;
  source: string;
  /** May be left half-written by a failure. */
  target: string;
  type: ModelType;
  signal: AbortSignal | undefined;
}

/**
 * Ends at once when the signal fires; source and target go with this process when that ends before. Where there can be no child process
 * it is done here: the signal then comes too late, the process waits for it at its end, and loading models waits, too.
 *
 * @throws ArgsearchError FILE_UNWRITABLE, CONVERSION_FAILED with llama.cpp's own words, OUT_OF_MEMORY, ABORTED
 */
export async function quantise({ engine, source, target, type, signal }: Quantisation): Promise<void> {
  const { size } = await stat(source);
  const order: Order = { engine, source, target, type, threads: defaultThreads(size) };
  const outcome = await runInChild<null>({ task: "quantise", input: order, signal, remove: [source, target] });
  if (outcome.ended === "done") return;
  if (outcome.ended === "impossible") return quantiseHere(order);
  if (outcome.ended === "aborted" && signal) throw abortedError(signal);
  throw failure(outcome, `${source} could not be written as ${type}`);
}

/** The child's task. */
export async function quantiseTask(order: Order): Promise<void> {
  const { dir, backends = "" } = order.engine;
  native(() => binding().openEngine(dir, { backends, cpuAlone: true }));
  await quantiseHere(order);
}

function quantiseHere({ source, target, type, threads }: Order): Promise<void> {
  return native(() => binding().quantizeGguf(source, target, type, threads));
}

function failure(outcome: ChildOutcome<null>, what: string): ArgsearchError {
  if (outcome.ended === "failed") {
    const { code, message } = outcome;
    return new ArgsearchError(isCode(code) ? code : "CONVERSION_FAILED", message);
  }
  if (outcome.ended !== "died") return new ArgsearchError("CONVERSION_FAILED", `${what}: ${outcome.ended}`);
  const { how, words } = outcome;
  // Nobody else here sends this signal.
  if (how === "SIGKILL") return new ArgsearchError("OUT_OF_MEMORY", `${what}: the system ended it, as it does when memory is short`);
  return new ArgsearchError("CONVERSION_FAILED", `${what}: llama.cpp ended its process (${how})${words === "" ? "" : `: ${words}`}`);
}

function isCode(code: string | undefined): code is ErrorCode {
  return ERROR_CODES.includes(code as ErrorCode);
}
