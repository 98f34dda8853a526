import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../src/package-root.js";

/** Builds a program of bench/native where it is stale; its path. */
export function buildBench(target: string): string {
  const folder = join(packageRoot, "build", "cmake", "bench");
  run("cmake", ["-S", packageRoot, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DARGSEARCH_BENCH=ON"]);
  run("cmake", ["--build", folder, "--config", "Release", "--target", target, "--parallel", String(cpus().length)]);
  return join(folder, process.platform === "win32" ? `Release/${target}.exe` : target);
}

/** What the program prints. @throws Error when it fails */
export function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr + stdout}`);
  return stdout;
}
