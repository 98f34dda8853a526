/** Which way includes go in native/: each layer knows those above it in this list, never those below. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/** Folders, or files at the root. Those of one line do not know each other. */
const LAYERS = [
  ["error.h", "stopwatch.h", "bounds.h", "input_file.h"],
  ["engine"],
  ["model"],
  ["context"],
  ["search/block_settings.h", "search/gate_settings.h", "search/lookahead_settings.h", "search/sampler_settings.h", "search/slot_ranges.h"],
  ["search/settings.h", "search/candidates.h"],
  ["search/propose"],
  ["search/step.h", "search/results.h", "search/slots.h"],
  ["search/window.h"],
  ["search/reward", "search/select"],
  ["search/narrow"],
  ["search/steps", "search/blocks"],
  ["search", "texts", "train"],
  ["addon", "win"],
];

/** The lines that break the rules, in words; none when all is well. */
export function includeFaults() {
  const dir = join(root, "native");
  const files = readdirSync(dir, { recursive: true })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.(cc|h)$/.test(name));
  const includes = new Map(files.map((file) => [file, ownIncludes(readFileSync(join(dir, file), "utf8"), files)]));
  return [...files.flatMap((file) => faultsOf(file, includes.get(file))), ...cycles(includes)];
}

/** Headers of llama.cpp and Node-API are no files of native/. */
function ownIncludes(source, files) {
  return [...source.matchAll(/^#include "([^"]+)"/gm)].map(([, name]) => name).filter((name) => files.includes(name));
}

function faultsOf(file, includes) {
  const layer = layerOf(file);
  if (layer === undefined) return [`native/${file} is in no layer of scripts/lib/include-layers.mjs`];
  return includes
    .filter((other) => {
      const above = layerOf(other);
      return above.at > layer.at || (above.at === layer.at && above.name !== layer.name);
    })
    .map((other) => `native/${file} includes ${other}, which does not lie below it`);
}

/** The longest name that matches: "search/propose" before "search". */
function layerOf(file) {
  return LAYERS.flatMap((names, at) => names.map((name) => ({ name, at })))
    .filter(({ name }) => file === name || file.startsWith(`${name}/`) || file.startsWith(`${name.replace(/\.h$/, "")}.`))
    .sort((a, b) => b.name.length - a.name.length)[0];
}

function cycles(includes) {
  const done = new Set();
  const found = [];
  const visit = (file, path) => {
    if (path.includes(file)) return found.push(`cycle of includes: ${[...path.slice(path.indexOf(file)), file].join(" -> ")}`);
    if (done.has(file)) return;
    for (const other of includes.get(file)) visit(other, [...path, file]);
    done.add(file);
  };
  for (const file of includes.keys()) visit(file, []);
  return found;
}
