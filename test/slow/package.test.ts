import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("npm pack takes along an addon for this machine, the library, the models and what it takes to build", () => {
  const { stdout, stderr, status } = spawnSync("npm pack --dry-run --json", { cwd: root, encoding: "utf8", shell: true });
  expect(status, stderr).toBe(0);
  const [{ files }] = JSON.parse(stdout.slice(stdout.search(/^\[/m))) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect(paths).toContainEqual(expect.stringMatching(`^prebuilds/${process.platform}-${process.arch}/argsearch\\..*node$`));
  for (const path of [
    "dist/index.js",
    "dist/index.cjs",
    "dist/cli.js",
    "dist/child.js",
    "models/policy.gguf",
    "models/reward.gguf",
    "scripts/build-native.mjs",
  ]) {
    expect(paths).toContain(path);
  }
  expect(paths.filter((path) => /^(build|src|test|\.cache)\//.test(path))).toEqual([]);
});
