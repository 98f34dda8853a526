// Native tests, and the addon's lifetime tests, under the compiler's sanitizers:
//   node scripts/sanitize.mjs [address|thread …]
// The engine and Node are not built with them, so what is found is in code of ours, or in how it calls theirs.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { buildNative } from "./build-native.mjs";
import { Failure, main, root, step } from "./lib/run.mjs";
import { runtimeLibrary, SANITIZERS } from "./lib/sanitizers.mjs";
import { add, close, runTestsApart } from "./lib/tests.mjs";
import { setup } from "./setup.mjs";

/** Each ends the addon, or what it holds, in other ways. */
const LIFETIME = ["methods", "processes", "workers", "collection", "logger"].map((name) => `test/lifetime/${name}.test.ts`);

/** Some four times what a part takes on two cores. */
const LIMIT_MS = 10 * 60_000;
const TRY_OUT_MS = 60_000;

function build(name, { flags }) {
  const addon = join(root, "build", `sanitize-${name}`, "argsearch.node");
  const tree = join(root, "build", "cmake", `sanitize-${name}`);
  const define = [`ARGSEARCH_SANITIZE=${flags}`, "ARGSEARCH_TESTS=ON"];
  buildNative({ name: `sanitize-${name}`, config: "Debug", target: addon, define });
  return { addon, tree, tests: join(tree, "Debug", "core_tests") };
}

/** Ends what cannot work with one message, before a hundred tests say so. */
function tryOut(what, command, args, env) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    cwd: root,
    env: { ...process.env, ...env },
    timeout: TRY_OUT_MS,
    killSignal: "SIGKILL",
  });
  if (status !== 0) throw new Failure(`${what} does not run here: ${error?.message ?? signal ?? status} ${stdout}${stderr}`.trim());
}

await main(import.meta.url, async (argv) => {
  const unknown = argv.filter((name) => SANITIZERS[name] === undefined);
  if (unknown.length > 0) throw new Failure(`there is no sanitizer ${unknown.join(", ")}; known are ${Object.keys(SANITIZERS).join(", ")}`);
  setup();
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const name of argv.length > 0 ? argv : Object.keys(SANITIZERS)) {
    const sanitizer = SANITIZERS[name];
    const { addon, tree, tests } = step(`native code with ${sanitizer.title}`, () => build(name, sanitizer));
    tryOut(`A program with ${sanitizer.title}`, tests, [], sanitizer.native);
    const native = { ...sanitizer.native, ARGSEARCH_CORE_TESTS: tests };
    add(count, await runTestsApart(`The native suite with ${sanitizer.title}`, ["test/native"], { env: native, limitMs: LIMIT_MS }));

    const env = { ...sanitizer.addon, ARGSEARCH_ADDON: addon, ARGSEARCH_REPEATS: "1", LD_PRELOAD: runtimeLibrary(sanitizer, tree) };
    const open = 'import("./dist/index.js").then(({ devices }) => devices({ gpu: false }))';
    tryOut(`Node with ${sanitizer.title}`, process.execPath, ["--eval", open], env);
    add(count, await runTestsApart(`The addon with ${sanitizer.title}`, LIFETIME, { env, limitMs: LIMIT_MS }));
  }
  close(count);
});
