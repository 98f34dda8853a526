/** Sizes of contexts, batches and slots that no machine has room for: an error of the call. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ERROR_CODES } from "../../src/index.js";
import { tinyModel } from "../errors/tiny-model.js";
import { writeGguf } from "../helpers/gguf-writer.js";
import { type Finding, type Part, Tally } from "./part.js";
import { withScratch } from "./scratch.js";

const PROGRAM = fileURLToPath(new URL("programs/huge.mjs", import.meta.url));
/** GiB: what was allowed would otherwise be taken from the machine. */
const LIMIT = 3;
const TYPED: ReadonlySet<string> = new Set(["works", ...ERROR_CODES]);

export const huge: Part = { name: "huge", title: "contexts, batches and slots of impossible sizes", run: hugeSizes };

export async function hugeSizes(): Promise<Finding[]> {
  const tally = new Tally("sizes that no machine has room for");
  if (process.platform !== "linux") return [{ ...tally.finding, skipped: "prlimit is Linux's" }];
  await withScratch(async (folder) => {
    const model = join(folder, "model.gguf");
    writeGguf(model, tinyModel({ contextLength: 2 ** 24 }));
    const limits = ["--core=0", `--as=${LIMIT * 2 ** 30}`];
    // V8's threads that mark live objects end the process if they get no memory while llama.cpp has the last of it.
    const program = [process.execPath, "--single-threaded-gc", PROGRAM, model];
    const { stdout, stderr, status, signal } = spawnSync("prlimit", [...limits, ...program], {
      encoding: "utf8",
      timeout: 120_000,
    });
    const lines = stdout.trim().split("\n");
    if (lines.pop() !== "alive") tally.add(`ends by ${signal ?? status}`, stderr || `ends by ${signal ?? status}`);
    for (const line of lines) tally.add(line, TYPED.has(line) ? undefined : line);
  });
  return [tally.finding];
}
