/** What slow tests fetch or need to be installed. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../src/package-root.js";

/** ARGSEARCH_PYTHON, or python3. */
export const python = process.env.ARGSEARCH_PYTHON ?? "python3";

/** llama.cpp's source, for its converter, its vocabularies and templates. ARGSEARCH_CONVERTER names it, else it is fetched. */
export function llamaSource(): string {
  if (process.env.ARGSEARCH_CONVERTER !== undefined) return process.env.ARGSEARCH_CONVERTER;
  const script = join(packageRoot, "scripts", "headers.mjs");
  return execFileSync(process.execPath, [script, "--source"], { encoding: "utf8" }).trim();
}
