// Runs one benchmark of bench/:  npm run bench -- [NAME] [options]; without a name that of speed

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure, main, root } from "./lib/run.mjs";

await main(import.meta.url, (given) => {
  const [name, ...args] = given[0] === undefined || given[0].startsWith("-") ? ["speed", ...given] : given;
  const file = join(root, "bench", `${name}.ts`);
  if (!existsSync(file)) {
    const names = readdirSync(join(root, "bench")).flatMap((entry) => /^(.*)\.ts$/.exec(entry)?.[1] ?? []);
    throw new Failure(`usage: npm run bench -- [${names.join("|")}] [options]`);
  }
  const { status } = spawnSync(process.execPath, ["--import", "tsx", file, ...args], { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
});
