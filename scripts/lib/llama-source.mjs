// llama.cpp's source, of exactly the release that the engine packages were built from. node-llama-cpp's tarball carries
// it as a git bundle. It is no dependency: installing it pulls every GPU engine.
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { requireTools } from "./prerequisites.mjs";
import { Failure, npm, root, run } from "./run.mjs";

const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** node-llama-cpp's version. */
export const version = optionalDependencies["@node-llama-cpp/linux-x64"];
const integrity = "sha512-E3N0Ev2Va0wzydvXYFwM9Hvyo07PoWjt8T/9GMc43Cvt8YkV/NU/tYUgEMC1grTPv2o9PRjQi0G3Wb5P/awiMg==";

/** Checks out `paths`, or everything, of a bundle into DIR/tree and returns that folder. Without a bundle, npm's is fetched. */
export function checkOut(dir, paths, bundle = undefined) {
  requireTools("git");
  const source = bundle ?? fetchBundle(dir);
  const tree = join(dir, "tree");
  const explain = (output) => `git cannot read llama.cpp's bundle ${source}: ${output}`;
  run("git", ["clone", "--quiet", "--no-checkout", source, tree], { cwd: dir, explain });
  run("git", ["-C", tree, "checkout", "--quiet", "HEAD", "--", ...(paths.length > 0 ? paths : ["."])], { cwd: dir, explain });
  rmSync(join(tree, ".git"), { recursive: true, force: true });
  return tree;
}

function fetchBundle(dir) {
  npm(["pack", `node-llama-cpp@${version}`], {
    cwd: dir,
    purpose: `llama.cpp's source comes from npm's node-llama-cpp@${version}, which takes the network once`,
  });
  const tarball = `node-llama-cpp-${version}.tgz`;
  const found = `sha512-${createHash("sha512")
    .update(readFileSync(join(dir, tarball)))
    .digest("base64")}`;
  if (found !== integrity) throw new Failure(`${tarball} is not the file that is expected here: it has ${found}`);

  const bundle = "package/llama/gitRelease.bundle";
  run("tar", ["-xzf", tarball, bundle], { cwd: dir, explain: (output) => `Cannot unpack ${tarball} with tar: ${output}` });
  return join(dir, bundle);
}
