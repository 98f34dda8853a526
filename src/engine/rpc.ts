/** Servers of llama.cpp's RPC backend, whose devices join the engine's. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ArgsearchError } from "../errors.js";
import { packageFile, packageRoot } from "../package-root.js";
import { binding } from "./binding.js";
import { native } from "./native.js";
import { probeRpcServer } from "./rpc-probe.js";

/** Names of the devices of servers that this thread has added, by endpoint. */
const added = new Map<string, readonly string[]>();

/**
 * Names of the servers' devices, in their order ("RPC0", "RPC1", …). A server is asked first whether it is there, by a connection with a
 * time limit; one that was added before may have this very process for its one client, and is not.
 *
 * @throws ArgsearchError DEVICE_UNAVAILABLE, ENGINE_INCOMPATIBLE, ENGINE_NOT_FOUND without the backend's library; ABORTED
 */
export async function rpcDevices(endpoints: readonly string[], signal?: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  for (const endpoint of endpoints) {
    const library = rpcLibrary();
    if (!added.has(endpoint)) await probeRpcServer(endpoint, signal);
    const devices = await native(() => binding().addRpcServer(library, endpoint));
    added.set(endpoint, devices);
    names.push(...devices);
  }
  return names;
}

/** The file that ARGSEARCH_RPC_LIBRARY names, or that was built here; "" where the engine has the backend in its own folder. */
function rpcLibrary(): string {
  const { ARGSEARCH_RPC_LIBRARY: chosen } = process.env;
  const dir = native(() => binding().currentEngine())?.dir ?? "";
  const name = process.platform === "win32" ? "ggml-rpc.dll" : process.platform === "darwin" ? "libggml-rpc.dylib" : "libggml-rpc.so";
  if (!chosen && existsSync(resolve(dir, name))) return "";
  const file = chosen ? resolve(chosen) : packageFile("build", "rpc", name);
  if (existsSync(file)) return file;
  const build = `Build it, with git and a C++17 compiler: cd ${packageRoot} && npm run rpc`;
  throw new ArgsearchError("ENGINE_NOT_FOUND", `rpc: llama.cpp's RPC backend is not there: ${file} is missing. ${build}`, {
    option: "rpc",
  });
}
