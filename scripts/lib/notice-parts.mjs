// Whose work is in the package or comes along with it, and where on this machine its licence can be read.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { version } from "./llama-source.mjs";
import { root } from "./run.mjs";

const packages = join(root, "node_modules");
const headers = join(root, ".cache", "llama.cpp", version);
const source = `${headers}-source`;
const zig = zigFolder();

const engine = engineFolder(join(packages, "@node-llama-cpp"));

/** `licence()` gives the text, or undefined where its source is not on this machine. */
const part = (title, about, ...path) => ({ title, about, licence: () => whole(path) });

export const COMPILED_IN = [
  part("llama.cpp and ggml", "Headers, in every addon. Of the engine that is installed beside the package: all of it.", headers, "LICENSE"),
  part("node-addon-api", "Headers, in every addon.", packages, "node-addon-api", "LICENSE.md"),
  part("node-api-headers", "Headers, in every addon.", packages, "node-api-headers", "LICENSE"),
  part(
    "Zig",
    "Its compiler-rt, in addons that are built with zig (musl, and where one machine builds all: macOS, Windows).",
    zig,
    "LICENSE",
  ),
  part("libc++, libc++abi and libunwind", "In addons that are built with zig.", zig, "lib", "libcxx", "LICENSE.TXT"),
  part(
    "mingw-w64",
    "Start-up code and import libraries, in addons for Windows that are built with zig.",
    zig,
    "lib",
    "libc",
    "mingw",
    "COPYING",
  ),
];

export const IN_THE_PLAYGROUND = [
  part("Preact", "Draws the page.", packages, "preact", "LICENSE"),
  part("Preact Signals", "What the page draws from: @preact/signals and @preact/signals-core.", packages, "@preact", "signals", "LICENSE"),
];

export const IN_THE_ENGINE = [
  part("node-llama-cpp", "Who builds llama.cpp's libraries, and their packages.", engine, "LICENSE"),
  {
    title: "llamafile's sgemm",
    about: "In the libggml-cpu libraries.",
    licence: () => headComment([source, "ggml", "src", "ggml-cpu", "llamafile", "sgemm.cpp"]),
  },
  part("JSON for Modern C++", "In libllama-common.", source, "licenses", "LICENSE-jsonhpp"),
  part("cpp-httplib", "In libllama-common.", source, "vendor", "cpp-httplib", "LICENSE"),
];

/** Name and licence of each package that npm installs for the package itself, the engine's aside. */
export function dependencies() {
  const found = new Map();
  const visit = (name, from) => {
    const manifest = manifestOf(name, from);
    if (found.has(name) || manifest === undefined) return;
    const { license, dependencies = {} } = JSON.parse(readFileSync(manifest, "utf8"));
    found.set(name, license);
    for (const next of Object.keys(dependencies)) visit(next, dirname(manifest));
  };
  const { dependencies: direct } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(direct)) visit(name, root);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** As Node finds it; not every package exports its package.json. */
function manifestOf(name, from) {
  const path = join(from, "node_modules", name, "package.json");
  if (existsSync(path)) return path;
  return dirname(from) === from ? undefined : manifestOf(name, dirname(from));
}

/** The package of whatever platform this is: all carry the same licence. */
function engineFolder(scope) {
  const [name] = existsSync(scope) ? readdirSync(scope) : [];
  return name && join(scope, name);
}

function zigFolder() {
  if (process.env.ZIG) return dirname(process.env.ZIG);
  const line = "import os, ziglang; print(os.path.dirname(ziglang.__file__))";
  return spawnSync("python3", ["-c", line], { encoding: "utf8" }).stdout?.trim() || undefined;
}

function whole(path) {
  if (path.includes(undefined) || !existsSync(join(...path))) return undefined;
  const lines = readFileSync(join(...path), "utf8").split(/\r?\n/);
  return lines
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/^\n+|\n+$/g, "");
}

/** The `//` lines that a file begins with, as text. */
function headComment(path) {
  const lines = whole(path)?.split("\n");
  const length = lines?.findIndex((line) => !line.startsWith("//"));
  return lines
    ?.slice(0, length)
    .map((line) => line.replace(/^\/\/ ?/, ""))
    .join("\n")
    .trim();
}
