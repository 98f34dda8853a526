/** The core without JavaScript: every TEST of test/native/*.cc, each in a process of its own. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openEngine } from "../../src/engine/engine.js";
import { EMBEDDED } from "../../src/model/embedded.js";
import { packageRoot } from "../../src/package-root.js";
import { architectureModel } from "../helpers/architectures.js";
import { encodeGguf } from "../helpers/gguf-writer.js";

/** Built by scripts/test.mjs, or another build of scripts/sanitize.mjs. */
const built = join(packageRoot, "build", "cmake", "release", "Release", process.platform === "win32" ? "core_tests.exe" : "core_tests");
const coreTests = process.env.ARGSEARCH_CORE_TESTS ?? built;
const names = spawnSync(coreTests, { encoding: "utf8" }).stdout?.split("\n").filter(Boolean) ?? [];

const folder = mkdtempSync(join(tmpdir(), "argsearch-native-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const recurrent = join(folder, "recurrent.gguf");
writeFileSync(recurrent, encodeGguf(architectureModel("state spaces and attention", 7)));

it("are there", () => expect(names.length).toBeGreaterThan(30));

it.each(names)("%s", (name) => {
  const { dir } = openEngine({ engineDir: undefined, gpu: false });
  const { status, stderr } = spawnSync(coreTests, [name, dir, EMBEDDED.reward, recurrent], {
    encoding: "utf8",
    timeout: 50_000,
    killSignal: "SIGKILL",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
