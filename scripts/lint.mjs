// Every check of form, each run to its end, so that one call shows all there is to mend. `--fix` mends what it can.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { includeFaults } from "./lib/include-layers.mjs";
import { linkFaults, packedFiles } from "./lib/links.mjs";
import { noticesFault } from "./lib/notices.mjs";
import { Failure, main, root, run, runPackage } from "./lib/run.mjs";

function clangFormat(fix) {
  if (spawnSync("clang-format", ["--version"]).error) return;
  const sources = ["native", "test/native", "bench/native"].flatMap((dir) =>
    readdirSync(join(root, dir), { recursive: true })
      .filter((name) => /\.(cc|h)$/.test(name))
      .map((name) => join(dir, name)),
  );
  run("clang-format", [...(fix ? ["-i"] : ["--dry-run", "--Werror"]), ...sources]);
}

function requireNone(faults) {
  if (faults.length > 0) throw new Failure(faults.join("\n"));
}

await main(import.meta.url, (argv) => {
  const fix = argv.includes("--fix");
  const checks = {
    biome: () => runPackage("@biomejs/biome", ["check", "--error-on-warnings", ...(fix ? ["--write"] : [])]),
    types: () => runPackage("typescript", ["--noEmit"]),
    "types of the playground": () => runPackage("typescript", ["--noEmit", "-p", "playground"]),
    imports: () => runPackage("dependency-cruiser", ["--config", ".dependency-cruiser.mjs", "--output-type", "err", "src"]),
    includes: () => requireNone(includeFaults()),
    links: () => requireNone(linkFaults(packedFiles())),
    notices: () => requireNone([noticesFault()].filter((fault) => fault !== undefined)),
    "clang-format": () => clangFormat(fix),
  };
  const failed = Object.entries(checks).flatMap(([name, check]) => {
    try {
      check();
      return [];
    } catch (error) {
      return [`${name}: ${error.message}`];
    }
  });
  if (failed.length > 0) throw new Failure(failed.join("\n\n"));
});
