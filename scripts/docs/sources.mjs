/** How typedoc reads the sources of the public API, for the site and for docs/api.md. */
import { join } from "node:path";
import { ReflectionKind } from "typedoc";
import { root } from "../lib/run.mjs";

/** @param entries as entryPoints() gives them */
export function readingOptions(entries) {
  return {
    name: "argsearch",
    entryPoints: entries.map(({ source }) => join(root, source)),
    alwaysCreateEntryPointModule: true,
    tsconfig: join(root, "tsconfig.json"),
    exclude: ["**/node_modules/**"],
    excludeInternal: true,
    excludeExternals: true,
    // `npm run lint` checks types.
    skipErrorChecking: true,
    sortEntryPoints: false,
    disableGit: true,
    logLevel: "Warn",
  };
}

/** Modules are called as they are imported: "argsearch/eval". */
export function nameModules(project, entries) {
  const names = new Map(entries.map(({ name, source }) => [join(root, source), name]));
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    module.name = names.get(project.getSymbolIdFromReflection(module)?.fileName) ?? module.name;
  }
}
