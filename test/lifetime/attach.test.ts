/** Writing a reward model ends at any moment: what is there then is the older file or the whole new one, and nothing else. */
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { inspect } from "../../src/index.js";
import { encodeGguf, type GgufContent } from "../helpers/gguf-writer.js";
import { modelFolder } from "../helpers/model-folder.js";
import { ggufContent } from "../helpers/random-model.js";
import { REPEATS, runProgram } from "./child.js";

const MEGABYTES = 64;
const TRIES = 4 * REPEATS;

const folder = modelFolder();
const small = folder.write({ seed: 75 });
const dir = dirname(small.path);
const trunk = join(dir, "trunk.gguf");
const out = join(dir, "reward.gguf");
const width = small.model.shape.embedding;
rmSync(small.path);
writeFileSync(trunk, encodeGguf(withBallast(ggufContent(small.model))));

/** A model with a large tensor that it does not need. */
function withBallast({ metadata, tensors }: GgufContent): GgufContent {
  const ballast = { name: "ballast", shape: [1024, 256 * MEGABYTES], data: new Float32Array(2 ** 18 * MEGABYTES).fill(1) };
  return { metadata, tensors: [...tensors, ballast] };
}

const run = (scenario: string, afterMs = 0) => runProgram("attach.mjs", [scenario, trunk, out, String(width), String(afterMs)]);

test.each(["terminate the worker", "exit the process"])("%s", async (scenario) => {
  const [ms] = (await run("whole")).lines;
  const size = statSync(out).size;
  let interrupted = 0;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    rmSync(out, { force: true });
    // From at once to behind its end.
    expect(await run(scenario, (1.2 * Number(ms) * attempt) / TRIES)).toEqual({ ended: 0, lines: [], stderr: "" });
    // A terminated worker leaves its lock for the next writer to take over.
    const left = readdirSync(dir).filter((name) => name !== "trunk.gguf" && !name.endsWith(".partial.lock"));
    if (left.length === 0) {
      interrupted += 1;
      continue;
    }
    expect(left).toEqual(["reward.gguf"]);
    expect(statSync(out).size).toBe(size);
    expect((await inspect(out)).rewardHead).not.toBeNull();
  }
  expect(interrupted, "attempts that ended it early").toBeGreaterThan(0);
});
