/** A package without an addon for this machine says how to get one, in a place where only its own dependencies are installed. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "argsearch-addon-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("no addon for this machine", () => {
  for (const name of ["dist", "package.json"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  const { status, stderr } = spawnSync(process.execPath, [join(folder, "dist", "cli.js"), "devices"], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain(`no native addon for ${process.platform}-${process.arch} in ${folder}`);
  expect(stderr).toMatch(/Reinstall argsearch, or build it, .*: cd \S+ && npm install && npm run build:native \[ADDON_NOT_FOUND\]\n$/);
});
