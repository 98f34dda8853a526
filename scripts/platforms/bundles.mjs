// Programs that use the package, bundled: with it left external, with it swallowed by mistake, and through the entry of one platform; and
// what a tracer copies for a program.
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { BUNDLERS, importTool } from "./bundlers.mjs";
import { fault } from "./check.mjs";
import { fetchTools } from "./fetch.mjs";

const NFT = "@vercel/nft@1.11.5";

const node = (cwd, file) => ({ command: process.execPath, args: [file], cwd });

/** A project with the package in it, and a program that a bundler reads: `module.mjs`, or `common.cjs` by the platform's own entry. */
async function project(place, name) {
  const cwd = place.project(name);
  cpSync(join(await place.installed(), "node_modules"), join(cwd, "node_modules"), { recursive: true, verbatimSymlinks: true });
  const own = `argsearch/${process.platform}-${process.arch}`;
  const common = readFileSync(join(cwd, "common.cjs"), "utf8");
  writeFileSync(join(cwd, "own.cjs"), common.replace(', entry = "argsearch"]', "]").replace("require(entry)", `require("${own}")`));
  return cwd;
}

/**
 * Swallowed and taken to another machine, it has neither addon nor models. It says what to do. webpack writes the places of files into its
 * bundles, so what was there must be gone.
 */
async function saysExternal(place, cwd, file) {
  const elsewhere = join(place.folder, "elsewhere", basename(cwd));
  mkdirSync(elsewhere, { recursive: true });
  cpSync(join(cwd, "swallowed"), elsewhere, { recursive: true });
  const [modules, hidden] = [join(cwd, "node_modules"), join(cwd, "hidden")];
  renameSync(modules, hidden);
  const { error } = (await place.decode(node(elsewhere, file))).report;
  renameSync(hidden, modules);
  const said = error === undefined ? "nothing" : `${error.message} [${error.code}]`;
  if (!/mark argsearch external/i.test(said)) throw fault(`a bundle that swallowed the package says: ${said}`, { loaded: "no" });
}

async function bundles(place, name) {
  const { packages, bundle, formats, addons } = BUNDLERS[name];
  const tools = await fetchTools(name, packages);
  const cwd = await project(place, `bundle-${name}`);
  for (const file of formats) {
    const entry = join(cwd, "module.mjs");
    await bundle(tools, { entry, out: join(cwd, "external", file), external: true });
    await place.decodeAlike(node(cwd, join("external", file)));
    await bundle(tools, { entry, out: join(cwd, "swallowed", file), external: false });
    await place.decodeAlike(node(cwd, join("swallowed", file))); // the package lies beside it
    await saysExternal(place, cwd, file);
  }
  if (addons) {
    await bundle(tools, { entry: join(cwd, "own.cjs"), out: join(cwd, "own", "bundle.cjs"), external: false });
    await place.decodeAlike(node(cwd, join("own", "bundle.cjs")));
  }
  const own = addons ? "; the platform's entry runs" : "";
  return { loaded: "yes", tokens: "same", note: `${packages[0]}, ${formats.join(", ")}: external runs; swallowed runs or says why${own}` };
}

/** What @vercel/nft finds, copied to an empty folder, is all that an ES module needs. Of CommonJS it finds no engine. */
async function traces(place) {
  const tools = await fetchTools(NFT, [NFT]);
  const cwd = await project(place, "traced");
  const { nodeFileTrace } = await importTool(tools, "@vercel/nft");
  const { fileList } = await nodeFileTrace([join(cwd, "module.mjs")], { base: cwd });
  const copy = join(place.folder, "traced-copy");
  for (const path of fileList) {
    mkdirSync(join(copy, dirname(path)), { recursive: true });
    cpSync(join(cwd, path), join(copy, path), { verbatimSymlinks: true });
  }
  await place.decodeAlike(node(copy, "module.mjs"));
  return { loaded: "yes", tokens: "same", note: `${NFT}: ${fileList.size} files suffice an ES module` };
}

export const checks = [
  ...Object.keys(BUNDLERS).map((name) => ({ name: `bundle/${name}`, run: (place) => bundles(place, name) })),
  { name: "bundle/nft", run: traces },
];
