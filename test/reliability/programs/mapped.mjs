// Decodes, lets its model files be changed under it, and decodes again: node mapped.mjs CHANGE POLICY REWARD OTHER. Prints "same" where the
// text after the change is the one before it, "other" where it is not, an error's code where there is one, and "alive" at the end.
import { copyFileSync, openSync, renameSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { load } from "../../../dist/index.js";

const [, , change, policy, reward, other] = process.argv;
const OPTIONS = { template: "none", maxTokens: 24, seed: 1 };
const PAGE = 4096;

/** From the last third on, which is tensors. */
function overwrite(path) {
  const { size } = statSync(path);
  const bytes = Buffer.alloc(Math.floor(size / 3));
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 2654435761) >>> 24;
  writeSync(openSync(path, "r+"), bytes, 0, bytes.length, size - bytes.length);
}

function replace(path) {
  copyFileSync(other, `${path}.new`);
  renameSync(`${path}.new`, path);
}

const CHANGES = {
  deleted: (path) => rmSync(path),
  "renamed away": (path) => renameSync(path, `${path}.away`),
  "replaced by a rename": replace,
  "grown at its end": (path) => writeSync(openSync(path, "a"), Buffer.alloc(PAGE)),
  "overwritten in place": overwrite,
  "cut to its half in place": (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
};

const decoder = await load({ policy, reward, gpu: false, threads: 1 });
const before = await decoder.generate("How do I bake bread?", OPTIONS);
for (const path of [policy, reward]) CHANGES[change](path);
try {
  const after = await decoder.generate("How do I bake bread?", OPTIONS);
  process.stdout.write(after.text === before.text ? "same\n" : "other\n");
} catch (error) {
  process.stdout.write(`${error.code}\n`);
}
await decoder.dispose();
process.stdout.write("alive\n");
