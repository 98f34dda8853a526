import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** A program in `dir` that does as fake-python.mjs says; its path. */
export function writePythonStandIn(dir: string): string {
  return writeProgram(join(dir, "python"), `exec "${process.execPath}" "${resolve("test/helpers/fake-python.mjs")}" "$@"`);
}

/** Whether there is a Python to run the package's own scripts with; the converter's modules are not needed. */
export const python3 =
  process.platform !== "win32" && spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).status === 0;

export interface EndlessConverter {
  python: string;
  /** Directory of its convert_hf_to_gguf.py. */
  converter: string;
  /** Where it writes its process id, once it has begun to write the output. */
  started: string;
}

/** A real Python, which passes for complete, and a converter that begins to write and never ends. */
export function writeEndlessConverter(dir: string): EndlessConverter {
  const [converter, started] = [join(dir, "converter"), join(dir, "started")];
  mkdirSync(converter);
  writeFileSync(join(converter, "convert_hf_to_gguf.py"), ENDLESS.replaceAll("STARTED", JSON.stringify(started)));
  const python = writeProgram(join(dir, "python3"), `case "$1" in *check.py) exit 0;; esac\nexec python3 "$@"`);
  return { python, converter, started };
}

const ENDLESS = `
import os, sys, time

class ModelBase:
    def index_tensors(self):
        return {}

    @staticmethod
    def load_hparams():
        return {}

def main():
    directory, name = os.path.split(sys.argv[sys.argv.index("--outfile") + 1])
    # As llama.cpp's does it.
    with open(os.path.join(directory, name.format("f16", ftype="f16")), "wb", buffering=0) as file:
        file.write(b"half a file")
        with open(STARTED + ".new", "w") as started:
            started.write(str(os.getpid()))
        os.rename(STARTED + ".new", STARTED)
        while True:
            time.sleep(0.01)
            file.write(b".")
`;

function writeProgram(path: string, script: string): string {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}
