// Programs and libraries of other platforms, and tools, out of their packages into .cache/platforms: fetched once, never installed.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, npm, place, root, run } from "../lib/run.mjs";
import { Skip } from "./check.mjs";

export const cache = join(root, ".cache", "platforms");

/** A folder of the cache, made by `fill(temporary)` once. A Failure, as where there is no registry, skips the check that asks. */
async function fetched(name, fill) {
  const folder = join(cache, name.replaceAll(/[^\w.]+/g, "-").replace(/^-/, ""));
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const temporary = mkdtempSync(join(cache, "fetch-"));
  try {
    place(await fill(temporary), folder);
  } catch (error) {
    throw error instanceof Failure ? new Skip(error.message) : error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return folder;
}

/** A package of npm's registry, unpacked; `spec` is name@version. Its dependencies are not fetched. */
export function fetchPackage(spec) {
  return fetched(spec, (temporary) => {
    npm(["pack", spec], { cwd: temporary, purpose: `${spec} comes from npm's registry` });
    const tarball = readdirSync(temporary).find((entry) => entry.endsWith(".tgz"));
    run("tar", ["-xzf", tarball], { cwd: temporary, explain: (output) => `Cannot unpack ${tarball}: ${output}` });
    return join(temporary, "package");
  });
}

/** npm packages with their dependencies, installed in a folder of their own; no script of theirs is run. */
export function fetchTools(name, specs) {
  return fetched(name, (temporary) => {
    writeFileSync(join(temporary, "package.json"), JSON.stringify({ name: "tools", private: true }));
    const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", ...specs];
    npm(args, { cwd: temporary, purpose: `${specs.join(", ")} come from npm's registry` });
    return temporary;
  });
}

/** A wheel of Python's registry for a platform, unpacked. */
export function fetchWheel(spec, platform) {
  return fetched(spec, (temporary) => {
    const explain = (output) => `${spec} comes from Python's registry by pip: ${output.split("\n").at(-1)}`;
    const args = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--platform", platform, spec];
    run("python3", args, { cwd: temporary, explain });
    const wheel = readdirSync(temporary).find((entry) => entry.endsWith(".whl"));
    const out = join(temporary, "wheel");
    run("python3", ["-m", "zipfile", "-e", wheel, out], { cwd: temporary });
    return out;
  });
}
