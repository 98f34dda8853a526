#!/usr/bin/env node
/**
 * The documentation site, into .cache/site:
 *   npm run docs                       pages, API reference, check of all links
 *   npm run docs -- --serve [--port N] and looks at it on localhost
 *   npm run docs -- --pages            only docs/cli.md, docs/errors.md and docs/api.md, which are made of the sources
 *   npm run docs -- --check            fails when these three are not what the sources say
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cliPage } from "./docs/cli-page.mjs";
import { errorsPage } from "./docs/errors-page.mjs";
import { brokenLinks } from "./docs/links.mjs";
import { serve } from "./docs/serve.mjs";
import { Failure, main, root, runPackage, step } from "./lib/run.mjs";

const SITE = join(root, ".cache", "site");

/** Pages that are made, and are committed, because they are read on GitHub and in the package as well. */
const MADE = {
  "docs/cli.md": cliPage,
  "docs/errors.md": errorsPage,
  // typedoc takes a while to load.
  "docs/api.md": async () => (await import("./docs/api-page.mjs")).apiPage(),
};

await main(import.meta.url, async (argv) => {
  const flags = readFlags(argv);
  if (flags.check) return checkPages();
  step("TypeScript", () => runPackage("tsdown", [])); // the help of these sources, not of older ones
  await writePages();
  if (flags.pages) return;
  await build();
  if (flags.serve) console.log(`${await serve(SITE, Number(flags.port))} (Ctrl-C ends it)`);
});

function readFlags(args) {
  const flag = { type: "boolean", default: false };
  try {
    const { values } = parseArgs({ args, options: { serve: flag, pages: flag, check: flag, port: { type: "string", default: "8080" } } });
    if (!/^\d+$/.test(values.port)) throw new Error(`--port takes a whole number, got "${values.port}"`);
    return values;
  } catch (error) {
    throw new Failure(`docs: ${error.message}`);
  }
}

async function writePages() {
  for (const [file, page] of Object.entries(MADE)) writeFileSync(join(root, file), await page());
}

async function checkPages() {
  const stale = [];
  for (const entry of Object.entries(MADE)) if (readFileSync(join(root, entry[0]), "utf8") !== (await entry[1]())) stale.push(entry);
  if (stale.length > 0) throw new Failure(`not what the sources say: ${stale.map(([file]) => file).join(", ")}; npm run docs -- --pages`);
}

async function build() {
  const start = performance.now();
  const { buildSite } = await import("./docs/site.mjs"); // typedoc takes a while to load
  await buildSite(SITE);
  const broken = brokenLinks(SITE);
  if (broken.length > 0) throw new Failure(`${broken.length} broken links:\n${broken.join("\n")}`);
  const files = readdirSync(SITE, { recursive: true }).map((name) => statSync(join(SITE, name)));
  const megabytes = files.reduce((sum, { size }) => sum + size, 0) / 1e6;
  const seconds = (performance.now() - start) / 1000;
  console.log(`.cache/site: ${files.length} files, ${megabytes.toFixed(1)} MB, in ${seconds.toFixed(1)} s; no broken links`);
}
