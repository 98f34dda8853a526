/**
 * Preference pairs are read here and in training/data.py. Both are held to pair-formats.jsonl: on each line a line of a data file and
 * the pair it is, or a part of why it is none.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { type PreferencePair, readPairs } from "../../src/index.js";
import { packageRoot } from "../../src/package-root.js";

interface Example {
  what: string;
  line: string;
  pair?: PreferencePair;
  refused?: string;
}

const fixture = join(packageRoot, "test", "data", "pair-formats.jsonl");
const examples = readFileSync(fixture, "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Example);

const python = process.env.ARGSEARCH_PYTHON ?? "python3";
const pythonVersion = spawnSync(python, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).status;

describe("pairs", () => {
  it("are what both readers should make of them", async () => {
    const found = new Map<number, unknown>();
    // The first line is a good one: what a file is follows from its beginning.
    const content = examples.map(({ line }) => line).join("\n");
    const onBadLine = ({ number, error }: { number: number; error: Error }): void => void found.set(number, error.message);
    for await (const { line, value } of readPairs(Readable.from([content]), { onBadLine })) found.set(line, value);
    for (const [at, { what, pair, refused = "" }] of examples.entries()) {
      expect(found.get(at + 1), what).toEqual(pair ?? expect.stringContaining(refused));
    }
    expect(found.size).toBe(examples.length);
  });

  it.skipIf(pythonVersion !== 0)("are the same for training", () => {
    const { status, stdout, stderr } = spawnSync(python, [join(packageRoot, "training", "check_formats.py"), fixture], {
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toBe(`${examples.length} lines are read as they should be\n`);
  });
});
