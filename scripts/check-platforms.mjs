// The package as npm packs it, on every platform and with every tool that this machine can run or read: installs, emulators, a software
// GPU, static checks of foreign binaries, bundlers. What cannot be done here is skipped with its reason.
//   npm run check:platforms -- [--only NAME]… [--list] [--json FILE] [--tarball FILE]
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Failure, main, npm, step } from "./lib/run.mjs";
import { close } from "./lib/tests.mjs";
import { checks as binaries } from "./platforms/binaries.mjs";
import { checks as bundles } from "./platforms/bundles.mjs";
import { make } from "./platforms/check.mjs";
import { checks as emulated } from "./platforms/emulated.mjs";
import { checks as faults } from "./platforms/faults.mjs";
import { checks as installs } from "./platforms/installs.mjs";
import { checks as metadata } from "./platforms/metadata.mjs";
import { Place } from "./platforms/place.mjs";
import { count, table } from "./platforms/report.mjs";
import { checks as unavailable } from "./platforms/unavailable.mjs";
import { checks as gpu } from "./platforms/vulkan.mjs";

const CHECKS = [...installs, ...emulated, ...faults, ...unavailable, ...gpu, ...binaries, ...metadata, ...bundles];

const OPTIONS = {
  only: { type: "string", multiple: true },
  list: { type: "boolean" },
  json: { type: "string" },
  tarball: { type: "string" },
};

function options(argv) {
  try {
    return parseArgs({ args: argv, options: OPTIONS }).values;
  } catch (error) {
    throw new Failure(`${error.message}. Known are --only NAME, --list, --json FILE and --tarball FILE`);
  }
}

/** Checks whose name, or the part before its slash, is among those asked for. */
function chosen(only) {
  if (only === undefined) return CHECKS;
  const unknown = only.filter((name) => !CHECKS.some((check) => matches(check, name)));
  if (unknown.length > 0) throw new Failure(`there is no check ${unknown.join(", ")}; --list names them`);
  return CHECKS.filter((check) => only.some((name) => matches(check, name)));
}

function matches({ name }, wanted) {
  return name === wanted || name.startsWith(`${wanted}/`);
}

function pack(folder) {
  npm(["pack", "--pack-destination", folder], { purpose: "The package is packed first" });
  return join(folder, readdirSync(folder)[0]);
}

await main(import.meta.url, async (argv) => {
  const { only, list, json, tarball } = options(argv);
  const checks = chosen(only);
  if (list) {
    console.log(checks.map(({ name }) => name).join("\n"));
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "argsearch-packed-"));
  const place = new Place(tarball === undefined ? step("npm pack", () => pack(folder)) : resolve(tarball));
  const rows = [];
  try {
    for (const check of checks) {
      const row = await make(check, place);
      rows.push(row);
      console.error(`${row.check}: ${row.outcome} (${row.seconds} s)${row.note === "" ? "" : `. ${row.note}`}`);
    }
  } finally {
    place.close();
    rmSync(folder, { recursive: true, force: true });
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`);
  console.log(table(rows));
  close(count(rows));
});
