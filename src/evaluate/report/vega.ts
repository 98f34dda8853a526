/** vega and vega-lite, version 5 or 6, which only those install who want pictures: optional peers of this package. */
import { pathToFileURL } from "node:url";
import { ArgsearchError } from "../../errors.js";
import { requireHere, requireIn, workingDirectory } from "../../package-root.js";

type VegaModule = typeof import("vega");
type LiteModule = typeof import("vega-lite");

export interface Vega {
  vega: VegaModule;
  compile: LiteModule["compile"];
}

/** @throws ArgsearchError DEPENDENCY_MISSING with the line that installs what is missing */
export async function loadVega(): Promise<Vega> {
  const vega = await optional<VegaModule>("vega");
  const lite = await optional<LiteModule>("vega-lite");
  if (vega !== undefined && lite !== undefined) return { vega, compile: lite.compile };
  const missing = [vega === undefined && beside("vega", lite), lite === undefined && beside("vega-lite", vega)].filter(Boolean);
  throw new ArgsearchError("DEPENDENCY_MISSING", `drawing charts needs vega and vega-lite: npm install ${missing.join(" ")}`);
}

/** Each goes with the same major version of the other alone. */
function beside(name: string, other: { version: string } | undefined): string {
  return other === undefined ? name : `${name}@${other.version.split(".")[0]}`;
}

/**
 * Resolved at run time: bundlers, who refuse to build where a package that they see is not installed, do not see it. Installed beside
 * this package, or in the project where a global command runs.
 */
async function optional<T extends object>(name: string): Promise<T | undefined> {
  const places = [requireHere, ...workingDirectory().map(requireIn)];
  const path = places.map(({ resolve }) => resolved(name, resolve)).find((found) => found !== undefined);
  if (path === undefined) return undefined;
  const url = pathToFileURL(path).href;
  const module: T & { default?: T } = await import(/* webpackIgnore: true */ /* @vite-ignore */ url);
  // Version 5 may be CommonJS, whose names not every runtime finds.
  return "version" in module ? module : module.default;
}

/** @throws what is wrong with a package that is there */
function resolved(name: string, resolve: NodeJS.RequireResolve): string | undefined {
  try {
    return resolve(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
