import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { FitResult } from "../../src/fit/index.js";
import type { GgufSummary } from "../../src/index.js";
import { argsearch, parseLines, policy, scratch, start } from "./run.js";

/** Plans against stalling, a difference that any trunk shows. */
function pairLines(count: number): string {
  const topics = ["bread", "a tent", "a shelf", "a song", "a garden", "a letter", "soup", "a kite"];
  const lines = Array.from({ length: count }, (_, index) => {
    const topic = topics[index % topics.length];
    const prompt = `How do I make ${topic} number ${index}?`;
    const chosen = `First gather what ${topic} needs. Then work in ${1 + (index % 5)} small steps.`;
    return JSON.stringify({ prompt, chosen, rejected: `well ${"well ".repeat(3 + (index % 6))}${topic}` });
  });
  return `${lines.join("\n")}\n`;
}

async function fitArgs(pairs: string): Promise<{ args: string[]; out: string }> {
  const folder = await scratch();
  const [input, out] = [join(folder, "pairs.jsonl"), join(folder, "rm.gguf")];
  await writeFile(input, pairs);
  const args = ["reward", "fit", "--model", policy, "--pairs", input, "--out", out, "--threads", "1", "--consistency", "1"];
  return { args, out };
}

describe("reward fit", () => {
  it("writes a reward model that inspect describes and score reads", async () => {
    const { args, out } = await fitArgs(pairLines(60));
    const { code, stdout, stderr } = await argsearch(args);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^fitted on 48 pairs, checked on 12, regularisation \S+, consistency \S+\n\ntokens read +accuracy +95 % +pairs {2}against/,
    );
    expect(stdout).toMatch(/\n *end +1\.000 +0\.\d{3} to 1\.000 +12 /);
    expect(stdout).toMatch(
      /\n *turn end +1\.000 .*\n\nat the end of the turn against the last token .*: [+-]\d\.\d{3} deviations \(\d\.\d{3} without sign\)\n$/,
    );
    expect((await argsearch(["inspect", out])).stdout).toMatch(/prefix_accuracy +4: \d\.\d{3}, .*end: 1\.000, turn end: 1\.000\n/);
    const summary = JSON.parse((await argsearch(["inspect", out, "--json"])).stdout) as GgufSummary;
    expect(summary.rewardHead?.notes).toMatchObject({ dataset: expect.stringContaining("pairs.jsonl, 60 pairs"), accuracy: 1 });
    const rating = ["score", "--reward", out, "--json", "--prompt", "How do I make tea?"];
    const [good, bad] = await Promise.all([
      argsearch([...rating, "--response", "First gather what tea needs. Then work in two small steps."]),
      argsearch([...rating, "--response", "well well well well well tea"]),
    ]);
    expect(JSON.parse(good.stdout).reward).toBeGreaterThan(JSON.parse(bad.stdout).reward);
  });

  it("reads the prompts of --tune before it fits for hours", async () => {
    const { args, out } = await fitArgs(pairLines(20));
    const { code, stderr } = await argsearch([...args, "--tune", `${out}.jsonl`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^argsearch: no such file: \S+rm\.gguf\.jsonl; check the path \[FILE_NOT_FOUND\]\n$/);
    expect(existsSync(out)).toBe(false);
  });

  it("goes on after a kill and ends with the same file", async () => {
    const { args, out } = await fitArgs(pairLines(120));
    const killed = start(args);
    while (!existsSync(`${out}.features`) || (await stat(`${out}.features`)).size < 100_000) await sleep(5);
    killed.child.kill("SIGKILL");
    expect((await killed.outcome).code).toBe("SIGKILL");
    expect(existsSync(out)).toBe(false);
    const features = await readFile(`${out}.features`);
    const result = JSON.parse((await argsearch([...args, "--keep-features", "--json"])).stdout) as FitResult;
    expect(result.pairs).toMatchObject({ read: 120, training: 96, heldOut: 24 });
    expect((await readFile(`${out}.features`)).subarray(0, 90_000)).toEqual(features.subarray(0, 90_000));
    const whole = await readFile(out);
    const unbroken = await fitArgs(pairLines(120));
    await argsearch(unbroken.args);
    expect((await readFile(unbroken.out)).equals(whole)).toBe(true);
  });

  it("reports bad lines and fits the rest", async () => {
    const { args } = await fitArgs(`{\n${pairLines(20)}`);
    const { code, stdout, stderr } = await argsearch(args);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^argsearch: \S+pairs\.jsonl line 1 left out: [^\n]* \[INPUT_INVALID\]\n$/);
    expect(stdout).toContain("\n1 left out\n");
  });

  it("says that it goes on after Ctrl-C, what did not fit and what is among the pairs already", async () => {
    const { args, out } = await fitArgs(pairLines(120));
    const { child, outcome } = start(args);
    while (!existsSync(`${out}.features`) || (await stat(`${out}.features`)).size < 100_000) await sleep(5);
    child.kill("SIGINT");
    expect(await outcome).toEqual({ code: 130, stdout: "", stderr: "interrupted: the same command goes on from here\n" });
    const test = join(dirname(out), "test.jsonl");
    await writeFile(test, pairLines(30));
    const { stdout } = await argsearch([...args, "--held-out", test, "--limit", "100"]);
    expect(stdout).toMatch(/^fitted on 100 pairs, checked on 0, /);
    expect(stdout).toContain("30 of the held-out file not checked, being among the pairs to fit on");
  });

  it("warns when the pairs teach next to nothing", async () => {
    // Every topic is preferred one way as often as the other.
    const lines = parseLines<{ prompt: string; chosen: string; rejected: string }>(pairLines(80)).map(
      ({ prompt, chosen, rejected }, at) => {
        return JSON.stringify(Math.floor(at / 8) % 2 === 0 ? { prompt, chosen, rejected } : { prompt, chosen: rejected, rejected: chosen });
      },
    );
    const { args } = await fitArgs(lines.join("\n"));
    const { code, stderr } = await argsearch(args);
    expect(code).toBe(0);
    expect(stderr).toBe("the strongest regularisation did best: the pairs teach this model next to nothing\n");
  });

  it.each([
    [["--held-out", "1.5"], 2, /--held-out must be an integer/],
    [["--limit", "5"], 1, /leaves 4 usable pairs to fit on; at least 10/],
    [["--format", "csv"], 2, /--format/],
    [["--out", "/nowhere/rm.gguf"], 1, /\[FILE_UNWRITABLE\]/],
    [["--out", "."], 1, /it is a directory; name a file in it \[FILE_UNWRITABLE\]/],
    [["--context", "2"], 1, /a larger --context/],
  ])("%o ends with %i", async (more, expected, message) => {
    const { args } = await fitArgs(pairLines(20));
    const { code, stderr } = await argsearch([...args, ...more]);
    expect(code).toBe(expected);
    expect(stderr).toMatch(message);
  });
});
