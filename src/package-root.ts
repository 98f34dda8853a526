/** Where the package lies: the source in src/ and the bundle in dist/ are both one folder below it. */
import { existsSync, readFileSync } from "node:fs";
// By its default: webpack replaces a createRequire() that it can name by undefined.
import module from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Undefined in CommonJS that a bundler wrote: such code does not know where it lies. */
const address: string | undefined = import.meta.url;

/** require() as this file has it; where nothing is known of its place, as the working directory has it. */
export const requireHere = module.createRequire(address ?? resolve("bundle.js"));

/** require() as a file in that folder has it. Bundlers do not see what is asked of it. */
export function requireIn(folder: string): NodeJS.Require {
  return module.createRequire(join(folder, "package.json"));
}

/** The folder above this file's; undefined where a bundler has moved the code out of the package. */
function ownFolder(): string | undefined {
  if (address === undefined) return undefined;
  const folder = join(dirname(fileURLToPath(address)), "..");
  return nameIn(folder) === "argsearch" ? folder : undefined;
}

function nameIn(folder: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: string }).name;
  } catch {
    return undefined;
  }
}

/** The package that is installed where the code was bundled to. */
function installedFolder(): string | undefined {
  try {
    return dirname(requireHere.resolve("argsearch/package.json"));
  } catch {
    return undefined;
  }
}

const found = ownFolder() ?? installedFolder();

/** Whether this code runs out of an application's bundle, and no package lies where the application could find it. */
export const isSwallowed = found === undefined;

/** For Node's own modules, which read Electron's archives as folders. What other code opens is found by packageFile(). */
export const packageRoot = found ?? resolve(address === undefined ? "." : dirname(fileURLToPath(address)));

/**
 * A path as native code and other programs find it. Electron packs an application into app.asar, a file that only its own `fs` takes
 * for a folder; what was unpacked lies beside it, in app.asar.unpacked.
 */
export function unpacked(path: string): string {
  const beside = path.replace(/([\\/][^\\/]+\.asar)(?=[\\/])/, "$1.unpacked");
  return beside !== path && existsSync(beside) ? beside : path;
}

/** A file or folder of the package, for native code and other programs. */
export function packageFile(...names: string[]): string {
  return unpacked(join(packageRoot, ...names));
}

/** The package's own package.json, as far as anybody asks. */
export function packageManifest(): { version: string; optionalDependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
}

/** The working directory, as one place to look in; none when it was removed. */
export function workingDirectory(): string[] {
  try {
    return [process.cwd()];
  } catch {
    return [];
  }
}
