// The tarball, installed into empty projects by every package manager, where there is no compiler, CMake or Python; then again from the
// lockfile. Command line, ESM and CommonJS must decode the same tokens everywhere.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Failure } from "../lib/run.mjs";
import { fault } from "./check.mjs";
import { execute, succeed } from "./execute.mjs";
import { commandOf, MANAGERS, settings, writeFiles } from "./managers.mjs";

/** What an install may find on its PATH, beside Node. */
const PROGRAMS = ["sh", "env", "uname", "dirname", "sed", "cat", "readlink"];

/** What a build would need, and must not find. */
const BUILDERS = ["cc", "gcc", "g++", "clang", "c++", "make", "cmake", "ninja", "python", "python3", "node-gyp", "git"];

/** From the tarball to the first token of the embedded pair, caches warm. */
const LIMIT_SECONDS = 60;

const CLI = ["generate", "--prompt", "Can you help me set up a light show?", "--max-tokens", "24", "--gpu", "off", "--json"];

/** A folder of few programs, to be the PATH. */
function barePath(place) {
  return place.once("bare path", () => {
    const bin = join(place.folder, "bin");
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, "node"));
    for (const name of PROGRAMS) {
      const found = process.env.PATH.split(delimiter)
        .map((dir) => join(dir, name))
        .find((path) => existsSync(path));
      if (found !== undefined) symlinkSync(found, join(bin, name));
    }
    const builders = BUILDERS.filter((name) => existsSync(join(bin, name)));
    if (builders.length > 0) throw new Failure(`the PATH without builders has ${builders.join(", ")}`);
    return bin;
  });
}

/** This process's environment without what npm gave it, nor any way to a compiler. */
function environment(place, manager) {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|NODE_PATH$|CC$|CXX$|PYTHON)/i.test(name));
  return { ...Object.fromEntries(own), PATH: barePath(place), CI: "true", ...settings(manager) };
}

/** Returns the seconds that it took. */
async function install([program, ...own], args, options) {
  const result = await execute(program, [...own, ...args], options);
  if (result.status !== 0) {
    const words = `${result.stdout}\n${result.stderr}`.trim().split("\n").slice(-8).join("; ");
    const how = result.hung ? "hangs" : `ends with ${result.status ?? result.signal}`;
    throw fault(`"${args[0]}" ${how}: ${words}`, { loaded: "no" });
  }
  return result.ms / 1000;
}

/** What the package does where a manager has put it. */
async function use(place, manager, command, { cwd, env }) {
  const [program, ...prefix] = manager.run === undefined ? [process.execPath] : [...command, ...manager.run, "node"];
  const wanted = await place.reference();
  const decoded = [];
  for (const file of ["module.mjs", "common.cjs"]) {
    decoded.push(await place.decodeAlike({ command: program, args: [...prefix, file], cwd, env }));
  }
  const bin = manager.run === undefined ? [join(cwd, "node_modules", ".bin", "argsearch")] : [...command, ...manager.run, "argsearch"];
  const version = await succeed(bin[0], [...bin.slice(1), "--version"], { cwd, env });
  if (!/^\d+\.\d+\.\d+$/.test(version.stdout.trim())) throw fault(`--version says ${version.stdout}`, { loaded: "yes" });
  const { stdout } = await succeed(bin[0], [...bin.slice(1), ...CLI], { cwd, env });
  const { tokens } = JSON.parse(stdout);
  if (String(tokens) !== String(wanted.tokens[0])) throw fault(`the command line decodes ${tokens}`, { loaded: "yes", tokens: "differ" });
  return decoded[0];
}

/** The folders' sizes in megabytes by engine package; none where packages stay zipped. */
function engines(cwd) {
  const nested = [join(cwd, "node_modules"), join(cwd, "node_modules", ".pnpm", "node_modules")];
  const folder = nested.map((each) => join(each, "@node-llama-cpp")).find((path) => existsSync(path));
  if (folder === undefined) return "";
  const sizes = readdirSync(folder).map((name) => `${name} ${Math.round(bytesIn(join(folder, name)) / 1e6)} MB`);
  return `; engines: ${sizes.join(", ")}`;
}

function bytesIn(folder) {
  const paths = readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, name)));
  return paths.filter((each) => each.isFile()).reduce((sum, { size }) => sum + size, 0);
}

/** First into an empty project, then from the lockfile into a clean one, timed to its first token: the caches are warm then. */
async function checkManager(place, name) {
  const manager = MANAGERS[name];
  const command = await commandOf(manager);
  const env = environment(place, manager);
  const cwd = place.project(`install-${name}`, manager.manifest);
  writeFiles(cwd, manager.files);
  await install(command, [...manager.install, place.tarball], { cwd, env });
  await use(place, manager, command, { cwd, env });
  rmSync(join(cwd, "node_modules"), { recursive: true, force: true });
  const seconds = await install(command, manager.again, { cwd, env });
  const { report } = await use(place, manager, command, { cwd, env });
  const total = seconds + report.firstTokenMs / 1000;
  const note = `${manager.title}: lockfile to first token ${total.toFixed(1)} s${engines(cwd)}`;
  if (total > LIMIT_SECONDS) throw fault(note, { loaded: "yes", tokens: "same" });
  return { loaded: "yes", tokens: "same", note };
}

export const checks = Object.keys(MANAGERS).map((name) => ({
  name: `install/${name}`,
  run: (place) => checkManager(place, name),
}));
