// What others read of the package: its manifest by publint, its types by Are The Types Wrong.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fault } from "./check.mjs";
import { ending, execute } from "./execute.mjs";
import { fetchTools } from "./fetch.mjs";

const PUBLINT = "publint@0.3.25";
const ATTW = "@arethetypeswrong/cli@0.18.5";

/** Subpaths that tools follow, and nobody imports. */
const NOT_IMPORTED = ["prebuilds/*", "dist/child.js"];

/** Megabytes of a packed tarball. */
const LIMIT_MB = 8;

/** Direct dependencies that everybody gets. */
const LIMIT_DEPENDENCIES = 12;

async function publint(place) {
  const tools = await fetchTools(PUBLINT, [PUBLINT]);
  const program = join(tools, "node_modules", "publint", "src", "cli.js");
  const result = await execute(process.execPath, [program, "run", "--strict", await place.unpacked(), "--pack", "false"]);
  if (result.status !== 0) throw fault(ending(result));
  return { note: PUBLINT };
}

async function typesWrong(place) {
  const tools = await fetchTools(ATTW, [ATTW]);
  const program = join(tools, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
  const args = [program, place.tarball, "--profile", "node16", "--format", "ascii", "--no-emoji", "--exclude-entrypoints", ...NOT_IMPORTED];
  const result = await execute(process.execPath, args);
  if (result.status !== 0) throw fault(ending(result));
  return { note: ATTW };
}

async function small(place) {
  const megabytes = statSync(place.tarball).size / 1e6;
  const manifest = JSON.parse(readFileSync(join(await place.unpacked(), "package.json"), "utf8"));
  const direct = Object.keys(manifest.dependencies ?? {});
  const engines = Object.keys(manifest.optionalDependencies ?? {});
  const hooks = ["preinstall", "install", "postinstall"].filter((name) => manifest.scripts?.[name] !== undefined);
  const note = `${megabytes.toFixed(2)} MB packed; depends on ${direct.join(", ")}; engines ${engines.join(", ")}`;
  if (hooks.length > 0) throw fault(`runs ${hooks.join(", ")} at install`);
  if (direct.length > LIMIT_DEPENDENCIES) throw fault(`has ${direct.length} dependencies, more than ${LIMIT_DEPENDENCIES}. ${note}`);
  if (megabytes > LIMIT_MB) throw fault(`is larger than ${LIMIT_MB} MB. ${note}`);
  return { note };
}

export const checks = [
  { name: "metadata/size", run: small },
  { name: "metadata/publint", run: publint },
  { name: "metadata/types", run: typesWrong },
];
