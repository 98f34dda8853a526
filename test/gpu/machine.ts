/** Processes that load a model where stand-ins for GPUs are installed, with a cache of their own. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runModule } from "./program.js";

const LOAD = `
  const { pid } = process;
  try {
    const decoder = await argsearch.load(OPTIONS);
    const { tokens } = await decoder.generate("Hello", { maxTokens: 4, seed: 1 });
    const { engine } = decoder.info;
    await decoder.dispose();
    say({ pid, engine, tokens });
  } catch ({ code, message }) {
    say({ pid, code, message });
  }`;

export interface Loaded {
  pid: number;
  engine?: { dir: string; backends?: string };
  tokens?: number[];
  code?: string;
  message?: string;
}

/** What became of it: `gpuHere` tells whether that process used a GPU, `trials` how many others did. */
export interface LoadedThere extends Partial<Loaded> {
  ended: number | string | null;
  stderr: string;
  gpuHere: boolean;
  trials: number;
}

export interface Machine {
  cache: string;
  env: NodeJS.ProcessEnv;
  /** `modes`: what the stand-ins do, by their variables. */
  load(options: object, modes?: Record<string, string>): Promise<LoadedThere>;
}

/** Applications in `dir`; each machine starts without a cache. Without `present`, it has no file that a driver would have. */
export function machines(dir: string): (options?: { present?: boolean }) => Machine {
  return ({ present = true } = {}) => {
    const own = mkdtempSync(join(dir, "run-"));
    const [cache, trace] = [join(own, "cache"), join(own, "trace")];
    const drivers = present ? { CUDA_VISIBLE_DEVICES: "0", VK_DRIVER_FILES: "/none.json" } : {};
    const env = { ARGSEARCH_CACHE_DIR: cache, FAKE_GPU_TRACE: trace, ...drivers };
    const load = async (options: object, modes: Record<string, string> = {}): Promise<LoadedThere> => {
      rmSync(trace, { force: true });
      const body = LOAD.replace("OPTIONS", JSON.stringify(options));
      const { ended, value, stderr } = await runModule<Loaded>(body, dir, { ...env, ...modes });
      const used = existsSync(trace) ? readFileSync(trace, "utf8").trim().split("\n") : [];
      const users = new Set(used.map((line) => line.split(" ")[1]));
      const gpuHere = users.delete(String(value?.pid));
      return { ended, ...value, stderr, gpuHere, trials: users.size };
    };
    return { cache, env, load };
  };
}
