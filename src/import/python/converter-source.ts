/** Where llama.cpp's converter comes from: the bundle of an installed node-llama-cpp, or of the one npm has. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { ArgsearchError } from "../../errors.js";
import { packageRoot } from "../../package-root.js";

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

async function fetchConverter(): Promise<string> {
  const bundle = installedBundle();
  const script = join(packageRoot, "scripts", "converter.mjs");
  const args = [script, cacheDir(), ...(bundle === undefined ? [] : [bundle])];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" } });
    return stdout.trim();
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const reason = stderr?.trim() || message;
    throw new ArgsearchError(
      "TOOL_NOT_FOUND",
      `llama.cpp's converter cannot be fetched: ${reason}. Or name a directory that has it with --converter`,
      {
        cause: error,
      },
    );
  }
}

/** The bundle of the node-llama-cpp that the application, or this package, has installed. */
function installedBundle(): string | undefined {
  for (const place of [process.cwd(), packageRoot]) {
    try {
      const manifest = createRequire(join(place, "package.json")).resolve("node-llama-cpp/package.json");
      const bundle = join(dirname(manifest), "llama", "gitRelease.bundle");
      if (existsSync(bundle)) return bundle;
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

/** The user's cache folder, by the custom of each system. */
function cacheDir(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, "argsearch");
  if (process.platform === "win32") return join(LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "argsearch", "Cache");
  return process.platform === "darwin" ? join(homedir(), "Library", "Caches", "argsearch") : join(homedir(), ".cache", "argsearch");
}
