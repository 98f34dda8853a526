/** What the package exports, as the sources that typedoc reads. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { tsImport } from "tsx/esm/api";
import { root } from "../lib/run.mjs";

/**
 * Every subpath of package.json's `exports` whose file tsdown makes of a source: { name, source }, "argsearch/eval" and "src/eval.ts".
 * Others (package.json itself, addons for bundlers) have no API.
 */
export async function entryPoints() {
  const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const sources = await bundledSources();
  return Object.entries(exports).flatMap(([subpath, target]) => {
    const source = sources.get(/^\.\/dist\/(.*)\.d\.ts$/.exec(typesOf(target) ?? "")?.[1]);
    return source === undefined ? [] : [{ name: join(name, subpath).replaceAll("\\", "/"), source }];
  });
}

/** Sources by the name of their bundle in dist/. */
async function bundledSources() {
  const { default: config } = await tsImport(pathToFileURL(join(root, "tsdown.config.ts")).href, import.meta.url);
  return new Map([config].flat().flatMap(({ entry }) => Object.entries(entry)));
}

/** The first declaration file that a target of `exports` names, at whatever depth. */
function typesOf(target) {
  if (target === null || typeof target !== "object") return undefined;
  if (typeof target.types === "string") return target.types;
  for (const condition of Object.values(target)) {
    const found = typesOf(condition);
    if (found !== undefined) return found;
  }
  return undefined;
}
