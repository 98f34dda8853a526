import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { GenerateResult, ScoredPair, ScoreResult } from "../../src/index.js";
import { argsearch, parseLines, reward, scratch, start } from "./run.js";

const PAIR = ["--prompt", "How do I bake bread?", "--response", "Mix flour, water and salt. Then let it rest."];

interface ScoredLine {
  line: number;
  id: string;
  reward: number;
  tokens: { id: number; text: string; reward: number }[];
}

async function scoreJson(...args: string[]): Promise<ScoreResult> {
  const { code, stdout } = await argsearch(["score", "--json", ...args]);
  expect(code).toBe(0);
  return JSON.parse(stdout) as ScoreResult;
}

describe("score", () => {
  it("gives the reward after each token of the response", async () => {
    const result = await scoreJson(...PAIR);
    expect(Object.keys(result)).toEqual(["reward", "tokens"]);
    expect(result.tokens.map(({ text }) => text).join("")).toBe(PAIR[3]);
    expect(result.reward).toBe(result.tokens.at(-1)?.reward);
    expect(Object.keys(result.tokens[0] ?? {})).toEqual(["id", "text", "reward"]);
  });

  it("agrees with the rewards of decoding", async () => {
    const prompt = ["--prompt", "Can you help me set up a light show?"];
    const { stdout } = await argsearch(["generate", "--json", ...prompt, "--max-tokens", "16"]);
    const generated = JSON.parse(stdout) as GenerateResult;
    const scored = await scoreJson(...prompt, "--response", generated.text);
    expect(scored.tokens.map(({ id }) => id)).toEqual(generated.tokens);
    expect(scored.reward).toBeCloseTo(generated.reward ?? Number.NaN, 1);
  });

  it("prints a table for people", async () => {
    const { stdout, code } = await argsearch(["score", ...PAIR]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^reward -?\d+\.\d{4}\n\n *token +reward +text\n/);
  });

  it("weighs the reward", async () => {
    const [one, two] = await Promise.all([scoreJson(...PAIR), scoreJson(...PAIR, "--reward", `${reward}=2`)]);
    expect(two.reward).toBeCloseTo(2 * one.reward, 4);
  });

  it("reads the response from standard input", async () => {
    const [flag, dash] = await Promise.all([
      argsearch(["score", ...PAIR]),
      argsearch(["score", ...PAIR.slice(0, 3), "-"], { input: `${PAIR[3]}\n` }),
    ]);
    expect(dash.stdout).toBe(flag.stdout);
  });

  it.each([
    ["no prompt", ["--response", "x"]],
    ["no response", ["--prompt", "x"]],
    ["both from standard input", ["--prompt", "-", "--response", "-"]],
    ["a file and a prompt", ["--input", "x.jsonl", "--prompt", "x"]],
  ])("refuses %s", async (_name, args) => {
    const { code, stderr } = await argsearch(["score", ...args], { input: "" });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^argsearch: [^\n]* \[OPTION_INVALID\]\n$/);
  });
});

