/**
 * Where llama.cpp's libraries lie. They come from `@node-llama-cpp/PLATFORM` packages: the plain one is a dependency of this package, the
 * GPU ones are there when the user installed them.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ArgsearchError } from "../errors.js";
import { packageManifest, packageRoot, requireIn, unpacked, workingDirectory } from "../package-root.js";
import type { Gpu } from "../types.js";
import type { EngineInfo } from "./binding.js";
import type { ResolvedEngine } from "./options.js";
import { isMusl } from "./prebuilt.js";

export const SCOPE = "@node-llama-cpp";

/** ggml's own backend names. */
export const BACKENDS = { cuda: "CUDA", vulkan: "Vulkan", metal: "MTL" } as const;

export type NamedGpu = keyof typeof BACKENDS;

/** Names of the engine packages by platform, without the scope. Apple silicon has one package for CPU and Metal. */
const PACKAGES: Readonly<Record<string, { plain: string } & Partial<Record<NamedGpu, string>>>> = {
  "linux-x64": { plain: "linux-x64", cuda: "linux-x64-cuda", vulkan: "linux-x64-vulkan" },
  "linux-arm64": { plain: "linux-arm64" },
  "linux-armv7l": { plain: "linux-armv7l" },
  "linux-riscv64": { plain: "linux-riscv64" },
  "mac-x64": { plain: "mac-x64" },
  "mac-arm64": { plain: "mac-arm64-metal", metal: "mac-arm64-metal" },
  "win-x64": { plain: "win-x64", cuda: "win-x64-cuda", vulkan: "win-x64-vulkan" },
  "win-arm64": { plain: "win-arm64" },
};

/** An engine that could be opened. */
export interface Candidate {
  /** For messages: a package's name, or the directory. */
  name: string;
  dir: string;
  /** A directory of further backends, "" for none. */
  backends: string;
  /** The GPUs that it has libraries for, in ggml's file names' words: "cuda", "vulkan", "hip", … */
  gpus: string[];
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

/** The package with CUDA for older drivers, beside the one with today's: "linux-x64-cuda-ext". */
function fallbackPackage(name: string): string | undefined {
  return name.endsWith("-cuda") ? `${name}-ext` : undefined;
}

/** The same for a candidate, with its scope. */
export function fallbackOf({ name }: Candidate): string | undefined {
  return name.startsWith(SCOPE) ? fallbackPackage(name) : undefined;
}

/**
 * The engines that serve the options, the preferred one first; an own directory is the only one.
 *
 * @throws ArgsearchError ENGINE_NOT_FOUND, or DEVICE_UNAVAILABLE for a GPU by name, when there is none
 */
export function candidates({ engineDir, gpu }: ResolvedEngine): Candidate[] {
  if (engineDir !== undefined) {
    const dir = unpacked(resolve(engineDir));
    return [{ name: dir, dir, backends: "", gpus: gpusIn(dir) }];
  }
  const platform = platformName(process.platform, process.arch);
  const names = enginePackages(platform, gpu);
  const found = names.flatMap((name) => [installed(name), fallback(name, platform)]).filter((each) => each !== undefined);
  if (found.length > 0) return found;
  throw notFound(platform, gpu, names);
}

/** The engine that is open. */
export function candidateAt({ dir, backends = "" }: EngineInfo): Candidate {
  return { name: backends === "" ? dir : backends, dir, backends, gpus: gpusIn(backends === "" ? dir : backends) };
}

function installed(name: string): Candidate | undefined {
  const dir = libraryDir(name);
  return dir === undefined ? undefined : { name: `${SCOPE}/${name}`, dir, backends: "", gpus: gpusIn(dir) };
}

/** The plain engine with the older CUDA's library, where both are of one release. */
function fallback(name: string, platform: string): Candidate | undefined {
  const ext = fallbackPackage(name);
  const plain = PACKAGES[platform]?.plain;
  const [extDir, dir] = [ext && libraryDir(ext), plain && libraryDir(plain)];
  if (!extDir || !dir || releaseOf(extDir) !== releaseOf(dir)) return undefined;
  const backends = join(extDir, "fallback");
  const gpus = gpusIn(backends);
  return gpus.length > 0 ? { name: `${SCOPE}/${ext}`, dir, backends, gpus } : undefined;
}

/** bins/NAME of an engine package, as this package or the application sees it; undefined when it is not installed. */
function libraryDir(name: string): string | undefined {
  for (const place of places()) {
    try {
      const bins = join(dirname(requireIn(place).resolve(`${SCOPE}/${name}`)), "..", "bins");
      const own = join(bins, name);
      const [only] = existsSync(own) ? [name] : readdirSync(bins);
      if (only !== undefined) return unpacked(join(bins, only));
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

function places(): string[] {
  return [...new Set([packageRoot, ...workingDirectory()])];
}

/**
 * What is wrong with the package that an engine comes from, as a sentence; undefined for the one that argsearch was made for, and for
 * directories that are no package's.
 */
export function otherRelease({ name, dir }: Pick<Candidate, "name" | "dir">): string | undefined {
  const [installed, wanted] = [releaseOf(dir), engineVersion()];
  if (!name.startsWith(SCOPE) || installed === undefined || wanted === "" || `@${installed}` === wanted) return undefined;
  return `${name} is installed in version ${installed}: npm install ${name}${wanted}`;
}

/** The version of the package that a bins/NAME belongs to. */
function releaseOf(dir: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(dir, "..", "..", "package.json"), "utf8")) as { version?: string };
    return version;
  } catch {
    return undefined;
  }
}

/** The GPUs whose backend libraries lie in a directory. */
function gpusIn(dir: string): string[] {
  try {
    const library =
      /^(?:lib)?ggml-(cuda|hip|musa|vulkan|metal|sycl|opencl|cann|webgpu|virtgpu|hexagon|openvino)(?:[.-].*)?\.(?:so|dylib|dll)$/;
    return [...new Set(readdirSync(dir).flatMap((name) => library.exec(name)?.[1] ?? []))];
  } catch {
    return []; // the addon says what is wrong with the directory
  }
}

function notFound(platform: string, gpu: Gpu, names: string[]): ArgsearchError {
  const own = "set engineDir to a directory with llama.cpp's libraries";
  const musl = "Its packages are made for glibc, and this system has musl (Alpine, for example): use one with glibc, as node:22-slim is";
  const code = gpu === "auto" || gpu === false ? "ENGINE_NOT_FOUND" : "DEVICE_UNAVAILABLE";
  const what = code === "ENGINE_NOT_FOUND" ? `No llama.cpp engine for ${platform}` : `No llama.cpp engine with ${gpu} for ${platform}`;
  if (isMusl()) return new ArgsearchError(code, `${what} on musl. ${musl}, or build llama.cpp here and ${own}.`);
  const plain = gpu === "auto" ? names[names.length - 1] : names[0];
  if (plain === undefined) return new ArgsearchError(code, `${what}: there is no package for it; ${own}.`);
  const wanted = names.map((name) => `${SCOPE}/${name}`).join(", ");
  const searched = `looked for ${wanted} from ${places().join(" and ")}`;
  return new ArgsearchError(code, `${what}: ${searched}. Repair with "npm install ${SCOPE}/${plain}${engineVersion()}", or ${own}.`);
}

/** "@3.21.1": the release that this package was made for, out of its own package.json. */
export function engineVersion(): string {
  try {
    const version = Object.entries(packageManifest().optionalDependencies ?? {}).find(([name]) => name.startsWith(SCOPE))?.[1];
    return version === undefined ? "" : `@${version}`;
  } catch {
    return "";
  }
}
