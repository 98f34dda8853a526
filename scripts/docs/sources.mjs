/** How typedoc reads the sources of the public API, for the site and for docs/api.md. */
import { join } from "node:path";
import { ReflectionKind } from "typedoc";
import { Failure, root } from "../lib/run.mjs";

/** What has to be documented: everything that has a name of its own. Fields of objects often say enough by theirs. */
const DOCUMENTED = ["Class", "Interface", "TypeAlias", "Function", "Variable", "Enum", "Accessor", "Method", "Constructor"];

/** Tables whose keys are public types: the docstrings of these list them. */
const NOT_EXPORTED = ["PAIR_FORMATS", "PROMPT_FORMATS", "TEXT_FORMATS", "TABLE"];

/** What typedoc looks for in docstrings. */
export const DOCSTRINGS = { notExported: true, invalidLink: true, notDocumented: true };

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
    validation: DOCSTRINGS,
    requiredToBeDocumented: DOCUMENTED,
    intentionallyNotExported: NOT_EXPORTED,
  };
}

/** Modules are called as they are imported: "argsearch/eval". */
export function nameModules(project, entries) {
  const names = new Map(entries.map(({ name, source }) => [join(root, source), name]));
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    module.name = names.get(project.getSymbolIdFromReflection(module)?.fileName) ?? module.name;
  }
}

/** @throws Failure when typedoc has had anything to say */
export function requireNoFaults({ logger }) {
  if (logger.hasErrors() || logger.hasWarnings()) throw new Failure("typedoc found faults: mend them, the documentation is not whole");
}
