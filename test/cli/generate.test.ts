import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Candidate, GenerateResult } from "../../src/index.js";
import { writeRandomModel } from "../helpers/random-model.js";
import { argsearch, parseLines, policy, reward, scratch, start } from "./run.js";

const PROMPT = ["--prompt", "Can you help me set up a light show?"];
/** Nearly uniform draws hardly ever end a response: long enough to be interrupted. */
const LONG = "generate --prompt Hello --method sample --top-k 0 --top-p 1 --temperature 50 --seed 1 --max-tokens 100000".split(" ");

interface TraceLine {
  step: number;
  token: number;
  text: string;
  logProb: number;
  reward: number;
  score: number;
  candidates: Omit<Candidate, "objectives">[];
}

async function generateJson(...args: string[]): Promise<GenerateResult> {
  const { code, stdout, stderr } = await argsearch(["generate", "--json", ...args]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout) as GenerateResult;
}

describe("generate", () => {
  it("decodes with the embedded pair", async () => {
    const { code, stdout, stderr } = await argsearch(["generate", ...PROMPT]);
    expect(code).toBe(0);
    expect(stdout.trim().length).toBeGreaterThan(20);
    expect(stdout.endsWith("\n")).toBe(true);
    expect(stderr).toBe("");
  });

  it("prints one JSON object", async () => {
    const result = await generateJson(...PROMPT, "--max-tokens", "12");
    const rewards = ["rewards", "objectives", "reward"];
    const fields = ["text", "tokens", "logProbs", ...rewards, "finishReason", "seed", "usage", "timings", "gate", "lookahead"];
    expect(Object.keys(result)).toEqual(fields);
    expect(result.tokens).toHaveLength(12);
    expect(result.logProbs).toHaveLength(12);
    expect(result.rewards).toHaveLength(12);
    expect(result.reward).toBe(result.rewards[11]);
    expect(result.finishReason).toBe("length");
    expect(result.usage.completionTokens).toBe(12);
    expect(Object.keys(result.timings).sort()).toEqual([
      "load",
      "other",
      "policy",
      "policyPrefill",
      "prefill",
      "reward",
      "rewardPrefill",
      "tokensPerSecond",
      "total",
    ]);
    expect(result.timings.load).toBeGreaterThan(0);
  });

  it("streams the text that --json reports", async () => {
    const [json, text] = await Promise.all([generateJson(...PROMPT), argsearch(["generate", ...PROMPT])]);
    expect(text.stdout).toBe(json.text.endsWith("\n") ? json.text : `${json.text}\n`);
  });

  it("reads the prompt from standard input, with and without --prompt -", async () => {
    const [flag, dash, pipe] = await Promise.all([
      argsearch(["generate", ...PROMPT]),
      argsearch(["generate", "--prompt", "-"], { input: `${PROMPT[1]}\n` }),
      argsearch(["generate"], { input: `${PROMPT[1]}\r\n` }),
    ]);
    expect(dash.stdout).toBe(flag.stdout);
    expect(pipe.stdout).toBe(flag.stdout);
  });

  it("hands its flags to the library", async () => {
    const draw = ["--select", "stochastic", "--temperature", "3", "--seed", "7", "--max-tokens", "20", "--template", "none"];
    const [once, again, named] = await Promise.all([
      generateJson(...PROMPT, ...draw),
      generateJson(...PROMPT, ...draw),
      generateJson(...PROMPT, ...draw, "--policy", policy, "--reward", `${reward}=1`, "--gpu", "off", "--context", "128"),
    ]);
    expect(once.seed).toBe(7);
    expect(again.tokens).toEqual(once.tokens);
    expect(named.tokens).toEqual(once.tokens);
  });

  it("looks ahead with --lookahead, and says how far", async () => {
    const short = [...PROMPT, "--max-tokens", "20", "--context", "128"];
    const [plain, ahead, told] = await Promise.all([
      generateJson(...short),
      generateJson(...short, "--lookahead", "4"),
      argsearch(["generate", ...short, "--lookahead", "soon"]),
    ]);
    expect(plain.lookahead).toEqual({ windows: 0, proposed: 0, accepted: 0 });
    expect(ahead.tokens).toEqual(plain.tokens);
    expect(ahead.lookahead.windows).toBeGreaterThan(0);
    expect(told).toMatchObject({ code: 2, stderr: expect.stringContaining("One of off, auto, a number of steps") });
  });

  it("takes several rewards, each with its weight", async () => {
    const greedy = ["--max-tokens", "20", "--policy", policy];
    const [whole, halves] = await Promise.all([
      generateJson(...PROMPT, ...greedy, "--reward", reward),
      generateJson(...PROMPT, ...greedy, "--reward", `${reward}=0.5`, "--reward", `${reward}=0.5`),
    ]);
    expect(halves.reward).toBeCloseTo(whole.reward ?? Number.NaN, 4);
    expect(Object.keys(halves.objectives)).toHaveLength(2);
  });

  it("rates greedy decoding with --rewards, and leaves reward models alone without", async () => {
    const greedy = [...PROMPT, "--method", "greedy", "--max-tokens", "6"];
    const [rated, plain] = await Promise.all([generateJson(...greedy, "--rewards"), generateJson(...greedy)]);
    expect(plain.tokens).toEqual(rated.tokens);
    expect(plain).toMatchObject({ reward: null, rewards: [], objectives: {} });
    expect(rated.rewards).toHaveLength(6);
    expect(rated.reward).toBe(rated.rewards.at(-1));
  });

  it("says that nothing guides where a policy has no reward, unless that was chosen", async () => {
    const plain = ["generate", ...PROMPT, "--max-tokens", "4", "--verbose", "--policy", policy];
    const [unguided, chosen, json] = await Promise.all(
      [plain, [...plain, "--method", "greedy"], [...plain, "--json"]].map((args) => argsearch(args)),
    );
    expect(unguided?.stderr).toMatch(/^argsearch: no reward model: plain greedy decoding; --reward FILE guides it$/m);
    expect(unguided?.stderr).toMatch(/^length · 4 tokens · [\d.]+ tokens\/s$/m);
    expect(chosen?.stderr).not.toContain("no reward model");
    expect(json?.stderr).toContain("no reward model");
    expect(JSON.parse(json?.stdout ?? "")).toMatchObject({ reward: null, finishReason: "length" });
  });

  it("cuts at a stop string", async () => {
    const whole = await generateJson(...PROMPT);
    const stop = whole.text.slice(20, 26);
    const cut = await generateJson(...PROMPT, "--stop", "\u0001", "--stop", stop);
    expect(cut.finishReason).toBe("stop");
    expect(cut.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
  });

  it("takes escapes in a stop string, and says so", async () => {
    const whole = await generateJson(...PROMPT);
    expect(whole.text).toContain("\n");
    const cut = await generateJson(...PROMPT, "--stop", "\\n");
    expect(cut).toMatchObject({ finishReason: "stop", text: whole.text.slice(0, whole.text.indexOf("\n")) });
    const refused = await argsearch(["generate", ...PROMPT, "--stop", "\\u{110000}"]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/^argsearch: .*--stop.*no character.*\[OPTION_INVALID\]\n$/) });
    for (const command of ["generate", "chat", "eval"]) {
      const { stdout } = await argsearch([command, "--help"]);
      expect(stdout.replace(/\s+/g, " ")).toContain("repeatable; \\n, \\t, \\r, \\\\, \\xNN and \\u{…} are escapes");
    }
  });

  it.each([
    ["Latin-1", Buffer.from("Hello.\nna\xefve\n", "latin1"), "not UTF-8: line 2"],
    ["UTF-16", Buffer.from("\ufeffHello\n", "utf16le"), "not UTF-8: line 1 begins with the byte order mark of UTF-16"],
    ["UTF-16 without its mark", Buffer.from("Hello\n", "utf16le"), "not UTF-8: line 1 looks like UTF-16"],
  ])("refuses %s on standard input", async (_name, input, message) => {
    for (const args of [["generate", "--prompt", "-"], ["generate"], ["score", "--prompt", "x", "--response", "-"]]) {
      const { code, stdout, stderr } = await argsearch(args, { input });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^argsearch: standard input [^\n]* \[INPUT_INVALID\]\n$/);
      expect(stderr).toContain(message);
    }
  });
});