describe("score --input", () => {
  it("says how lines are counted, and what becomes of their fields", async () => {
    const { stdout } = await argsearch(["score", "--help"]);
    expect(stdout.replace(/\s+/g, " ")).toContain('a result has its "line", counted from 1, and the fields of that line');
  });

  const good = (response: string) => JSON.stringify({ id: `of ${response}`, prompt: "How do I bake bread?", response });

  it("passes fields through, and leaves tokens out on request", async () => {
    const lines = [`{"id": 98765432109876543210, "prompt":"Hi","response":"Mix.","tags":["a", "b"],"reward":1}`, good("Bake.")];
    const { stdout } = await argsearch(["score", "--input", "-", "--no-tokens"], { input: lines.join("\n") });
    const [first = "", second = ""] = stdout.split("\n");
    const fields = '{"line":1,"id":98765432109876543210,"prompt":"Hi","response":"Mix.","tags":["a","b"],"input":{"reward":1},"reward":';
    expect(first.startsWith(fields)).toBe(true);
    expect(Object.keys(JSON.parse(second) as object)).toEqual(["line", "id", "prompt", "response", "reward"]);
    expect(Object.keys(await scoreJson(...PAIR, "--no-tokens"))).toEqual(["reward"]);
    expect((await argsearch(["score", ...PAIR, "--no-tokens"])).stdout).toMatch(/^reward -?\d+\.\d{4}\n$/);
  });

  it("scores every line, in order, as single calls do", async () => {
    const responses = Array.from({ length: 70 }, (_, index) => `Step ${index}: mix ${"well ".repeat(index % 7)}and wait.`);
    const file = join(await scratch(), "responses.jsonl");
    await writeFile(file, `\ufeff${responses.map(good).join("\n")}\n`);
    const { code, stdout, stderr } = await argsearch(["score", "--input", file]);
    expect(stderr).toMatch(/^70 scored · mean -?\d\.\d{4}, deviation \d\.\d{4}\n$/);
    expect(code).toBe(0);
    const scored = parseLines<ScoredLine>(stdout);
    expect(scored.map(({ line, id }) => [line, id])).toEqual(responses.map((response, at) => [at + 1, `of ${response}`]));
    const single = await scoreJson("--prompt", "How do I bake bread?", "--response", responses[41] ?? "");
    expect(scored[41]?.tokens.map(({ id }) => id)).toEqual(single.tokens.map(({ id }) => id));
    expect(scored[41]?.reward).toBeCloseTo(single.reward, 1);
  });

  it("reports bad lines with their numbers and scores the rest", async () => {
    const messages = JSON.stringify({ prompt: [{ role: "user", content: "Hello" }], response: "Hi there." });
    const tooLong = JSON.stringify({ prompt: "word ".repeat(20_000), response: "x" });
    const input = [good("Mix."), "{", "", "7", JSON.stringify({ prompt: "x" }), tooLong, messages, good("Bake.")].join("\n");
    const { code, stdout, stderr } = await argsearch(["score", "--input", "-"], { input });
    expect(code).toBe(1);
    expect(parseLines<ScoredLine>(stdout).map(({ line }) => line)).toEqual([1, 7, 8]);
    const reports = stderr.trimEnd().split("\n");
    expect(reports.map((line) => line.match(/^argsearch: line (\d+) left out: /)?.[1])).toEqual(["2", "3", "4", "5", "6", undefined]);
    expect(reports[0]).toMatch(/\[INPUT_INVALID\]$/);
    expect(reports[4]).toMatch(/Shorten them: the models know no longer texts\. \[PROMPT_TOO_LONG\]$/);
    expect(reports[5]).toMatch(/^3 scored · 5 failed · mean /);
  });

  it("reads gzip and arrays, and refuses once what holds no lines", async () => {
    const folder = await scratch();
    const array = `[\n  ${good("Mix.")},\n  {"text": 7},\n  ${good("Bake.")}\n]\n`;
    const files = [gzipSync(array), array, "PAR1\x15\x04\x15\n\n\n", Buffer.from(`${good("Mix.")}\n`, "utf16le"), "a,b\nc,d\ne,f\n"];
    const score = async (content: string | Buffer, at: number) => {
      const path = join(folder, `data-${at}`);
      await writeFile(path, content);
      return argsearch(["score", "--input", path]);
    };
    const outcomes = await Promise.all(files.map(score));
    const [zipped, plain, ...others] = outcomes;
    expect(plain.stderr).toMatch(
      /^argsearch: record 2 \(line 3\) left out: .*"text" must be a text \[INPUT_INVALID\]\n2 scored · 1 failed/,
    );
    expect(parseLines<ScoredLine>(plain.stdout).map(({ line }) => line)).toEqual([1, 3]);
    expect(zipped).toEqual(plain);
    for (const { code, stdout, stderr } of others) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^argsearch: [^\n]*data-\d[^\n]* \[INPUT_INVALID\]\n$/);
    }
  });

  it("sums pairs up, and writes their lines to a file", async () => {
    const prompt = "How do I bake bread?";
    const pair = { prompt, chosen: "Here is how to bake bread.\nYou need flour and water.", rejected: "What kind of bread do you want?" };
    const folder = await scratch();
    const [input, out] = [join(folder, "pairs.jsonl"), join(folder, "out.jsonl")];
    await writeFile(input, `${JSON.stringify(pair)}\n${JSON.stringify({ prompt, chosen: "a", rejected: "a" })}\n`);
    const { code, stdout, stderr } = await argsearch(["score", "--input", input, "--out", out, "--json"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^argsearch: line 2 left out: chosen and rejected are identical \[INPUT_INVALID\]\n/);
    const [line] = parseLines<ScoredPair>(await readFile(out, "utf8"));
    expect(line).toEqual({ line: 1, ...pair, chosenReward: expect.any(Number), rejectedReward: expect.any(Number), correct: true });
    const summary = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(summary)).toEqual(["count", "failed", "banned", "mean", "deviation", "pairAccuracy", "low", "high"]);
    expect(summary).toMatchObject({ count: 1, failed: 1, pairAccuracy: 1, high: 1 });
  });

  it.each([
    ["to a file goes on", true, "interrupted: the same command goes on from here\n"],
    ["to standard output does not", false, ""],
  ])("says that what is interrupted on its way %s", async (_, toFile, stderr) => {
    const folder = await scratch();
    const [input, out] = [join(folder, "in.jsonl"), join(folder, "out.jsonl")];
    await writeFile(input, `${good(`Mix ${"well ".repeat(40)}`)}\n`.repeat(2000));
    const { child, outcome } = start(["score", "--input", input, ...(toFile ? ["--out", out] : [])]);
    const begun = async (): Promise<boolean> => {
      const [partial] = (await readdir(folder)).filter((name) => name.endsWith(".partial"));
      return partial !== undefined && (await stat(join(folder, partial))).size > 0;
    };
    if (toFile) await expect.poll(begun, { timeout: 20_000, interval: 20 }).toBe(true);
    else await new Promise((resolve) => child.stdout?.once("data", resolve));
    child.kill("SIGINT");
    const { code, stderr: said } = await outcome;
    expect({ code, said }).toEqual({ code: 130, said: stderr });
  });

  it("reports each of several objectives", async () => {
    const args = ["--reward", `${reward}=0.7`, "--reward", `${reward}=0.3`];
    const result = await scoreJson(...PAIR, ...args);
    const single = await scoreJson(...PAIR);
    expect(Object.keys(result.objectives)).toEqual(["reward/reward", "reward/reward#2"]);
    expect(result.reward).toBeCloseTo(single.reward, 5);
    for (const [index, { objectives }] of result.tokens.entries()) {
      expect(objectives?.["reward/reward"]).toBeCloseTo(single.tokens[index].reward, 5);
    }
  });

  it.each([
    ["a missing file", "missing.jsonl", "FILE_NOT_FOUND"],
    ["a folder", ".", "NOT_A_FILE"],
  ])("fails for %s", async (_name, file, error) => {
    const { code, stderr } = await argsearch(["score", "--input", file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^argsearch: [^\\n]* \\[${error}\\]\\n$`));
  });
});
