import { chmodSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** A program in `dir` that does as fake-python.mjs says; its path. */
export function writePythonStandIn(dir: string): string {
  const python = join(dir, "python");
  writeFileSync(python, `#!/bin/sh\nexec "${process.execPath}" "${resolve("test/helpers/fake-python.mjs")}" "$@"\n`);
  chmodSync(python, 0o755);
  return python;
}
