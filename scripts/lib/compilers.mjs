// Compilers for other machines than this one.
import { spawnSync } from "node:child_process";
import { Failure } from "./run.mjs";
import { hostTarget } from "./targets.mjs";

/**
 * What a target's build runs with beside the environment's own variables. Linux on glibc takes g++: an exception that the engine throws
 * through a frame of zig's runtime would end the process. The others take zig, which carries every target's C and C++ library.
 *
 * @returns variables for CMake's toolchain file; a Failure says what to install
 */
export function compilerFor({ name, platform, arch, libc }) {
  if (name === hostTarget()?.name) return {};
  if (platform !== "linux" || libc === "musl") return { ZIG: zig() };
  const compiler = `${{ arm64: "aarch64", x64: "x86-64" }[arch]}-linux-gnu-g++`;
  if (spawnSync(compiler, ["--version"]).status === 0) return {};
  throw new Failure(`${compiler} is missing. Debian and Ubuntu: apt-get install ${compiler.replace(/^(.*)-g\+\+$/, "g++-$1")}`);
}

/** The program: ZIG names it, or the PATH has it, or Python's package. */
function zig() {
  const find = "import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), 'zig'))";
  const { status, stdout } = spawnSync("python3", ["-c", find], { encoding: "utf8" });
  for (const path of [process.env.ZIG, "zig", status === 0 ? stdout.trim() : undefined]) {
    if (path && spawnSync(path, ["version"]).status === 0) return path;
  }
  throw new Failure("zig is missing: pip install ziglang, or set ZIG to its path");
}
