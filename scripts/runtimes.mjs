// The package as users get it, on every JavaScript runtime that it promises: packed (with an addon for this machine alone), installed
// into an empty folder, and put through test/runtimes by each.
//   node scripts/runtimes.mjs [node20|node22|node24|bun|deno …]
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure, main, npm, root, run, step } from "./lib/run.mjs";
import { fetchRuntime, RUNTIMES } from "./lib/runtimes.mjs";
import { isStale } from "./lib/stale.mjs";
import { hostTarget } from "./lib/targets.mjs";
import { close } from "./lib/tests.mjs";
import { buildPrebuilt } from "./prebuilds.mjs";
import { NATIVE_SOURCES, setup } from "./setup.mjs";

/** Far more than any check takes. */
const HANG_MS = 120_000;

const CLI = ["node_modules/argsearch/dist/cli.js", "generate", "--prompt", "hello", "--max-tokens", "8", "--threads", "1"];

function install(folder) {
  // Without prepack, which wants the addons of every platform.
  npm(["pack", "--ignore-scripts", "--pack-destination", folder], { purpose: "The package is packed first" });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  const app = join(folder, "app");
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true }));
  const purpose = "npm installs the package, which takes the registry once";
  npm(["install", "--no-audit", "--no-fund", "--prefer-offline", join("..", tarball)], { cwd: app, purpose });
  for (const name of ["checks.mjs", "common.cjs"]) cpSync(join(root, "test", "runtimes", name), join(app, name));
  run(process.execPath, ["--import", "tsx", join("test", "runtimes", "opt.ts"), join(app, "opt")]);
  return app;
}

function listChecks(app) {
  const { stdout } = spawnSync(process.execPath, ["checks.mjs"], { cwd: app, encoding: "utf8" });
  const modules = JSON.parse(stdout).map(([name, code]) => ({ name, code, args: ["checks.mjs", name] }));
  return [...modules, { name: "is required", code: 0, args: ["common.cjs"] }, { name: "runs the command line", code: 0, args: CLI }];
}

/** What is wrong with a check on a runtime, in words; undefined when nothing is. The first runtime's output is what all must print. */
function faultOf({ name, code, args }, { program, own }, app, printed) {
  const options = { cwd: app, encoding: "utf8", timeout: HANG_MS, killSignal: "SIGKILL", stdio: ["ignore", "pipe", "pipe"] };
  const { error, status, signal, stdout, stderr } = spawnSync(program, [...own, ...args], options);
  if (error?.code === "ETIMEDOUT") return "hangs";
  if (status !== code) return `ends with ${signal ?? status}, not ${code}: ${stderr.trim()}`;
  if (stderr !== "") return `prints on standard error: ${stderr.trim()}`;
  if (!printed.has(name)) printed.set(name, stdout);
  return stdout === printed.get(name) ? undefined : `prints "${stdout.trim()}", not "${printed.get(name).trim()}"`;
}

/** One line a check. */
function tryRuntime(runtime, checks, app, printed, count) {
  const { title, args: own } = runtime;
  let program;
  try {
    program = fetchRuntime(runtime);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.log(`${title}: skipped. ${error.message}`);
    count.skipped += checks.length;
    return;
  }
  const version = /\d+\.\d+\.\d+/.exec(spawnSync(program, ["--version"], { encoding: "utf8" }).stdout)[0];
  const label = `${title.split(" ")[0]} ${version}`.padEnd(14);
  for (const check of checks) {
    const fault = faultOf(check, { program, own }, app, printed);
    console.log(`${label} ${check.name}: ${fault === undefined ? "ok" : `FAILED, ${fault}`}`);
    count[fault === undefined ? "passed" : "failed"] += 1;
  }
}

await main(import.meta.url, (argv) => {
  const unknown = argv.filter((name) => RUNTIMES[name] === undefined);
  if (unknown.length > 0) throw new Failure(`there is no runtime ${unknown.join(", ")}; known are ${Object.keys(RUNTIMES).join(", ")}`);
  const names = argv.length > 0 ? argv : Object.keys(RUNTIMES);
  const count = { passed: 0, failed: 0, skipped: 0 };
  setup();
  const host = hostTarget();
  if (host && isStale(join(root, host.file), NATIVE_SOURCES)) buildPrebuilt(host);
  const folder = mkdtempSync(join(tmpdir(), "argsearch-runtimes-"));
  try {
    const app = step("pack and install", () => install(folder));
    const checks = listChecks(app);
    const printed = new Map();
    for (const name of names) tryRuntime(RUNTIMES[name], checks, app, printed, count);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  close(count);
});
