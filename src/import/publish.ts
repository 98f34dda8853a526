/** The last steps of a conversion: the wanted format, the head, the final name. */
import { randomBytes } from "node:crypto";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { throwIfAborted } from "../abort.js";
import { attachReward, writeAside } from "../attach.js";
import { binding } from "../binding.js";
import { native } from "../border.js";
import { unwritable } from "../file-errors.js";
import type { RewardProvenance } from "../provenance.js";
import type { RewardHead } from "../reward-head.js";
import { defaultThreads } from "../threads.js";
import type { EngineOptions } from "../types.js";
import type { ModelType } from "./model-types.js";

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
 * Has a trunk written, puts it into the wanted type, attaches the head, and only then gives the file its name; an older one of
 * that name stays until then. What lies beside it meanwhile is removed, whatever happens. The engine must be open.
 *
 * @throws ArgsearchError FILE_UNWRITABLE, ABORTED; as attachReward(); what `write` throws
 */
export async function publish({ out, type, written, write, head, provenance, engine, signal }: Publication): Promise<void> {
  const base = `${out}.${process.pid}-${randomBytes(4).toString("hex")}`;
  const trunk = `${base}.trunk.tmp`;
  const quantised = `${base}.${type}.tmp`;
  try {
    await requireWritable(trunk, out);
    await write(trunk);
    throwIfAborted(signal);
    if (written !== type) {
      await quantise(trunk, quantised, type);
      await rm(trunk);
    }
    throwIfAborted(signal);
    const model = written === type ? trunk : quantised;
    if (head !== undefined) await attachReward({ model, head, provenance, out, ...engine });
    else await writeAside(out, (temporary) => rename(model, temporary));
  } finally {
    await rm(trunk, { force: true });
    await rm(quantised, { force: true });
  }
}

/** A conversion takes minutes: where it could not be written is found out before. */
async function requireWritable(path: string, out: string): Promise<void> {
  await writeFile(path, "").catch((error: unknown) => {
    throw unwritable(error, out);
  });
}

async function quantise(source: string, target: string, type: ModelType): Promise<void> {
  const { size } = await stat(source);
  await native(() => binding().quantizeGguf(source, target, type, defaultThreads(size)));
}
