// The whole test run of a fresh clone: set up, check the types, run vitest, close with one line that counts.
//   node scripts/test.mjs [vitest's filters and options]

import { buildNative } from "./build-native.mjs";
import { main, runPackage, step } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

await main(import.meta.url, async (argv) => {
  setup();
  step("native tests", () => buildNative({ define: ["ARGSEARCH_TESTS=ON"] }));
  step("type check", () => runPackage("typescript", ["--noEmit"]));

  const { parseCLI, startVitest } = await import("vitest/node");
  const { filter, options } = parseCLI(["vitest", "run", ...argv]);
  const vitest = await startVitest("test", filter, options);
  await vitest.close();

  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const module of vitest.state.getTestModules()) {
    for (const test of module.children.allTests()) count[test.result().state] += 1;
    for (const part of [module, ...module.children.allSuites()]) count.failed += part.errors().length; // outside any test
  }
  count.failed += vitest.state.getUnhandledErrors().length;
  console.log(`${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ""}`);
  if (count.failed > 0 || count.passed === 0) process.exitCode = 1;
});
