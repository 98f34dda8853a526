import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./run.mjs";

const windows = process.platform === "win32";

function answers(command, ...args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** Each tool: how to see that it is there, and its package in each installer. */
const tools = {
  git: {
    title: "git",
    found: () => answers("git", "--version"),
    apt: "git",
    dnf: "git",
    winget: "winget install Git.Git",
  },
  cmake: {
    title: "CMake",
    found: () => answers("cmake", "--version"),
    apt: "cmake",
    dnf: "cmake",
    brew: "cmake",
    winget: "winget install Kitware.CMake",
  },
  compiler: {
    title: "a C++17 compiler",
    found: () => (windows ? visualStudio() : [process.env.CXX, "c++", "g++", "clang++"].some((name) => name && answers(name, "--version"))),
    apt: "g++",
    dnf: "gcc-c++",
    winget:
      'winget install Microsoft.VisualStudio.2022.BuildTools --override "--wait --passive --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended"',
  },
  make: {
    title: "make or ninja",
    found: () => windows || answers("make", "--version") || answers("ninja", "--version"),
    apt: "make",
    dnf: "make",
  },
};

/** cl.exe is on the PATH of Visual Studio's own prompt only; CMake finds it through vswhere as well. */
function visualStudio() {
  const vswhere = join(process.env["ProgramFiles(x86)"] ?? "", "Microsoft Visual Studio", "Installer", "vswhere.exe");
  if (!existsSync(vswhere)) return false;
  const tools = `Microsoft.VisualStudio.Component.VC.Tools.${process.arch === "arm64" ? "ARM64" : "x86.x64"}`;
  return (
    spawnSync(vswhere, ["-products", "*", "-requires", tools, "-property", "installationPath"], { encoding: "utf8" }).stdout.trim() !== ""
  );
}

/** The one line that installs the missing tools on this machine. */
function installLine(missing) {
  const packages = (installer) => missing.flatMap((tool) => tool[installer] ?? []);
  if (windows) return packages("winget").join(" && ");
  if (process.platform === "darwin") {
    const brew = packages("brew");
    const lines = brew.length < missing.length ? ["xcode-select --install"] : [];
    return [...lines, ...(brew.length > 0 ? [`brew install ${brew.join(" ")}`] : [])].join(" && ");
  }
  const sudo = process.getuid() === 0 ? "" : "sudo ";
  if (answers("apt-get", "--version")) return `${sudo}apt-get install -y ${packages("apt").join(" ")}`;
  if (answers("dnf", "--version")) return `${sudo}dnf install -y ${packages("dnf").join(" ")}`;
  return `your system's package manager: ${missing.map(({ title }) => title).join(", ")}`;
}

/** Throws a Failure that names what is missing of these tools, and the line that installs it. */
export function requireTools(...names) {
  const missing = names.map((name) => tools[name]).filter((tool) => !tool.found());
  if (missing.length === 0) return;
  throw new Failure(`Missing: ${missing.map(({ title }) => title).join(", ")}. Install with:\n  ${installLine(missing)}`);
}

/** Vite and tsdown, which only development needs, set this floor; the package itself runs on any Node 20. */
export function requireNode(major, minor) {
  const [ownMajor, ownMinor] = process.versions.node.split(".").map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  const line = { darwin: "brew install node", win32: "winget install OpenJS.NodeJS.LTS" }[process.platform];
  throw new Failure(
    `Building argsearch takes Node ${major}.${minor} or newer; this is ${process.versions.node}. Install with:\n  ${line ?? "sudo npm install -g n && sudo n lts"}`,
  );
}
