// Fuzzes every endpoint of a server from its own OpenAPI document, with schemathesis: no 500, no hang, answers as the document says.
// Leaves nothing but .cache/schemathesis-VERSION; without Python or PyPI it says so and ends with 0.
//   npm run check:api -- [--examples 100] [--seed 1]
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure, main, root, run, step } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

const VERSION = "4.32.5";
const windows = process.platform === "win32";

/** The program; undefined where it cannot be had. */
function schemathesis() {
  const folder = join(root, ".cache", `schemathesis-${VERSION}`);
  const bin = join(folder, windows ? "Scripts" : "bin");
  const program = join(bin, windows ? "schemathesis.exe" : "schemathesis");
  if (existsSync(program)) return program;
  try {
    step(`schemathesis ${VERSION}`, () => {
      run(windows ? "python" : "python3", ["-m", "venv", folder]);
      run(join(bin, windows ? "python.exe" : "python"), ["-m", "pip", "install", "--quiet", `schemathesis==${VERSION}`]);
    });
    return program;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (!(error instanceof Failure)) throw error;
    console.error(`skipped, because schemathesis could not be installed: ${error.message.split("\n").slice(0, 3).join(" ")}`);
    return undefined;
  }
}

await main(import.meta.url, (args) => {
  const program = schemathesis();
  if (program === undefined) return;
  setup();
  const check = join(root, "test", "server", "soak", "fuzz-api.ts");
  const { status } = spawnSync(process.execPath, ["--import", "tsx", check, program, ...args], { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
});
