import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SpeedResults } from "../../src/bench/index.js";
import { argsearch, scratch } from "./run.js";

/** What is measured is of no interest here: seconds are never tested. */
const QUICK = ["--threads", "1", "--rounds", "2", "--max-tokens", "3"];

describe("argsearch bench", () => {
  it("prints the machine and a table a place, and writes a report", async () => {
    const out = join(await scratch(), "speed");
    const { code, stdout } = await argsearch(["bench", ...QUICK, "--top-k", "2,4", "--prefix", "40", "--out", out]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/; Node v\d.*; llama\.cpp .*\nLoad average /);
    for (const k of [2, 4]) {
      expect(stdout).toMatch(new RegExp(`\\nk = ${k}, 1 slot, prefix 40\\n +ms a token +tokens/s .*\\nplain decoding .*\\nARGS .*100 %`));
    }
    expect((await readdir(out)).sort()).toEqual(["charts", "report.html", "report.md", "results.json"]);
    expect((await readdir(join(out, "charts"))).sort()).toEqual(["by-topK.svg", "contenders.svg"]);
    expect(await readFile(join(out, "report.md"), "utf8")).toContain("argsearch bench --threads 1");
  });

  it("prints what it found as JSON: every round of each contender, and what stands in the way of the other modes", async () => {
    const { code, stdout } = await argsearch(["bench", ...QUICK, "--slots", "2", "--modes", "shared", "--json"]);
    expect(code).toBe(0);
    const { machine, quiet, settings, points } = JSON.parse(stdout) as SpeedResults;
    expect(machine).toMatchObject({ node: process.version, processors: expect.any(Number) });
    expect(quiet).toMatchObject({ load: { before: expect.any(Number) }, busy: expect.any(Array) });
    expect(settings).toMatchObject({ threads: 1, maxTokens: 3, rounds: 2 });
    expect(points).toHaveLength(1);
    const [{ point, rows, leftOut } = { point: null, rows: [], leftOut: [] }] = points;
    expect(point).toEqual({ topK: 10, slots: 2, prefix: null });
    for (const name of ["plain decoding", "ARGS"]) {
      const row = rows.find((each) => each.name === name);
      expect(row).toMatchObject({ ms: { count: 2 }, memory: { weights: expect.any(Number) } });
      expect(row?.rounds).toHaveLength(2);
    }
    expect(rows.find(({ name }) => name === "plain decoding")?.parts?.reward).toBe(0); // no reward model is asked
    // The embedded pair are two models, with a trunk each.
    expect(leftOut).toEqual([{ mode: "shared", reason: expect.stringContaining("trunk") }]);
  });

  it.each([
    [["--modes", "shred"], /--modes must be .*"shared"/],
    [["--slots", "0"], /--slots must be an integer from 1/],
    [["--top-k", "5,"], /A number is missing/],
    [["--prefix", "100000"], /prefix|tokens/],
  ])("refuses %j", async (flags, message) => {
    const { code, stdout, stderr } = await argsearch(["bench", ...QUICK, ...flags]);
    expect(code).not.toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
  });
});
