/** Finds the native addon and opens it. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ArgsearchError } from "../errors.js";
import { isSwallowed, packageFile, packageRoot, requireHere } from "../package-root.js";
import { cureOf } from "./loading-failure.js";
import { PREBUILT, platformKey } from "./prebuilt.js";

let given: unknown;

/** For the entries of one platform, which name their addon so that a bundler can take it along. */
export function useAddon(addon: unknown): void {
  given = addon;
}

/**
 * The addon that was given, that ARGSEARCH_ADDON names, that was built here on purpose, or the one that ships for this platform.
 *
 * @throws ArgsearchError ADDON_NOT_FOUND
 */
export function openAddon(): unknown {
  if (given !== undefined) return given;
  const file = addonFile();
  try {
    return requireHere(file);
  } catch (cause) {
    // Its first thread could not start: there is nothing wrong with the file.
    if ((cause as { code?: unknown }).code === "OUT_OF_MEMORY") throw ArgsearchError.from(cause);
    const reason = cause instanceof Error ? (cause.message.split("\n")[0] as string) : String(cause);
    throw notFound(`${file} cannot be loaded: ${reason}`, cureOf(reason) ?? REPAIR, cause);
  }
}

/** @throws ArgsearchError ADDON_NOT_FOUND */
export function addonFile(): string {
  const { ARGSEARCH_ADDON: chosen } = process.env;
  if (chosen) return resolve(chosen);
  const built = packageFile("build", "Release", "argsearch.node");
  if (existsSync(built)) return built;
  const key = platformKey();
  const prebuilt = PREBUILT[key];
  const file = prebuilt && packageFile(...prebuilt.file);
  if (file !== undefined && existsSync(file)) return file;
  if (isSwallowed) {
    throw notFound(
      `this code was bundled into ${packageRoot}, and what belongs to it is not there`,
      'Mark argsearch external in the bundler (esbuild "--external:argsearch", webpack "externals", Vite "ssr.external", Next "serverExternalPackages") and ship node_modules/argsearch',
    );
  }
  if (file === undefined) throw notFound(`there is one for ${Object.keys(PREBUILT).join(", ")}`, `Build it, ${BUILD}`);
  throw notFound(`${file} is missing`, REPAIR);
}

const BUILD = `with git, CMake and a C++17 compiler: cd ${packageRoot} && npm install && npm run build:native`;
const REPAIR = `Reinstall argsearch, or build it, ${BUILD}`;

function notFound(what: string, cure: string, cause?: unknown): ArgsearchError {
  return new ArgsearchError("ADDON_NOT_FOUND", `argsearch has no native addon for ${platformKey()}: ${what}. ${cure}`, { cause });
}
