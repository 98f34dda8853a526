// The whole test run of a fresh clone: set up, check the types, run vitest, close with one line that counts.
//   node scripts/test.mjs [vitest's filters and options]
// Without arguments, what Node's versions may differ in runs on the newest Node, too.
import { buildNative } from "./build-native.mjs";
import { chromium } from "./lib/chromium.mjs";
import { Failure, main, runPackage, step } from "./lib/run.mjs";
import { fetchRuntime, RUNTIMES } from "./lib/runtimes.mjs";
import { add, close, runTests, runTestsApart } from "./lib/tests.mjs";
import { setup } from "./setup.mjs";

const newest = RUNTIMES.node24;

/** Far more than they take. */
const LIMIT_MS = 10 * 60_000;

await main(import.meta.url, async (argv) => {
  setup();
  step("native tests", () => buildNative({ define: ["ARGSEARCH_TESTS=ON"] }));
  if (process.env.CI) step("Chromium", chromium); // before several tests fetch it side by side
  step("type check", () => {
    runPackage("typescript", ["--noEmit"]);
    runPackage("typescript", ["--noEmit", "-p", "playground"]);
  });
  const count = await runTests(argv);
  if (argv.length === 0 && Number(process.versions.node.split(".")[0]) < 24) add(count, await onNewestNode());
  close(count);
});

/** Without that Node, a failure where nobody would read a message, and a message where somebody does. */
function onNewestNode() {
  let program;
  try {
    program = fetchRuntime(newest);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`\nNothing was tested on ${newest.title}: ${error.message}\n`);
    return process.env.CI ? { failed: 1 } : { skipped: 1 };
  }
  console.log(`\n${newest.title}: what Node's versions may differ in`);
  return runTestsApart(newest.title, ["--config", "vitest.newest.config.ts"], { program, limitMs: LIMIT_MS });
}
