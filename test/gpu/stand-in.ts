/** Engine packages with a backend library of ours that ggml takes for a GPU's, in a folder that an application could have. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { copyEngine, llamaHeaders, plainEngine, platform, release } from "../helpers/engine-shim.js";

export interface StandIns {
  /** An application's folder. */
  dir: string;
  /** A package with llama.cpp's libraries and a stand-in: "cuda" or "vulkan". `mode` names the variable that says what it does. */
  gpuPackage(gpu: "cuda" | "vulkan", mode: string): string;
  /** The package with CUDA for older drivers. */
  fallbackPackage(mode: string, version?: string): string;
  /** A folder of the user's own with the same. */
  engineDir(name: string, gpu: "cuda" | "vulkan", mode: string): string;
}

export function standIns(): StandIns {
  const dir = mkdtempSync(join(tmpdir(), "argsearch-gpu-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const place = (name: string, version = release): string => {
    const own = join(dir, "node_modules", "@node-llama-cpp", name);
    mkdirSync(join(own, "dist"), { recursive: true });
    writeFileSync(join(own, "dist", "index.js"), "");
    writeFileSync(join(own, "package.json"), JSON.stringify({ name, version, type: "module", exports: "./dist/index.js" }));
    return own;
  };
  return {
    dir,
    gpuPackage: (gpu, mode) => withLibraries(join(place(`${platform}-${gpu}`), "bins", `${platform}-${gpu}`), gpu, mode),
    fallbackPackage(mode, version) {
      const backends = join(place(`${platform}-cuda-ext`, version), "bins", `${platform}-cuda`, "fallback");
      mkdirSync(backends, { recursive: true });
      return compile(backends, "cuda", mode);
    },
    engineDir: (name, gpu, mode) => withLibraries(join(dir, name), gpu, mode),
  };
}

function withLibraries(bins: string, gpu: "cuda" | "vulkan", mode: string): string {
  copyEngine(bins);
  return compile(bins, gpu, mode);
}

function compile(dir: string, gpu: "cuda" | "vulkan", mode: string): string {
  const name = { cuda: "CUDA", vulkan: "Vulkan" }[gpu];
  const source = fileURLToPath(new URL("fake-gpu.cc", import.meta.url));
  const headers = llamaHeaders.flatMap((each) => ["-I", each]);
  const ggml = readdirSync(plainEngine).find((each) => /^libggml\.v.*\.so$/.test(each));
  const link = ["-L", plainEngine, "-l:libggml-base.so", `-l:${ggml}`];
  const defines = [`-DGPU="${name}"`, `-DMODE="${mode}"`];
  execFileSync("g++", ["-std=c++17", "-shared", "-fPIC", ...headers, ...defines, source, "-o", join(dir, `libggml-${gpu}.so`), ...link]);
  return dir;
}
