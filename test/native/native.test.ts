/** The core without JavaScript: every TEST of test/native/*.cc, each in a process of its own. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openEngine } from "../../src/engine/engine.js";
import { EMBEDDED } from "../../src/model/embedded.js";
import { packageRoot } from "../../src/package-root.js";

/** Built by scripts/test.mjs, or another build of scripts/sanitize.mjs. */
const built = join(packageRoot, "build", "cmake", "release", "Release", process.platform === "win32" ? "core_tests.exe" : "core_tests");
const coreTests = process.env.ARGSEARCH_CORE_TESTS ?? built;
const names = spawnSync(coreTests, { encoding: "utf8" }).stdout?.split("\n").filter(Boolean) ?? [];

it("are there", () => expect(names.length).toBeGreaterThan(30));

it.each(names)("%s", (name) => {
  const { dir } = openEngine({ engineDir: undefined, gpu: false });
  const { status, stderr } = spawnSync(coreTests, [name, dir, EMBEDDED.reward], {
    encoding: "utf8",
    timeout: 50_000,
    killSignal: "SIGKILL",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
