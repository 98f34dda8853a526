// Package managers, out of their npm packages: what installs a tarball, installs again from the lockfile, and runs programs.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm } from "../lib/run.mjs";
import { fetchRuntime, RUNTIMES } from "../lib/runtimes.mjs";
import { cache, fetchPackage } from "./fetch.mjs";

const node = process.execPath;

/**
 * `install` and `again` (from the lockfile) are arguments behind the manager's own command; the tarball follows `install`.
 * `run` are arguments behind which a program's command follows; without them programs are run as they are, out of node_modules/.bin.
 *
 * @typedef {{ title: string, package?: string, file?: string, program?: boolean, install: string[], again: string[],
 *   run?: string[], files?: object, manifest?: object, env?: object }} Manager
 */

const withNpm = (version) => ({
  title: `npm ${version}`,
  package: `npm@${version}`,
  file: "bin/npm-cli.js",
  install: ["install", "--no-audit", "--no-fund", "--prefer-offline"],
  again: ["ci", "--no-audit", "--no-fund", "--prefer-offline"],
});

/** Since version 12 pnpm is a program of its own, which the package "pnpm" would fetch. */
const PNPM = {
  10: { package: "pnpm@10.34.9", file: "bin/pnpm.cjs" },
  12: { package: `@pnpm/exe.${process.platform}-${process.arch}@12.21.0`, file: "pnpm", program: true },
};

const withPnpm = (version, more) => ({
  title: `pnpm ${version}`,
  ...PNPM[version],
  install: ["add", "--prefer-offline"],
  again: ["install", "--frozen-lockfile", "--prefer-offline"],
  ...more,
});

const withYarn = (linker) => ({
  title: `Yarn 4, ${linker}`,
  package: "@yarnpkg/cli-dist@4.18.1",
  file: "bin/yarn.js",
  install: ["add"],
  again: ["install", "--immutable"],
  ...(linker === "pnp" ? { run: ["exec"] } : {}),
  files: { "yarn.lock": "", ".yarnrc.yml": `nodeLinker: ${linker}\nenableTelemetry: false\nenableScripts: true\n` },
});

/** pnpm's own word for "run every script of every dependency". */
const ALL_BUILDS = { files: { "pnpm-workspace.yaml": "dangerouslyAllowAllBuilds: true\n" } };

/** @type {Record<string, Manager>} */
export const MANAGERS = {
  npm10: withNpm("10.9.9"),
  npm11: withNpm("11.21.2"),
  npm12: withNpm("12.2.1"),
  "npm-no-scripts": { ...withNpm("12.2.1"), title: "npm 12.2.1, --ignore-scripts", env: { npm_config_ignore_scripts: "true" } },
  pnpm10: withPnpm(10),
  "pnpm10-builds": withPnpm(10, { title: "pnpm 10, builds allowed", ...ALL_BUILDS }),
  pnpm12: withPnpm(12),
  "pnpm12-builds": withPnpm(12, { title: "pnpm 12, builds allowed", ...ALL_BUILDS }),
  yarn1: {
    title: "Yarn 1",
    package: "yarn@1.22.22",
    file: "bin/yarn.js",
    install: ["add"],
    again: ["install"], // with --frozen-lockfile it refuses every local tarball, its own lockfile's included
  },
  yarn4: withYarn("node-modules"),
  "yarn4-pnp": withYarn("pnp"),
  bun: {
    title: "Bun",
    install: ["add"],
    again: ["install", "--frozen-lockfile"],
  },
  "bun-trusted": {
    title: "Bun, package trusted",
    install: ["add"],
    again: ["install", "--frozen-lockfile"],
    manifest: { trustedDependencies: ["argsearch"] },
  },
};

/** The words that its command line begins with. */
export async function commandOf(manager) {
  if (manager.package === undefined) return [fetchRuntime(RUNTIMES.bun)];
  const file = join(await fetchPackage(manager.package), manager.file);
  return manager.program ? [file] : [node, file];
}

/** Settings that a manager does not take from npm's: the registry, and a cache that this checkout keeps warm. */
export function settings(manager) {
  const registry = npm(["config", "get", "registry"], { purpose: "npm knows the registry" }).trim();
  const folder = join(cache, "caches", manager.package?.replaceAll(/[^\w.-]+/g, "-") ?? "bun");
  mkdirSync(folder, { recursive: true });
  return {
    YARN_NPM_REGISTRY_SERVER: registry.replace(/\/$/, ""),
    YARN_REGISTRY: registry,
    YARN_CACHE_FOLDER: folder,
    YARN_ENABLE_GLOBAL_CACHE: "false",
    YARN_ENABLE_IMMUTABLE_INSTALLS: "false", // which CI turns on, also for the first
    BUN_INSTALL_CACHE_DIR: folder,
    BUN_CONFIG_REGISTRY: registry,
    ...manager.env,
  };
}

export function writeFiles(folder, files = {}) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
