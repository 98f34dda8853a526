/**
 * Finds llama.cpp's libraries and opens them. They come from `@node-llama-cpp/PLATFORM` packages: the plain one is a
 * dependency of this package, the GPU ones are there when the user installed them.
 */
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { ArgsearchError } from "../errors.js";
import { packageManifest, packageRoot } from "../package-root.js";
import type { Gpu } from "../types.js";
import { binding, type EngineInfo } from "./binding.js";
import { native } from "./native.js";
import type { ResolvedEngine } from "./options.js";

const SCOPE = "@node-llama-cpp";

/** ggml's own backend names. */
export const BACKENDS = { cuda: "CUDA", vulkan: "Vulkan", metal: "MTL" } as const;

/** Names of the engine packages by platform, without the scope. Apple silicon has one package for CPU and Metal. */
const PACKAGES: Readonly<Record<string, { plain: string } & Partial<Record<keyof typeof BACKENDS, string>>>> = {
  "linux-x64": { plain: "linux-x64", cuda: "linux-x64-cuda", vulkan: "linux-x64-vulkan" },
  "linux-arm64": { plain: "linux-arm64" },
  "linux-armv7l": { plain: "linux-armv7l" },
  "linux-riscv64": { plain: "linux-riscv64" },
  "mac-x64": { plain: "mac-x64" },
  "mac-arm64": { plain: "mac-arm64-metal", metal: "mac-arm64-metal" },
  "win-x64": { plain: "win-x64", cuda: "win-x64-cuda", vulkan: "win-x64-vulkan" },
  "win-arm64": { plain: "win-arm64" },
};

/** The engine this thread opened last; a process can have but one. */
let opened: EngineInfo | undefined;

/** Opens the engine that the options ask for, or stays with the one that is open and serves them as well. */
export function openEngine(options: ResolvedEngine): EngineInfo {
  if (options.engineDir === undefined && opened && serves(options.gpu)) return opened;
  const dir = options.engineDir === undefined ? findEngine(options.gpu) : resolve(options.engineDir);
  opened = native(() => binding().openEngine(dir));
  return opened;
}

function serves(gpu: Gpu): boolean {
  if (gpu === "auto" || gpu === false) return true;
  return native(() => binding().devices()).some((device) => device.backend === BACKENDS[gpu]);
}

/** The directory of the first engine package that is installed. ENGINE_NOT_FOUND, or DEVICE_UNAVAILABLE for a GPU by name. */
function findEngine(gpu: Gpu): string {
  const platform = platformName(process.platform, process.arch);
  const names = enginePackages(platform, gpu);
  const places = [packageRoot, process.cwd()];
  for (const name of names) {
    for (const place of places) {
      const dir = libraryDir(name, place);
      if (dir !== undefined) return dir;
    }
  }
  throw notFound(platform, gpu, names, places);
}

/** For example "linux-x64", "mac-arm64", "win-x64", "linux-armv7l": the engine packages' words. */
export function platformName(platform: string, arch: string): string {
  const system = { darwin: "mac", win32: "win" }[platform] ?? platform;
  return `${system}-${system === "linux" && arch === "arm" ? "armv7l" : arch}`;
}

/** Package names in the order of preference; none where there is no package for that platform or GPU. */
export function enginePackages(platform: string, gpu: Gpu): string[] {
  const packages = PACKAGES[platform];
  if (packages === undefined) return [];
  const { plain, cuda, vulkan } = packages;
  const others = [cuda, vulkan].filter((name) => name !== undefined);
  if (gpu === "auto") return [...others, plain];
  if (gpu === false) return [plain, ...others];
  return [packages[gpu]].filter((name) => name !== undefined);
}

/** bins/NAME of an engine package seen from a directory; undefined when it is not installed there. */
function libraryDir(name: string, from: string): string | undefined {
  const require = createRequire(join(from, "package.json"));
  try {
    const bins = join(dirname(require.resolve(`${SCOPE}/${name}`)), "..", "bins");
    const own = join(bins, name);
    if (existsSync(own)) return own;
    const [only] = readdirSync(bins);
    return only === undefined ? undefined : join(bins, only);
  } catch {
    return undefined;
  }
}

function notFound(platform: string, gpu: Gpu, names: string[], places: string[]): ArgsearchError {
  const own = "set engineDir to a directory with llama.cpp's libraries";
  const code = gpu === "auto" || gpu === false ? "ENGINE_NOT_FOUND" : "DEVICE_UNAVAILABLE";
  const what = code === "ENGINE_NOT_FOUND" ? `No llama.cpp engine for ${platform}` : `No llama.cpp engine with ${gpu} for ${platform}`;
  const plain = gpu === "auto" ? names[names.length - 1] : names[0];
  if (plain === undefined) return new ArgsearchError(code, `${what}: there is no package for it; ${own}.`, { option: "engineDir" });
  const wanted = names.map((name) => `${SCOPE}/${name}`).join(", ");
  const searched = `looked for ${wanted} from ${[...new Set(places)].join(" and ")}`;
  const message = `${what}: ${searched}. Repair with "npm install ${SCOPE}/${plain}${engineVersion()}", or ${own}.`;
  return new ArgsearchError(code, message, { option: "engineDir" });
}

/** "@3.21.1": the release that this package was made for, out of its own package.json. */
function engineVersion(): string {
  try {
    const version = Object.entries(packageManifest().optionalDependencies ?? {}).find(([name]) => name.startsWith(SCOPE))?.[1];
    return version === undefined ? "" : `@${version}`;
  } catch {
    return "";
  }
}
