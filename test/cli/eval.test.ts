import { spawnSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EvaluatedResponse, EvaluationResults } from "../../src/evaluate/index.js";
import { argsearch, parseLines, policy, reward, root, scratch, start } from "./run.js";

const cli = join(root, "dist", "cli.js");
const QUICK = ["--max-tokens", "6", "--threads", "1", "--slots", "2"];
const PROMPTS = ["How do I bake bread?", "Help me plan a trip.", "How can I fix a bike?", "Can you help me set up a light show?"];

async function data(folder: string, lines: readonly string[] = PROMPTS.map((prompt) => JSON.stringify({ prompt }))): Promise<string> {
  const path = join(folder, "prompts.jsonl");
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}

async function responses(out: string): Promise<Omit<EvaluatedResponse, "milliseconds">[]> {
  const content = await readFile(join(out, "responses.jsonl"), "utf8").catch(() => "");
  return parseLines<EvaluatedResponse>(content.slice(0, content.lastIndexOf("\n") + 1)).map(({ milliseconds: _, ...rest }) => rest);
}

describe("eval", () => {
  it("prints a table and writes results and report", async () => {
    const folder = await scratch();
    const out = join(folder, "out");
    const run = await argsearch(["eval", "--data", await data(folder), "--methods", "greedy,args-greedy", "--out", out, ...QUICK]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toMatch(/^method +reward +diversity/);
    expect(run.stdout).toMatch(/^args-greedy +-?\d+\.\d{3} \[/m);
    const results = JSON.parse(await readFile(join(out, "results.json"), "utf8")) as EvaluationResults;
    expect(results.methods["args-greedy"]?.reward?.count).toBe(PROMPTS.length);
    expect(await readFile(join(out, "report.html"), "utf8")).toContain("argsearch eval --data");
    expect(await readFile(join(out, "report.md"), "utf8")).toContain("# ARGS evaluation");
  });

  it("gives one JSON object, a sweep and several models with flags", async () => {
    const folder = await scratch();
    const models = ["--policy", policy, "--reward", reward, "--policy", policy, "--reward", `${reward}=0.5`];
    const args = ["--data", await data(folder), "--limit", "1", "--methods", "greedy", "args-greedy", "--sweep", "weight=0,0.5,…,1"];
    const { stdout, code } = await argsearch(["eval", ...args, ...models, "--out", join(folder, "out"), "--json", "--no-report", ...QUICK]);
    expect(code).toBe(0);
    const { methods } = JSON.parse(stdout) as EvaluationResults;
    const names = ["greedy", ...[0, 0.5, 1].map((weight) => `args-greedy weight=${weight}`)];
    expect(Object.keys(methods)).toEqual(["policy", "policy#2"].flatMap((label) => names.map((name) => `${label}: ${name}`)));
    const halved = methods["policy#2: greedy"]?.reward?.mean ?? Number.NaN;
    expect(halved).toBeCloseTo((methods["policy: greedy"]?.reward?.mean ?? 0) / 2, 6);
  });

  it("takes the policy's samplers for every method, and a reward model as judge", async () => {
    const folder = await scratch();
    const out = join(folder, "out");
    const samplers = ["--dry-multiplier", "0.8", "--ending", "policy"];
    const args = ["eval", "--data", await data(folder), "--methods", "greedy,args-greedy", ...samplers, "--no-report", "--out", out];
    const { code, stdout, stderr } = await argsearch([...args, "--judge-reward", reward, "--judge-pair", "args-greedy:greedy", ...QUICK]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/\nargs-greedy against greedy by reward\.gguf: win-tie [\d.]+ % \[[\d.]+, [\d.]+\] \(\d \/ \d \/ \d\)\n$/);
    const { settings, methods } = JSON.parse(await readFile(join(out, "results.json"), "utf8")) as EvaluationResults;
    expect(settings.methods.greedy).toEqual({ method: "greedy", dryMultiplier: 0.8, ending: "policy" });
    expect(settings.methods["args-greedy"]).toMatchObject({ weight: 0.6, dryMultiplier: 0.8, ending: "policy" });
    for (const metric of ["judgeReward", "ended", "loops", "lowDiversity", "perplexity"]) {
      expect(methods.greedy?.[metric]?.count, metric).toBe(PROMPTS.length);
    }
  });

  it("goes on after it was killed, to the same responses", async () => {
    const folder = await scratch();
    const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
    const args = ["eval", "--data", await data(folder), "--methods", "top-p,args-stochastic", "--no-report", ...QUICK];
    const { child, outcome } = start([...args, "--out", killed]);
    while ((await responses(killed)).length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGKILL");
    await outcome;
    await argsearch([...args, "--out", whole]);
    expect(await argsearch([...args, "--out", killed])).toMatchObject({ code: 0 });
    expect(await responses(killed)).toEqual(await responses(whole));
  });

  // A limit on the size of files is as good as a full disk.
  it.skipIf(process.platform === "win32")("keeps what there was room for, says which file is full, and goes on", async () => {
    const folder = await scratch();
    const [whole, full] = [join(folder, "whole"), join(folder, "full")];
    const args = ["eval", "--data", await data(folder), "--methods", "greedy,top-p", "--no-report", ...QUICK];
    const { status, stderr } = spawnSync("sh", ["-c", `ulimit -f 4; exec "$0" "$@"`, process.execPath, cli, ...args, "--out", full], {
      encoding: "utf8",
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^argsearch: cannot write ${join(full, "responses.jsonl")}: EFBIG[^\\n]* \\[FILE_UNWRITABLE\\]\\n$`));
    expect((await readdir(full)).sort()).toEqual(["responses.jsonl", "settings.json"]);
    const kept = await responses(full);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(2 * PROMPTS.length);
    await argsearch([...args, "--out", whole]);
    expect(await argsearch([...args, "--out", full])).toMatchObject({ code: 0 });
    expect(await responses(full)).toEqual(await responses(whole));
  });

  it.skipIf(process.platform === "win32")("says where it cannot write before anything is decoded", async () => {
    const folder = await scratch();
    for (const out of ["/dev/null/out", "/dev/null"]) {
      const { code, stderr } = await argsearch(["eval", "--data", await data(folder), "--out", out, ...QUICK]);
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^argsearch: cannot write ${out}: [^\\n]* \\[FILE_UNWRITABLE\\]\\n$`));
    }
  });

  it("reports bad lines with their numbers, evaluates the rest and exits with 1", async () => {
    const folder = await scratch();
    const path = await data(folder, ['{"prompt":"Hello"}', "{", '{"text":"no prompt"}']);
    const run = await argsearch(["eval", "--data", path, "--methods", "greedy", "--out", join(folder, "out"), ...QUICK]);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/^argsearch: line 2 left out: .*\[INPUT_INVALID\]\nargsearch: line 3 left out: /);
    expect(run.stdout).toMatch(/^greedy/m);
  });

  it("refuses wrong usage with 2", async () => {
    const folder = await scratch();
    const path = await data(folder);
    const usage = [
      ["eval"],
      ["eval", "--data", path, "--methods", "beam"],
      ["eval", "--data", path, "--sweep", "weight"],
      ["eval", "--data", path, "--judge-url", "http://localhost/v1"],
      ["eval", "--data", path, "--judge-pair", "greedy"],
    ];
    for (const args of usage) {
      expect(await argsearch([...args, ...(args.length > 1 ? ["--out", join(folder, "out")] : [])]), args.join(" ")).toMatchObject({
        code: 2,
        stdout: "",
      });
    }
  });

  it("refuses a directory of another configuration", async () => {
    const folder = await scratch();
    const args = ["eval", "--data", await data(folder), "--methods", "greedy", "--no-report", "--out", join(folder, "out")];
    expect(await argsearch([...args, ...QUICK])).toMatchObject({ code: 0 });
    const other = await argsearch([...args, ...QUICK, "--seed", "3"]);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("seed");
  });
});
