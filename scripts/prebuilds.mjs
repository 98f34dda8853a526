// The addons of the published package, all from one machine:
//   node scripts/prebuilds.mjs [--host] [NAME …]        for example linux-arm64 win32-x64; without a name, every target
// It takes Debian's g++-aarch64-linux-gnu, and zig (pip install ziglang).
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fetchHeaders } from "./headers.mjs";
import { formatOf } from "./lib/binary.mjs";
import { compilerFor } from "./lib/compilers.mjs";
import { Failure, main, root, runPackage, step } from "./lib/run.mjs";
import { hostTarget, TARGETS } from "./lib/targets.mjs";

/** prebuildify takes the addon out of build/Release of where it works: not of the checkout, whose own stands there. */
const workplace = join(root, "build", "prebuildify");

export function buildPrebuilt(target) {
  const { name, platform, arch, libc } = target;
  const env = compilerFor(target);
  mkdirSync(workplace, { recursive: true });
  const what = ["--platform", platform, "--arch", arch, ...(libc === undefined ? [] : ["--libc", libc, "--tag-libc", libc])];
  const where = ["--name", "argsearch", "--cwd", workplace, "--out", root, "--node-gyp", join(root, "scripts", "cmake-gyp.mjs")];
  step(`addon for ${name}`, () => runPackage("prebuildify", ["--napi", ...what, ...where], { env }));
  checkPrebuilt(target);
}

/** A build that took the host's compiler by mistake would be found by users alone. */
export function checkPrebuilt({ name, platform, arch, file }) {
  const path = join(root, file);
  const format = existsSync(path) ? formatOf(readFileSync(path)) : undefined;
  if (format?.platform !== platform || format.arch !== arch) {
    throw new Failure(
      `${file} is no addon for ${name}: it is ${format ? `one for ${format.platform}-${format.arch}` : "missing, or no library"}`,
    );
  }
}

function wanted(argv) {
  const names = argv.filter((each) => each !== "--host");
  const unknown = names.filter((name) => !TARGETS.some((target) => target.name === name));
  if (unknown.length > 0)
    throw new Failure(`there is no target ${unknown.join(", ")}; known are ${TARGETS.map(({ name }) => name).join(", ")}`);
  const host = argv.includes("--host") ? [hostTarget()] : [];
  if (host.includes(undefined)) throw new Failure(`the package has no addon for ${process.platform}-${process.arch}`);
  return argv.length === 0 ? TARGETS : [...host, ...names.map((name) => TARGETS.find((target) => target.name === name))];
}

await main(import.meta.url, (argv) => {
  const targets = wanted(argv);
  fetchHeaders();
  for (const target of targets) buildPrebuilt(target);
});
