import { existsSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { GenerateResult } from "../../src/index.js";
import { argsearch, parseLines, scratch, start } from "./run.js";

const SHORT = ["--max-tokens", "6"];
const DRAWN = ["--method", "sample", "--seed", "3"];
const LIGHTS = "Can you help me set up a light show?";

interface Line {
  line: number;
  number?: number;
  response: string;
  reward: number;
  tokens?: number[];
  [field: string]: unknown;
}

const good = (at: number) => JSON.stringify({ id: `n${at}`, prompt: `How do I bake cake number ${at}?` });

async function written(...lines: string[]): Promise<{ folder: string; input: string; out: string }> {
  const folder = await scratch();
  const input = join(folder, "in.jsonl");
  await writeFile(input, lines.map((line) => `${line}\n`).join(""));
  return { folder, input, out: join(folder, "out.jsonl") };
}

describe("generate --input", () => {
  it("answers every line, in order, as a single call does, and sums up", async () => {
    const { input } = await written(...Array.from({ length: 7 }, (_, at) => good(at)));
    const { code, stdout, stderr } = await argsearch(["generate", "--input", input, ...SHORT]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^7 responses · 0 ended by themselves · 42 tokens · mean reward -?\d\.\d{4}, deviation \d\.\d{4}\n$/);
    const lines = parseLines<Line>(stdout);
    expect(lines.map(({ line, id }) => [line, id])).toEqual(lines.map((_, at) => [at + 1, `n${at}`]));
    const single = await argsearch(["generate", "How do I bake cake number 5?", "--json", ...SHORT]);
    const { text, tokens, reward } = JSON.parse(single.stdout) as GenerateResult;
    expect(lines[5]).toMatchObject({ response: text, tokens, reward: expect.closeTo(reward ?? Number.NaN, 2), finishReason: "length" });
    expect(Object.keys(lines[5] ?? {})).toEqual(
      "line id prompt response reward finishReason seed usage tokens logProbs rewards".split(" "),
    );
  });

  it("reports bad lines with their numbers and answers the rest; --json is the summary", async () => {
    const tooLong = JSON.stringify({ prompt: "word ".repeat(20_000) });
    const input = [good(0), "{", tooLong, "7", good(1)].join("\n");
    const { folder } = await written();
    const out = join(folder, "lines.jsonl");
    const { code, stdout, stderr } = await argsearch(["generate", "-i", "-", "-o", out, "--json", "--no-tokens", ...SHORT], { input });
    expect(code).toBe(1);
    const reports = stderr.trimEnd().split("\n");
    expect(reports.map((line) => /^argsearch: line (\d+) left out: .* \[\w+\]$/.exec(line)?.[1]).sort()).toEqual([
      "2",
      "3",
      "4",
      undefined,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ count: 2, failed: 3, completionTokens: 12 });
    expect(parseLines<Line>(await readFile(out, "utf8")).map(({ line, tokens }) => [line, tokens])).toEqual([
      [1, undefined],
      [5, undefined],
    ]);
  });

  it("draws several of each, which depend on the seed and not on slots, gzip or standard input", async () => {
    const { input } = await written(good(0), good(1), good(2));
    const args = ["--count", "2", "--no-tokens", ...DRAWN, ...SHORT];
    const zipped = gzipSync(await readFile(input));
    const [four, one, piped, other] = await Promise.all([
      argsearch(["generate", "--input", input, ...args]),
      argsearch(["generate", "--input", input, "--slots", "1", ...args]),
      argsearch(["generate", "--input", "-", ...args], { input: zipped }),
      argsearch(["generate", "--input", input, ...args, "--seed", "4"]),
    ]);
    const texts = ({ stdout }: { stdout: string }) =>
      parseLines<Line>(stdout).map(({ line, number, response }) => [line, number, response]);
    expect(texts(four).map(([line, number]) => [line, number])).toEqual([1, 1, 2, 2, 3, 3].map((line, at) => [line, at % 2]));
    expect(new Set(texts(four).map(([, , text]) => text)).size).toBeGreaterThan(3);
    expect(texts(one)).toEqual(texts(four));
    expect(texts(piped)).toEqual(texts(four));
    expect(texts(other)).not.toEqual(texts(four));
  });

  it("keeps fields as they are, those with a result's name below input; score reads what comes out", async () => {
    const { input, out } = await written('{"id": 98765432109876543210, "prompt":"How do I bake bread?", "response":"old", "n": 1.50}');
    const chat = JSON.stringify({ messages: [{ role: "user", content: LIGHTS }], tag: "chat" });
    await writeFile(input, `${await readFile(input, "utf8")}${chat}\n`);
    await argsearch(["generate", "--input", input, "--out", out, "--max-tokens", "40"]);
    const [first = ""] = (await readFile(out, "utf8")).split("\n");
    expect(first).toContain(
      '{"line":1,"id":98765432109876543210,"prompt":"How do I bake bread?","n":1.50,"input":{"response":"old"},"response":"',
    );
    const scored = await argsearch(["score", "--input", out, "--no-tokens"]);
    expect(scored.code).toBe(0);
    const rewards = parseLines<Line>(await readFile(out, "utf8")).map(({ reward }) => expect.closeTo(reward, 1));
    expect(parseLines<Line>(scored.stdout).map(({ reward }) => reward)).toEqual(rewards);
  });

  it.each(["SIGKILL", "SIGINT"] as const)("goes on after %s to the same bytes", async (signal) => {
    const lines = Array.from({ length: 120 }, (_, at) => good(at));
    const [whole, broken] = [await written(...lines), await written(...lines)];
    const args = [...DRAWN, "--max-tokens", "24", "--slots", "3"];
    const unbroken = await argsearch(["generate", "--input", whole.input, "--out", whole.out, ...args]);
    const { child, outcome } = start(["generate", "--input", broken.input, "--out", broken.out, ...args]);
    const size = async (): Promise<number> => {
      const [partial] = (await readdir(broken.folder)).filter((name) => name.endsWith(".partial"));
      return partial === undefined ? 0 : (await stat(join(broken.folder, partial))).size;
    };
    await expect.poll(size, { timeout: 20_000, interval: 5 }).toBeGreaterThan(0);
    child.kill(signal);
    const { code, stderr } = await outcome;
    expect([code, stderr]).toEqual(signal === "SIGINT" ? [130, "interrupted: the same command goes on from here\n"] : ["SIGKILL", ""]);
    expect(existsSync(broken.out)).toBe(false);
    if (signal === "SIGINT") {
      const other = start(["generate", "--input", broken.input, "--out", broken.out, ...args, "--seed", "4"]);
      await new Promise((resolve) => other.child.stderr?.once("data", resolve));
      other.child.kill("SIGKILL");
      expect((await other.outcome).stderr).toMatch(/^.*out\.jsonl\.\w+\.partial is of a run with other settings, .* begins anew/);
    }
    const rest = await argsearch(["generate", "--input", broken.input, "--out", broken.out, ...args]);
    expect(rest).toEqual(unbroken);
    expect(await readFile(broken.out, "utf8")).toBe(await readFile(whole.out, "utf8"));
    expect((await readdir(broken.folder)).sort()).toEqual(["in.jsonl", "out.jsonl"]);
  });
});

describe("generate --count", () => {
  it("prints responses one after the other, each below a line about it", async () => {
    const args = ["generate", LIGHTS, "--count", "3", ...DRAWN, ...SHORT];
    const [rated, plain] = await Promise.all([argsearch([...args, "--rewards"]), argsearch(args)]);
    expect([rated.code, plain.code]).toEqual([0, 0]);
    const about = (number: number) =>
      `--- ${number} of 3 · seed \\d+ · length · 6 tokens · reward -?\\d\\.\\d{4}, average -?\\d\\.\\d{4}\n.+\n`;
    expect(rated.stdout).toMatch(new RegExp(`^${about(1)}${about(2)}${about(3)}$`));
    expect(plain.stdout).toBe(rated.stdout.replace(/ · reward .*/g, ""));
  });

  it("is an array with --json, the first of which is the only one without --count", async () => {
    const args = ["--json", ...DRAWN, ...SHORT];
    const [three, one] = await Promise.all([
      argsearch(["generate", LIGHTS, "--count", "3", ...args]),
      argsearch(["generate", LIGHTS, ...args]),
    ]);
    const results = JSON.parse(three.stdout) as GenerateResult[];
    expect(results).toHaveLength(3);
    expect(new Set(results.map(({ seed }) => seed)).size).toBe(3);
    expect(results[0]?.text).toBe((JSON.parse(one.stdout) as GenerateResult).text);
  });

  it("leaves an array of what there is when it is interrupted", async () => {
    const { child, outcome } = start(["generate", LIGHTS, "--count", "64", "--verbose", "--json", ...DRAWN, "--max-tokens", "400"]);
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    child.kill("SIGINT");
    const { code, stdout } = await outcome;
    expect(code).toBe(130);
    const results = JSON.parse(stdout) as GenerateResult[];
    expect(results.length).toBeLessThan(64);
    for (const { finishReason } of results) expect(["aborted", "eog", "length", "context"]).toContain(finishReason);
  });

  it("says so where nothing is drawn", async () => {
    const { stderr } = await argsearch(["generate", LIGHTS, "--count", "2", ...SHORT]);
    expect(stderr).toMatch(/^all responses are the same: .*--method sample/);
  });

  it.each([["--count", "2", "--json"], ["--json"]])("leaves tokens out of JSON: %s %s %s", async (...flags) => {
    const { stdout } = await argsearch(["generate", LIGHTS, "--no-tokens", ...flags.filter(Boolean), ...SHORT]);
    const [result] = [JSON.parse(stdout) as GenerateResult | GenerateResult[]].flat();
    expect(Object.keys(result ?? {})).toEqual(["text", "reward", "finishReason", "seed", "usage", "timings", "gate", "lookahead"]);
  });
});

describe("a prompt as an argument", () => {
  it("is the prompt, or standard input", async () => {
    const [argument, flag, dash] = await Promise.all([
      argsearch(["generate", LIGHTS, ...SHORT]),
      argsearch(["generate", "--prompt", LIGHTS, ...SHORT]),
      argsearch(["generate", "-", ...SHORT], { input: LIGHTS }),
    ]);
    expect(argument).toEqual(flag);
    expect(dash).toEqual(flag);
  });
});

describe("what does not go together", () => {
  it.each([
    ["a prompt twice", ["Hello", "--prompt", "Hello"], /given twice/],
    ["a prompt and a file", ["Hello", "--input", "x.jsonl"], /--input/],
    ["--prompt and a file", ["--prompt", "Hello", "--input", "x.jsonl"], /--input/],
    ["a file and --trace", ["--input", "x.jsonl", "--trace", "t"], /--trace/],
    ["several and --trace", ["Hello", "--count", "2", "--trace", "t"], /--trace/],
    ["--out without a file", ["Hello", "--out", "x"], /--out needs the --input/],
    ["--format without a file", ["Hello", "--format", "hh"], /--format needs the --input/],
    ["too many responses", ["Hello", "--count", "100000"], /--count must be an integer from 1 to 65536, got 100000/],
    ["no response", ["Hello", "--count", "0"], /--count must be an integer from 1, got 0/],
    ["words that are not quoted", ["Hello", "there"], /too many arguments.* in quotes/],
  ])("%s", async (_name, args, message) => {
    const { code, stderr, stdout } = await argsearch(["generate", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^argsearch: [^\n]* \[OPTION_INVALID\]\n$/);
    expect(stderr).toMatch(message);
  });

  it.each([
    ["missing.jsonl", "FILE_NOT_FOUND"],
    [".", "NOT_A_FILE"],
  ])("a file that is none: %s", async (file, error) => {
    const { code, stderr } = await argsearch(["generate", "--input", file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^argsearch: [^\\n]* \\[${error}\\]\\n$`));
  });
});
