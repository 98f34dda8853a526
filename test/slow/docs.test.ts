/** The documentation site builds from these sources without a warning, whole, and can be read from its own server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { root } from "../cli/run.js";

it("builds, checks its links, and serves", async () => {
  const build = spawn(process.execPath, [join(root, "scripts/docs.mjs"), "--serve", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void build.kill());
  let log = "";
  build.stdout.on("data", (text) => {
    log += text;
  });
  while (!log.includes("http://") && build.exitCode === null) await Promise.race([once(build.stdout, "data"), once(build, "exit")]);
  expect(log).toContain("no broken links");
  const address = /http:\S+/.exec(log)?.[0] ?? "";
  for (const page of ["", "docs/recipes.html", "docs/errors.html", "interfaces/argsearch.Decoder.html"]) {
    const response = await fetch(address + page);
    expect(response.status, page).toBe(200);
    expect(await response.text(), page).toContain("<h1");
  }
  expect((await fetch(`${address}%2e%2e/package.json`)).status).toBe(404);
  expect(existsSync(join(root, ".cache/site/assets/search.js"))).toBe(true);
});
