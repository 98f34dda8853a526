/** Whoever listened to the engine before goes on hearing it, and may be unloaded: the engine then calls no memory that is gone. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { canCompile, plainEngine } from "../helpers/engine-shim.js";
import { modelFolder } from "../helpers/model-folder.js";
import { runProgram } from "./child.js";

const { policy, reward } = modelFolder().writePair(77);

test.skipIf(!canCompile)("an addon that is unloaded with its worker", async () => {
  const addon = join(dirname(policy.path), "foreign.node");
  const { include_dir } = createRequire(import.meta.url)("node-api-headers") as { include_dir: string };
  const source = fileURLToPath(new URL("foreign-listener.c", import.meta.url));
  execFileSync("gcc", ["-shared", "-fPIC", "-I", include_dir, source, "-o", addon]);
  const llama = readdirSync(plainEngine).find((name) => /^libllama\./.test(name));
  vi.stubEnv("FOREIGN_LLAMA", join(plainEngine, llama as string));
  const ended = await runProgram("foreign-listener.mjs", [addon, policy.path, reward.path]);
  vi.unstubAllEnvs();
  expect(ended).toEqual({ ended: 0, lines: ["true", "4", "4"], stderr: "" });
});
