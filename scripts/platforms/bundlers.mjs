// Bundlers, out of npm into .cache: each bundles a program of test/platforms. `bundle(tools, options)` writes `out`.
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "../lib/run.mjs";

/** A module of a folder of tools. */
export function importTool(tools, name) {
  return import(pathToFileURL(createRequire(join(tools, "package.json")).resolve(name)));
}

/** What is not bundled; without, all is. */
const EXTERNAL = ["argsearch"];

async function esbuild(tools, { entry, out, external }) {
  const { build } = await importTool(tools, "esbuild");
  await build({
    absWorkingDir: dirname(entry),
    entryPoints: [entry],
    outfile: out,
    bundle: true,
    platform: "node",
    format: out.endsWith(".cjs") ? "cjs" : "esm",
    external: external ? EXTERNAL : [],
    loader: { ".node": "copy" },
    // What the bundle of an ES module lacks for CommonJS in it, as esbuild's users put it there.
    banner: out.endsWith(".cjs") ? {} : { js: 'import { createRequire as own } from "node:module"; const require = own(import.meta.url);' },
    logLevel: "silent",
  });
}

async function webpack(tools, { entry, out, external }) {
  const { default: compile } = await importTool(tools, "webpack");
  const stats = await new Promise((resolve, reject) => {
    const config = {
      mode: "production",
      target: "node20",
      context: dirname(entry),
      entry,
      output: { path: dirname(out), filename: basename(out) },
      externals: external ? Object.fromEntries(EXTERNAL.map((name) => [name, `node-commonjs ${name}`])) : {},
      module: { rules: [{ test: /\.node$/, loader: createRequire(join(tools, "package.json")).resolve("node-loader") }] },
    };
    compile(config, (error, result) => (error ? reject(error) : resolve(result)));
  });
  if (stats.hasErrors()) throw new Failure(`webpack: ${stats.toString({ all: false, errors: true }).slice(0, 600)}`);
}

async function vite(tools, { entry, out, external }) {
  const { build } = await importTool(tools, "vite");
  await build({
    configFile: false,
    logLevel: "silent",
    root: dirname(entry),
    ssr: { noExternal: external ? undefined : true },
    build: { ssr: entry, outDir: dirname(out), emptyOutDir: false, rollupOptions: { output: { entryFileNames: basename(out) } } },
  });
}

/** `formats`: file names of bundles; `addons`: it takes addons along, named by a loader. */
export const BUNDLERS = {
  esbuild: { packages: ["esbuild@0.28.2"], bundle: esbuild, formats: ["bundle.mjs", "bundle.cjs"], addons: true },
  webpack: { packages: ["webpack@5.113.0", "node-loader@2.1.0"], bundle: webpack, formats: ["bundle.cjs"], addons: true },
  vite: { packages: ["vite@8.3.8"], bundle: vite, formats: ["bundle.mjs"], addons: false },
};
