#!/usr/bin/env node
// Stands in for node-gyp, so that prebuildify builds with CMake (scripts/prebuilds.mjs). It names the target in PREBUILD_PLATFORM,
// PREBUILD_ARCH and PREBUILD_LIBC and takes build/Release/*.node of the working directory.
import { join, resolve } from "node:path";
import { buildNative } from "./build-native.mjs";
import { fetchHeaders } from "./headers.mjs";
import { main, root } from "./lib/run.mjs";

/** CMake's definitions for a target that is not the host's own; scripts/lib/compilers.mjs says why these compilers. */
function crossDefinitions(platform, arch, libc) {
  const file = (name) => `CMAKE_TOOLCHAIN_FILE=${join(root, "cmake", name)}`;
  if (platform === "linux" && arch === "arm64" && libc === "glibc") return [file("linux-arm64.cmake")];
  const cpu = arch === "arm64" ? "aarch64" : "x86_64";
  const system = { linux: libc === "musl" ? "linux-musl" : "linux-gnu.2.34", darwin: "macos.13.0", win32: "windows-gnu" }[platform];
  return [file("zig.cmake"), `ZIG_TARGET=${cpu}-${system}`];
}

await main(import.meta.url, () => {
  const { PREBUILD_PLATFORM: platform = process.platform, PREBUILD_ARCH: arch = process.arch, PREBUILD_LIBC: libc = "glibc" } = process.env;
  const hostLibc = process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl";
  const host = platform === process.platform && arch === process.arch && (platform !== "linux" || libc === hostLibc);
  fetchHeaders();
  buildNative({
    target: resolve("build", "Release", "argsearch.node"),
    name: ["prebuild", platform, arch, ...(platform === "linux" ? [libc] : [])].join("-"),
    define: ["ARGSEARCH_STRIP=ON", ...(host ? [] : crossDefinitions(platform, arch, libc))],
    args: ["--arch", arch, ...(host ? [] : ["--generator", "Ninja"])],
  });
});
