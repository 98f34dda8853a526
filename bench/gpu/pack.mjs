/**
 * Puts all that these benchmarks need into one folder, for a GPU machine without a network, without Node and without this repository: the
 * programs in one file each, the addon that was built here, the embedded pair, Node itself and the engine package with Vulkan.
 *
 *   npm install --no-save @node-llama-cpp/linux-x64-vulkan@VERSION    # the engine's version in package.json
 *   node bench/gpu/pack.mjs FOLDER && tar c FOLDER | xz > gpu.tar.xz  # 36 MB
 *
 * There: `bash FOLDER/run.sh RESULTS`. NVIDIA's driver needs a Vulkan loader beside it (Debian: libvulkan1 libegl1 libgl1 libgles2 libopengl0
 * libxext6, with what they depend on), and VK_DRIVER_FILES its nvidia_icd.json where the loader does not find that itself.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/lib/run.mjs";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node bench/gpu/pack.mjs FOLDER");
const programs = ["speed", "gpu/tokens", "gpu/serve", "gpu/server"];

// esbuild, which tsx brings: what tsdown makes of the server does not run.
run(join(root, "node_modules", ".bin", "esbuild"), [
  ...programs.map((name) => join(root, "bench", `${name}.ts`)),
  ...["--bundle", "--platform=node", "--format=esm", "--target=node20", "--log-level=warning"],
  ...[`--outdir=${join(folder, "bin")}`, "--entry-names=[name]", "--out-extension:.js=.mjs"],
  // What draws charts, which is not there.
  ...["--external:vega", "--external:vega-lite"],
  `--banner:js=import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);`,
]);
const { name, version, optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
writeFileSync(join(folder, "package.json"), JSON.stringify({ name, version, optionalDependencies }));
for (const part of ["models", "bench/programs", "build/Release/argsearch.node", "node_modules/@node-llama-cpp/linux-x64-vulkan"]) {
  cpSync(join(root, part), join(folder, part), { recursive: true, dereference: true });
}
rmSync(join(folder, "node_modules/@node-llama-cpp/linux-x64-vulkan/bins/linux-x64-vulkan/llama-addon.node"), { force: true });
mkdirSync(join(folder, "tools"), { recursive: true });
copyFileSync(process.execPath, join(folder, "tools", "node"));
run("strip", [join(folder, "tools", "node")]);
copyFileSync(join(root, "bench", "gpu", "run.sh"), join(folder, "run.sh"));

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} failed${error ? `: ${error.message}` : ""}`);
}
