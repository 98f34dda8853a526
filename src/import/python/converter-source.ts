/** Where llama.cpp's converter comes from: the bundle of an installed node-llama-cpp, or of the one npm has. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ArgsearchError } from "../../errors.js";
import { cacheDir } from "../../files/cache-dir.js";
import { runInChild } from "../../isolate/run-in-child.js";
import { packageRoot, requireIn, unpacked, workingDirectory } from "../../package-root.js";

const SCRIPT = "convert_hf_to_gguf.py";

/**
 * The directory of convert_hf_to_gguf.py: the given one, or that of a copy in the user's cache, made on the first call. The copy is of
 * the llama.cpp release that this package's engine is built from.
 *
 * @throws ArgsearchError FILE_NOT_FOUND for a directory without it; TOOL_NOT_FOUND when it cannot be fetched, say for want of git or network
 */
export async function converterDir(given?: string): Promise<string> {
  if (given !== undefined) {
    const dir = resolve(given);
    if (existsSync(join(dir, SCRIPT))) return dir;
    throw new ArgsearchError("FILE_NOT_FOUND", `${dir} has no ${SCRIPT}: give the directory of llama.cpp's source`);
  }
  return fetchConverter();
}

/** Through npm and git, which keep the thread that waits for them: in a child process, where there can be one. */
async function fetchConverter(): Promise<string> {
  const cache = cacheDir();
  if (cache === undefined) throw unfetchable("there is no folder to keep it in; name one in the environment variable ARGSEARCH_CACHE_DIR");
  const order: FetchOrder = { cache, bundle: installedBundle() };
  const outcome = await runInChild<string>({ task: "fetchConverter", input: order });
  if (outcome.ended === "done") return outcome.value;
  if (outcome.ended === "failed") throw unfetchable(outcome.message);
  if (outcome.ended === "died") throw unfetchable(`${outcome.how}: ${outcome.words}`);
  return fetchHere(order).catch((error: unknown) => {
    throw unfetchable((error as Error).message, error);
  });
}

interface FetchOrder {
  cache: string;
  bundle?: string | undefined;
}

/** The child's task. */
export async function fetchHere({ cache, bundle }: FetchOrder): Promise<string> {
  const script = pathToFileURL(join(packageRoot, "scripts", "converter.mjs")).href;
  const { fetchConverter } = (await import(/* webpackIgnore: true */ /* @vite-ignore */ script)) as {
    fetchConverter(cache: string, bundle?: string): string;
  };
  return fetchConverter(cache, bundle);
}

function unfetchable(reason: string, cause?: unknown): ArgsearchError {
  const hint = "Or name a directory that has it with --converter";
  return new ArgsearchError("TOOL_NOT_FOUND", `llama.cpp's converter cannot be fetched: ${reason}. ${hint}`, { cause });
}

/** The bundle of the node-llama-cpp that the application, or this package, has installed. */
function installedBundle(): string | undefined {
  for (const place of [...workingDirectory(), packageRoot]) {
    try {
      const manifest = requireIn(place).resolve("node-llama-cpp/package.json");
      const bundle = unpacked(join(dirname(manifest), "llama", "gitRelease.bundle"));
      if (existsSync(bundle)) return bundle;
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}
