/** The engine as on a processor without AMX: a folder of links to its libraries, but for the kernels that use it. */
import { mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { openEngine } from "../../src/engine/engine.js";
import { candidates } from "../../src/engine/packages.js";
import { packageRoot } from "../../src/package-root.js";

/** ggml's variants of CPU kernels that are built with AMX. */
const WITH_AMX = /^(lib)?ggml-cpu-(sapphirerapids|graniterapids|emeraldrapids|diamondrapids)\./;

/** An `engineDir`, and opens it. A process has one engine: nothing may have been opened before. */
export function openWithoutAmx(): string {
  const [engine] = candidates({ engineDir: undefined, gpu: false });
  if (engine === undefined) throw new Error("no engine is installed");
  const folder = join(packageRoot, ".cache", "bench", "engine-no-amx");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(engine.dir);
  if (!names.some((name) => WITH_AMX.test(name))) throw new Error(`${engine.dir} has no kernels with AMX`);
  for (const name of names) if (!WITH_AMX.test(name)) symlinkSync(join(engine.dir, name), join(folder, name));
  return openEngine({ engineDir: folder, gpu: false }).dir;
}
