// Runs vitest and counts what it says: in this process, or in one of its own, for another Node, other variables or a time limit.
import { spawn } from "node:child_process";
import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { main, root } from "./run.mjs";

/** How long a process that is told to end may take to say which test it was at. */
const GRACE_MS = 5000;

/** Tests that vitest's arguments name. What fails outside any test counts as failed. */
export async function runTests(argv, more = {}) {
  const { parseCLI, startVitest } = await import("vitest/node");
  const { filter, options } = parseCLI(["vitest", "run", ...argv]);
  const vitest = await startVitest("test", filter, { ...options, ...more });
  await vitest.close();

  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const module of vitest.state.getTestModules()) {
    for (const test of module.children.allTests()) count[test.result().state] += 1;
    for (const part of [module, ...module.children.allSuites()]) count.failed += part.errors().length;
  }
  count.failed += vitest.state.getUnhandledErrors().length;
  return count;
}

/** Tests by a process of its own; `title` is what it is called when it counts nothing, or takes longer than `limitMs`. */
export function runTestsApart(title, argv, { program = process.execPath, env = {}, limitMs }) {
  const child = spawn(program, [fileURLToPath(import.meta.url), ...argv], {
    cwd: root,
    // What its tests run with, not itself: a sanitizer's runtime is for the processes that load the addon.
    env: { ...process.env, ARGSEARCH_TESTS_ENV: JSON.stringify(env) },
    stdio: ["ignore", "inherit", "inherit", "pipe"],
    detached: process.platform !== "win32", // leads a group, so that nothing that hangs stays behind
  });
  const end = (signal) => {
    try {
      process.kill(process.platform === "win32" ? child.pid : -child.pid, signal);
    } catch {
      // it has ended
    }
  };
  const interrupted = () => {
    end("SIGKILL");
    process.exit(130);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  const limit = setTimeout(() => {
    console.error(`\n${title} hangs: it was to end within ${limitMs / 60_000} minutes`);
    child.kill();
    setTimeout(() => end("SIGKILL"), GRACE_MS).unref();
  }, limitMs);
  let printed = "";
  child.stdio[3].setEncoding("utf8").on("data", (text) => {
    printed += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (status, signal) => {
      clearTimeout(limit);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
      end("SIGKILL"); // whatever it left behind
      if (printed === "") console.error(`\n${title}: vitest ended with ${signal ?? status} and counted nothing\n`);
      resolve(printed === "" ? { failed: 1 } : JSON.parse(printed));
    });
  });
}

export function add(count, more) {
  for (const [name, number] of Object.entries(more)) count[name] += number;
}

/** The line that a run ends with, and its exit code. */
export function close(count) {
  console.log(`${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ""}`);
  if (count.failed > 0 || count.passed === 0) process.exitCode = 1;
}

/** Where each file that has not ended stands: the first test that nothing is known of. */
function sayWhere(vitest) {
  for (const module of vitest.state.getTestModules()) {
    const [test] = module.children.allTests("pending");
    if (test !== undefined) console.error(`  no result of: ${module.relativeModuleId} > ${test.fullName}`);
  }
}

await main(import.meta.url, async (argv) => {
  Object.assign(process.env, JSON.parse(process.env.ARGSEARCH_TESTS_ENV));
  delete process.env.ARGSEARCH_TESTS_ENV;
  const onTold = {
    onInit: (vitest) =>
      process.once("SIGTERM", () => {
        sayWhere(vitest);
        process.exit(1);
      }),
  };
  writeSync(3, JSON.stringify(await runTests(argv, { reporters: ["default", onTold] })));
});
