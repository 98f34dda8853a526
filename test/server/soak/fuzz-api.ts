/** A server with the embedded pair under schemathesis; scripts/check-api.mjs brings that. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { EMBEDDED } from "../../../src/index.js";
import { ServerProcess } from "./child.js";
import { agent } from "./http.js";
import { lostSlots } from "./slots.js";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { examples: { type: "string", default: "100" }, seed: { type: "string", default: "1" } },
});
const [program] = positionals;
if (program === undefined) throw new Error("usage: fuzz-api.ts SCHEMATHESIS [--examples N] [--seed N]");

const SLOTS = 8;
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
  "unsupported_method",
];
/** Seconds of a request. */
const HANG = "60";

// Answers end soon in a small context, however many tokens are asked for.
const load = { policy: EMBEDDED.policy, reward: EMBEDDED.reward, slots: SLOTS, contextSize: 64 };
const server = await ServerProcess.start({ load });
const folder = mkdtempSync(join(tmpdir(), "argsearch-api-")); // where it leaves its examples
try {
  const args = [
    ...["run", `${server.url}/openapi.json`, "--checks", CHECKS.join(","), "--phases", "examples,coverage,fuzzing"],
    ...["--max-examples", flags.examples, "--seed", flags.seed, "--request-timeout", HANG, "--no-color", "--continue-on-failure"],
    ...["--suppress-health-check", "all"],
  ];
  const hooks = fileURLToPath(new URL("schemathesis_hooks.py", import.meta.url));
  const child = spawn(program, args, { cwd: folder, stdio: "inherit", env: { ...process.env, SCHEMATHESIS_HOOKS: hooks } });
  const code = await new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  const wrong = server.ended === undefined ? await lostSlots(server.url, SLOTS) : [server.ended];
  if (server.stderr !== "") wrong.push(`the server said on standard error: ${server.stderr}`);
  for (const each of wrong) console.log(`FAILED: ${each}`);
  process.exitCode = code === 0 && wrong.length === 0 ? 0 : 1;
} finally {
  agent.destroy();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
