// Brings about what can go wrong, many times, and prints what came of it: docs/reliability.md.
//   npm run check:reliability -- [PART…] [--seed N] [--count N] [--keep DIR] [--json FILE]
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { main, root } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

await main(import.meta.url, (args) => {
  setup();
  const check = join(root, "test", "reliability", "check.ts");
  const { status } = spawnSync(process.execPath, ["--import", "tsx", check, ...args], { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
});
