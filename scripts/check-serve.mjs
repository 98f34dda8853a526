// A server under load, and what came of it: no crash, no wrong token, flat memory, no lost slot.
//   npm run check:serve -- [--seconds 300] [--clients 64] [--slots 16] [--wishes 300] [--seed 1] [--json FILE]
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { main, root } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

await main(import.meta.url, (args) => {
  setup();
  const check = join(root, "test", "server", "soak", "check.ts");
  const { status } = spawnSync(process.execPath, ["--import", "tsx", check, ...args], { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
});
