/** The last steps of a conversion: the wanted format, the head, the final name. */
import { rmSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { freemem } from "node:os";
import { cancellable, throwIfAborted } from "../engine/abort.js";
import { binding } from "../engine/binding.js";
import { anyEngine } from "../engine/choice.js";
import { native } from "../engine/native.js";
import { resolveEngine } from "../engine/options.js";
import { ArgsearchError } from "../errors.js";
import { atExit } from "../files/at-exit.js";
import { toldOf } from "../files/file-errors.js";
import { alone } from "../files/output-file.js";
import { moveInto, temporaryName } from "../files/whole-file.js";
import { writeWithHead } from "../gguf/attach.js";
import type { RewardProvenance } from "../gguf/provenance.js";
import type { RewardHead } from "../gguf/reward-head.js";
import type { EngineOptions } from "../types.js";
import type { ModelType } from "./model-types.js";
import { quantise } from "./quantise.js";

export interface Publication {
  out: string;
  type: ModelType;
  /** Type that `write` writes. */
  written: ModelType;
  /** Writes the trunk to a path. */
  write(path: string): Promise<void>;
  head?: RewardHead | undefined;
  provenance?: RewardProvenance | undefined;
  engine: EngineOptions;
  signal?: AbortSignal | undefined;
}

/**
 * Has a trunk written, puts it into the wanted type, attaches the head, loads the result once where there is memory for it, and only
 * then gives the file its name; an older one of that name stays until then. What lies beside it meanwhile is removed, whatever
 * happens, the process's exit included.
 *
 * @throws ArgsearchError BUSY, FILE_UNWRITABLE, ABORTED; MODEL_INVALID or MODEL_UNSUPPORTED for what cannot be loaded; as attachReward();
 * what `write` throws
 */
export function publish(publication: Publication): Promise<void> {
  return alone(publication.out, [], (target) => publishTo(target, publication));
}

async function publishTo(target: string, { out, type, written, write, head, provenance, engine, signal }: Publication): Promise<void> {
  const temporary = {
    trunk: temporaryName(target, "trunk"),
    quantised: temporaryName(target, type),
    rewarded: temporaryName(target, "reward"),
  };
  const { trunk, quantised, rewarded } = temporary;
  const forget = atExit(() => {
    // On Windows a file cannot be removed before the program that writes it has ended.
    for (const path of Object.values(temporary)) rmSync(path, { force: true, maxRetries: 20 });
  });
  try {
    await write(trunk);
    throwIfAborted(signal);
    if (written !== type) {
      await quantise({ engine: await anyEngine(resolveEngine(engine)), source: trunk, target: quantised, type, signal });
      await rm(trunk);
    }
    throwIfAborted(signal);
    const model = written === type ? trunk : quantised;
    if (head !== undefined) await writeWithHead({ model, head, provenance, out: rewarded, ...engine });
    const whole = head === undefined ? model : rewarded;
    if (await hasRoomFor(whole, type)) await requireLoadable(whole, out, signal);
    await moveInto(whole, target, out);
  } catch (error) {
    throw Object.values(temporary).reduce((told, each) => toldOf(told, each, out), error);
  } finally {
    for (const path of Object.values(temporary)) await rm(path, { force: true });
    forget();
  }
}

/**
 * Whether loading a model is no risk. Plain weights are mapped, but llama.cpp lays quantised ones out anew in memory, which a machine
 * that only converts may not have.
 */
async function hasRoomFor(path: string, type: ModelType): Promise<boolean> {
  return type === "f32" || type === "f16" || type === "bf16" || (await stat(path)).size < freemem();
}

/** The converter believes what a directory says of itself, and knows architectures that the engine does not. */
async function requireLoadable(path: string, out: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    const model = await cancellable([signal], (cancel) =>
      native(() => binding().loadModel({ path, gpuLayers: 0, backend: "CPU", cancel }, null)),
    );
    try {
      native(() => model.tokenize("Hello", true, false));
    } finally {
      model.dispose();
    }
  } catch (error) {
    throwIfAborted(signal);
    if (!(error instanceof ArgsearchError)) throw error;
    if (error.code === "OUT_OF_MEMORY") return;
    const { message } = toldOf(error, path, "the converted model") as ArgsearchError;
    throw error.rephrased(`${out} is not written: ${message}`);
  }
}
