/**
 * An application as Electron's packers leave it: everything in app.asar, which only Electron's own `fs` reads as a folder. Here it is one,
 * whose native files are texts, so that whatever opens them there fails; the real ones lie in app.asar.unpacked.
 */
import { cpSync, linkSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { binding } from "../../src/engine/binding.js";
import { devices } from "../../src/index.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
devices({ gpu: false });
const engine = binding().currentEngine()?.dir as string;
const enginePackage = join(engine, "..", "..");
const [, engineName = ""] = enginePackage.split("@node-llama-cpp/");

/** Puts a file, or what stands for it, there. */
export type Place = (from: string, to: string) => void;

export const share: Place = (from, to) => {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
};

const text: Place = (_, to) => {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, "packed");
};

/** node_modules of an application, where `native` says what native files are there. */
export function placeModules(app: string, native: Place): void {
  const own = join(app, "node_modules", "argsearch");
  cpSync(join(root, "dist"), join(own, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(own, "package.json"));
  const { dependencies } = createRequire(join(root, "package.json"))("./package.json") as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies)) {
    const to = join(app, "node_modules", name);
    mkdirSync(dirname(to), { recursive: true });
    symlinkSync(join(root, "node_modules", name), to);
  }
  const packaged = join(app, "node_modules", "@node-llama-cpp", engineName);
  for (const name of ["package.json", "dist"]) cpSync(join(enginePackage, name), join(packaged, name), { recursive: true });
  for (const name of readdirSync(engine)) native(join(engine, name), join(packaged, "bins", engineName, name));
  native(join(root, "build", "Release", "argsearch.node"), join(own, "build", "Release", "argsearch.node"));
  for (const name of ["policy.gguf", "reward.gguf"]) native(join(root, "models", name), join(own, "models", name));
}

/** Both folders: `app` and app.unpacked, which has no JavaScript. */
export function placeArchive(app: string): void {
  placeModules(app, text);
  placeModules(`${app}.unpacked`, share);
  const own = join(`${app}.unpacked`, "node_modules", "argsearch");
  for (const name of ["dist", "package.json"]) rmSync(join(own, name), { recursive: true });
}
