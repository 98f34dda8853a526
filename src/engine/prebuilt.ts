/** The addons that the package ships, one a platform. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { requireHere } from "../package-root.js";

export interface Prebuilt {
  /** Names under the package's root. */
  file: string[];
  /**
   * Never called. Tools that copy what a program needs (@vercel/nft, and with it Next and serverless builders) read literal names, and follow
   * them to the engine's libraries.
   */
  traced: () => unknown[];
}

/** What every platform opens beside its addon. */
const common = (): unknown[] => [
  join(dirname(fileURLToPath(import.meta.url)), "../models/policy.gguf"),
  join(dirname(fileURLToPath(import.meta.url)), "../models/reward.gguf"),
  requireHere("argsearch/dist/child.js"),
];

/** By the name of the package's subpath: "linux-x64", "linuxmusl-x64", "win32-arm64". */
export const PREBUILT: Readonly<Record<string, Prebuilt>> = {
  "linux-x64": {
    file: ["prebuilds", "linux-x64", "argsearch.glibc.node"],
    traced: () => [
      ...common(),
      requireHere("argsearch/prebuilds/linux-x64/argsearch.glibc.node"),
      requireHere("@node-llama-cpp/linux-x64"),
    ],
  },
  "linux-arm64": {
    file: ["prebuilds", "linux-arm64", "argsearch.glibc.node"],
    traced: () => [
      ...common(),
      requireHere("argsearch/prebuilds/linux-arm64/argsearch.glibc.node"),
      requireHere("@node-llama-cpp/linux-arm64"),
    ],
  },
  "linuxmusl-x64": { file: ["prebuilds", "linux-x64", "argsearch.musl.node"], traced: () => [] },
  "linuxmusl-arm64": { file: ["prebuilds", "linux-arm64", "argsearch.musl.node"], traced: () => [] },
  "darwin-x64": {
    file: ["prebuilds", "darwin-x64", "argsearch.node"],
    traced: () => [...common(), requireHere("argsearch/prebuilds/darwin-x64/argsearch.node"), requireHere("@node-llama-cpp/mac-x64")],
  },
  "darwin-arm64": {
    file: ["prebuilds", "darwin-arm64", "argsearch.node"],
    traced: () => [
      ...common(),
      requireHere("argsearch/prebuilds/darwin-arm64/argsearch.node"),
      requireHere("@node-llama-cpp/mac-arm64-metal"),
    ],
  },
  "win32-x64": {
    file: ["prebuilds", "win32-x64", "argsearch.node"],
    traced: () => [...common(), requireHere("argsearch/prebuilds/win32-x64/argsearch.node"), requireHere("@node-llama-cpp/win-x64")],
  },
  "win32-arm64": {
    file: ["prebuilds", "win32-arm64", "argsearch.node"],
    traced: () => [...common(), requireHere("argsearch/prebuilds/win32-arm64/argsearch.node"), requireHere("@node-llama-cpp/win-arm64")],
  },
};

/** This process's key of PREBUILT, whether there is an addon for it or not. */
export function platformKey(platform: string = process.platform, arch: string = process.arch, musl: boolean = isMusl()): string {
  return `${platform === "linux" && musl ? "linuxmusl" : platform}-${arch}`;
}

/** Whether the C library that this process runs on is musl, by the loader that is mapped into it: Alpine's name for it, or musl's own. */
export function isMusl(): boolean {
  if (process.platform !== "linux") return false;
  try {
    return /\/(?:(?:ld-musl-|libc\.musl-)[^/\s]*\.so|libc\.so$)/m.test(readFileSync("/proc/self/maps", "latin1"));
  } catch {
    return false;
  }
}
