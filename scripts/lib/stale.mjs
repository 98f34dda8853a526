import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/** `output` is missing, or older than the newest of `inputs` (files of the repository, or folders with all they hold). */
export function isStale(output, inputs) {
  if (!existsSync(output)) return true;
  return Math.max(...inputs.map((path) => newest(join(root, path)))) > statSync(output).mtimeMs;
}

function newest(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
