/** Where the package lies: the source in src/ and the bundle in dist/ are both one folder below it. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** For Node's own modules, which read Electron's archives as folders. What other code opens is found by packageFile(). */
export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), "..");

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
