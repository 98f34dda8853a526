/** llama.cpp's libraries elsewhere, and with functions of ours in place of its own: compiled by the test, on Linux. */
import { execFileSync } from "node:child_process";
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const platform = "linux-x64";

/** The stand-in is a Linux library, made by the compiler that also builds the addon. */
export const canCompile = process.platform === "linux" && process.arch === "x64" && compiles();

function compiles(): boolean {
  try {
    execFileSync("g++", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const require = createRequire(join(root, "package.json"));
const plainPackage = canCompile ? join(dirname(require.resolve(`@node-llama-cpp/${platform}`)), "..") : "";
/** llama.cpp's libraries for the CPU. */
export const plainEngine = join(plainPackage, "bins", platform);
const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  optionalDependencies: Record<string, string>;
};
/** The release of the engine packages. */
export const release = optionalDependencies[`@node-llama-cpp/${platform}`] as string;

/** Folders of llama.cpp's headers. */
export const llamaHeaders = [["include"], ["ggml", "include"]].map((names) => join(root, ".cache", "llama.cpp", release, ...names));

/** llama.cpp's own libraries in another folder. */
export function copyEngine(to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(plainEngine).filter((each) => /^lib(llama|ggml).*\.so$/.test(each))) {
    try {
      linkSync(join(plainEngine, name), join(to, name));
    } catch {
      copyFileSync(join(plainEngine, name), join(to, name)); // on another disk
    }
  }
}

/** Makes such engines, in a folder that goes with the test file. */
export function engineShims(): { engine(source: string, ...names: string[]): string } {
  const folder = mkdtempSync(join(tmpdir(), "argsearch-shims-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return { engine: (source, ...names) => engine(folder, source, names) };
}

/** An engine directory whose libllama is the real one but for what the C++ text defines. `names`: the decorations of its libraries. */
function engine(folder: string, source: string, names: readonly string[]): string {
  const dir = mkdtempSync(join(folder, "engine-"));
  const real = join(dir, "real");
  copyEngine(real);
  const libraries = readdirSync(real);
  const [llama, ggml] = ["llama", "ggml"].map((stem) => libraries.find((name) => name.startsWith(`lib${stem}.v`)) ?? "");
  for (const name of libraries.filter((each) => !/^lib(llama|ggml)\./.test(each))) linkSync(join(real, name), join(dir, name));
  const text = join(dir, "shim.cc");
  writeFileSync(text, `#include <dlfcn.h>\n#include "llama.h"\n${source}`);
  for (const name of names.length > 0 ? names : [".v0.4.0"]) {
    linkSync(join(real, ggml as string), join(dir, `libggml${name}.so`));
    const include = llamaHeaders.flatMap((headers) => ["-I", headers]);
    const link = ["-L", real, `-l:${llama}`, "-Wl,--no-as-needed", "-Wl,-rpath,$ORIGIN/real", "-Wl,-rpath-link", real];
    execFileSync("g++", [
      "-std=c++17",
      "-shared",
      "-fPIC",
      "-w",
      ...include,
      text,
      "-o",
      join(dir, `libllama${name}.so`),
      "-Wl,--no-as-needed",
      ...link,
    ]);
  }
  return dir;
}
