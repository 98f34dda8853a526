/** llama.cpp's own server, of the engine's release: built once into .cache, minutes; ARGSEARCH_LLAMA_SERVER names one that is there. */
import { type ChildProcess, type ExecFileSyncOptions, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { packageManifest, packageRoot } from "../../src/package-root.js";
import { llamaSource } from "./tools.js";

function answers(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Why there is none; undefined where there is, or can be. */
export function whyNoServer(): string | undefined {
  if (process.env.ARGSEARCH_LLAMA_SERVER !== undefined || existsSync(built)) return undefined;
  if (process.platform === "win32") return "llama.cpp's server is built on Linux and macOS here; ARGSEARCH_LLAMA_SERVER names one";
  const missing = ["cmake", process.env.CXX ?? "c++", "git"].filter((program) => !answers(program));
  return missing.length === 0 ? undefined : `llama.cpp's server cannot be built: there is no ${missing.join(", ")}`;
}

/** node-llama-cpp's, whose tarball has the source. */
const version = packageManifest().optionalDependencies?.["@node-llama-cpp/linux-x64"];
const folder = join(packageRoot, ".cache", `llama-server-${version}`);
const built = join(folder, "bin", "llama-server");

/** No web page, no TLS, nothing fetched, and quick to compile: its speed is not measured. */
const OPTIONS = [
  ...["CMAKE_BUILD_TYPE=Release", "CMAKE_CXX_FLAGS_RELEASE=-O1", "BUILD_SHARED_LIBS=OFF", "GGML_OPENMP=OFF"],
  ...["LLAMA_OPENSSL=OFF", "LLAMA_BUILD_UI=OFF", "LLAMA_USE_PREBUILT_UI=OFF", "LLAMA_BUILD_TESTS=OFF", "LLAMA_BUILD_EXAMPLES=OFF"],
  ...["LLAMA_BUILD_APP=OFF"],
];

/** Its path. */
export function llamaServer(): string {
  if (process.env.ARGSEARCH_LLAMA_SERVER !== undefined) return process.env.ARGSEARCH_LLAMA_SERVER;
  if (existsSync(built)) return built;
  mkdirSync(folder, { recursive: true });
  const settings = OPTIONS.map((option) => `-D${option}`);
  const quiet: ExecFileSyncOptions = { stdio: ["ignore", "ignore", "inherit"] };
  execFileSync("cmake", ["-S", llamaSource(), "-B", folder, ...settings], quiet);
  execFileSync("nice", ["cmake", "--build", folder, "--target", "llama-server", "-j", String(availableParallelism())], quiet);
  return built;
}

export interface RunningServer {
  url: string;
  kill(): Promise<void>;
}

/** One that answers. */
export async function start(model: string, more: readonly string[] = [], port?: number): Promise<RunningServer> {
  const at = port ?? (await freePort());
  const child = spawn(llamaServer(), ["-m", model, "--port", String(at), ...more], { stdio: "ignore" });
  const url = `http://127.0.0.1:${at}`;
  for (let tries = 0; ; tries++) {
    const health = await fetch(`${url}/health`).catch(() => undefined);
    if (health?.ok) return { url, kill: () => kill(child) };
    if (child.exitCode !== null || tries > 600) throw new Error("llama.cpp's server does not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  return ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