describe("--trace", () => {
  it("writes every step's candidates", async () => {
    const file = join(await scratch(), "steps.jsonl");
    const result = await generateJson(...PROMPT, "--max-tokens", "10", "--top-k", "4", "--trace", file);
    const trace = parseLines<TraceLine>(await readFile(file, "utf8"));
    expect(trace.map(({ token }) => token)).toEqual(result.tokens);
    expect(trace.map(({ step }) => step)).toEqual([...Array(10).keys()]);
    for (const { candidates, token, text, score, reward } of trace) {
      expect(candidates).toHaveLength(4);
      const chosen = candidates.find((candidate) => candidate.token === token);
      expect(chosen).toMatchObject({ text, score, reward });
      expect(score).toBe(Math.max(...candidates.map((candidate) => Number(candidate.score))));
    }
    expect(existsSync(`${file}.partial`)).toBe(false);
  });

  it("fails before decoding when the file cannot be written", async () => {
    const { code, stdout, stderr } = await argsearch(["generate", ...PROMPT, "--trace", join(await scratch(), "no", "folder.jsonl")]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^argsearch: cannot write .* \[FILE_UNWRITABLE\]\n$/);
  });

  it("fails before decoding for a directory, and leaves nothing beside it", async () => {
    const folder = join(await scratch(), "traces");
    await mkdir(folder);
    const { code, stdout, stderr } = await argsearch(["generate", ...PROMPT, "--trace", folder]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(`argsearch: cannot write ${folder}: it is a directory; name a file in it [FILE_UNWRITABLE]\n`);
    expect(await readdir(dirname(folder))).toEqual(["traces"]);
  });

  it.skipIf(process.platform === "win32")("writes to a pipe behind a link, and leaves both where they are", async () => {
    const folder = await scratch();
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await symlink("pipe", join(folder, "link"));
    const read = readFile(join(folder, "pipe"), "utf8");
    const { tokens } = await generateJson(...PROMPT, "--max-tokens", "3", "--trace", join(folder, "link"));
    expect(parseLines<TraceLine>(await read).map(({ token }) => token)).toEqual(tokens);
    expect((await readdir(folder)).sort()).toEqual(["link", "pipe"]);
  });

  it("leaves nothing behind when decoding never began", async () => {
    const file = join(await scratch(), "steps.jsonl");
    const { code } = await argsearch(["generate", ...PROMPT, "--policy", "missing.gguf", "--trace", file]);
    expect(code).toBe(1);
    expect(existsSync(file) || existsSync(`${file}.partial`)).toBe(false);
  });
});

describe.skipIf(process.platform === "win32")("Ctrl-C", () => {
  it("keeps the text so far and ends with 130", async () => {
    const { child, outcome } = start(LONG);
    child.stdout?.once("data", () => child.kill("SIGINT"));
    const { code, stdout, stderr } = await outcome;
    expect(code).toBe(130);
    expect(stdout.length).toBeGreaterThan(0);
    expect(stdout.endsWith("\n")).toBe(true);
    expect(stderr).toBe("");
  });

  it("still prints the JSON object, and keeps the trace as a partial one", async () => {
    const file = join(await scratch(), "steps.jsonl");
    const { child, outcome } = start([...LONG, "--json", "--trace", file]);
    await expect.poll(() => readFile(`${file}.partial`, "utf8").catch(() => ""), { timeout: 20_000 }).not.toBe("");
    child.kill("SIGINT");
    const { code, stdout } = await outcome;
    expect(code).toBe(130);
    const result = JSON.parse(stdout) as GenerateResult;
    expect(result.finishReason).toBe("aborted");
    expect(result.tokens.length).toBeGreaterThan(0);
    expect(parseLines(await readFile(`${file}.partial`, "utf8"))).toHaveLength(result.tokens.length);
    expect(existsSync(file)).toBe(false);
  });
});

describe("a reader that goes away", () => {
  it("ends the program quietly", async () => {
    const { child, outcome } = start(LONG);
    child.stdout?.once("data", () => child.stdout?.destroy());
    const { code, stderr } = await outcome;
    expect(code).toBe(0);
    expect(stderr).toBe("");
  });
});

describe.runIf(existsSync("/dev/full"))("a full disk", () => {
  it.each([
    ["a text", []],
    ["JSON", ["--json"]],
  ])("is one line for %s", async (_name, args) => {
    const full = await open("/dev/full", "w");
    const { outcome } = start(["generate", ...PROMPT, "--max-tokens", "3", ...args], { stdout: full.fd });
    const { code, stderr } = await outcome.finally(() => full.close());
    expect(stderr).toMatch(/^argsearch: cannot write standard output: ENOSPC[^\n]* \[FILE_UNWRITABLE\]\n$/);
    expect(code).toBe(1);
  });
});

describe("failures", () => {
  it.each([
    ["a missing model", ["--policy", "missing.gguf"], "FILE_NOT_FOUND", 1],
    ["a folder", ["--policy", "."], "NOT_A_FILE", 1],
    ["no GGUF", ["--policy", "package.json"], "NOT_GGUF", 1],
    ["a reward model without a head", ["--policy", policy, "--reward", policy], "REWARD_HEAD_MISSING", 1],
    ["a weight out of range", ["--weight", "1.5"], "OPTION_INVALID", 2],
    ["a top-k out of range", ["--top-k", "0"], "OPTION_INVALID", 2],
    ["a context out of range", ["--context", "1"], "OPTION_INVALID", 2],
    ["a label without a reward", ["--label", "helpful=1"], "OPTION_INVALID", 2],
  ])("%s", async (_name, args, error, exit) => {
    const { code, stdout, stderr } = await argsearch(["generate", ...PROMPT, ...args]);
    expect(stderr).toMatch(new RegExp(`^argsearch: [^\\n]* \\[${error}\\]\\n$`));
    expect(stdout).toBe("");
    expect(code).toBe(exit);
  });

  it("names the flag, not the library's option", async () => {
    const { stderr } = await argsearch(["generate", ...PROMPT, "--top-k", "0"]);
    expect(stderr).toMatch(/^argsearch: --top-k must be an integer from 1 to \d+/);
  });

  it.each([["--prompt", ""], ["--prompt", "-"], []])("refuses an empty prompt: %j %j", async (...flag) => {
    const { code, stderr } = await argsearch(["generate", ...flag], { input: "" });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^argsearch: (--prompt is an empty text: .*|standard input is empty: give a text with --prompt, .*) \[PROMPT_EMPTY\]\n$/,
    );
  });

  it.each([
    ["a missing file", ["--policy", "missing.gguf"], /no such file: missing\.gguf; check the path/],
    ["another format", ["--policy", "package.json"], /not a GGUF file .*argsearch convert --help/],
    [
      "a search without a reward",
      ["--policy", policy, "--method", "args"],
      /--method "args" needs a reward: give --reward, or use "greedy"/,
    ],
    ["rewards without a reward", ["--policy", policy, "--rewards"], /--rewards needs a reward: give --reward, or leave it out/],
    [
      "a full context that could be larger",
      ["--context", "4"],
      /leaves no room for a response\. Load with a larger --context, or shorten it\./,
    ],
    [
      "a context that cannot be larger",
      ["--context", "1024", "--prompt", "word ".repeat(2000)],
      /Shorten it: the models know no longer texts\./,
    ],
    ["an engine that is not there", ["--engine-dir", "."], /--engine-dir/],
  ])("says what to do about %s", async (_name, args, message) => {
    const { stderr } = await argsearch(["generate", ...PROMPT, ...args]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/contextSize|load\(\)|engineDir/);
  });

  it("names --policy where a reward model does not fit the embedded policy", async () => {
    const other = join(await scratch(), "other.gguf");
    writeRandomModel(other, { seed: 1, labels: ["reward"] });
    const { stderr } = await argsearch(["generate", ...PROMPT, "--reward", other]);
    expect(stderr).toContain(`${other} does not have the vocabulary of ${policy}: 60 tokens against 2048.`);
    expect(stderr).toMatch(/That is the embedded policy: name another with --policy\. With --tokenizers any .*\[VOCABULARY_MISMATCH\]\n$/);
  });

  it("reports a truncated model", async () => {
    const file = join(await scratch(), "half.gguf");
    const bytes = await readFile(policy);
    await writeFile(file, bytes.subarray(0, bytes.length >> 1));
    const { code, stderr } = await argsearch(["generate", ...PROMPT, "--policy", file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\[MODEL_INVALID\]\n$/);
  });
});
