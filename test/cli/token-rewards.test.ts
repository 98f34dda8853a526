/** Language models as rewards on the command line: --reward-kind, --reward-base and --reward-adapter. */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EvaluationResults } from "../../src/evaluate/index.js";
import { type GenerateResult, inspect, type ScoreResult } from "../../src/index.js";
import { writeGguf } from "../helpers/gguf-writer.js";
import { queryAdapter } from "../helpers/lora.js";
import { argsearch, policy, reward, scratch } from "./run.js";

const PAIR = ["--prompt", "How do I bake bread?", "--response", "Mix flour, water and salt."];
const QUICK = ["--max-tokens", "6", "--threads", "1", "--slots", "2"];

async function scoreJson(...args: string[]): Promise<ScoreResult> {
  const { code, stdout, stderr } = await argsearch(["score", ...PAIR, "--json", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as ScoreResult;
}

describe("--reward-kind and --reward-base", () => {
  it("make a language model a reward: each belongs to the --reward before it", async () => {
    const [tuned, base, both, mixed] = await Promise.all([
      scoreJson("--reward", reward, "--reward-kind", "autoregressive"),
      scoreJson("--reward", policy, "--reward-kind", "autoregressive"),
      scoreJson("--reward", reward, "--reward-base", policy),
      scoreJson("--reward", reward, "--reward", `${reward}=0.5`, "--reward-base", policy, "--reward", policy, "--reward-kind", "values"),
    ]);
    expect(tuned.reward).toBeCloseTo(
      tuned.tokens.reduce((sum, token) => sum + token.reward, 0),
      6,
    );
    expect(both.tokens.map((token) => token.reward)).toEqual(
      tuned.tokens.map((token, at) => expect.closeTo(token.reward - base.tokens[at].reward, 4)),
    );
    expect(Object.keys(mixed.objectives)).toEqual(["reward", "contrast", "values"]);
    expect(mixed.objectives.contrast).toBeCloseTo(both.reward, 4);
    const { reward: ofHead, contrast, values } = mixed.objectives;
    expect(mixed.reward).toBeCloseTo(ofHead + 0.5 * contrast + values, 4);
  });

  it("guide, with the policy as base", async () => {
    const args = ["generate", "--prompt", "Hello", "--max-tokens", "5", "--policy", policy, "--json"];
    const { code, stdout } = await argsearch([...args, "--reward", reward, "--reward-base", policy, "--combine", "additive"]);
    expect(code).toBe(0);
    const { objectives, rewards, reward: whole, tokens } = JSON.parse(stdout) as GenerateResult;
    expect(Object.keys(objectives)).toEqual(["contrast"]);
    expect(objectives.contrast).toEqual(rewards);
    expect(tokens).toHaveLength(5);
    expect(whole).toBeCloseTo(
      rewards.reduce<number>((sum, each) => sum + Number(each), 0),
      6,
    );
  });

  it.each([
    [["--reward-adapter", "lora.gguf"], /--reward-adapter needs the --reward it belongs to/],
    [["--reward", reward, "--reward-adapter", "nowhere.gguf"], /adapter: no such file: nowhere\.gguf/],
    [["--reward-base", policy], /--reward-base needs the --reward it belongs to/],
    [["--reward-kind", "values"], /--reward-kind needs the --reward it belongs to/],
    [["--reward", reward, "--reward-kind", "tokens"], /Allowed choices are head, autoregressive, contrast, values/],
    [["--reward", reward, "--reward-kind", "contrast"], /--reward-base is missing: kind "contrast" needs the model that .* was tuned from/],
    [["--reward", reward, "--reward-base", reward], /--reward-base must not be the reward's own file/],
    [["--reward", reward, "--reward-base", "nowhere.gguf"], /nowhere\.gguf/],
    [["--reward", policy], /has no reward head.* name its kind/],
  ])("refuse %j", async (args, message) => {
    const { code, stdout, stderr } = await argsearch(["score", ...PAIR, ...args]);
    expect(code).not.toBe(0);
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: expect.stringMatching(message) });
  });
});

it("no output takes the place of a base", async () => {
  const folder = await scratch();
  const [input, base] = [join(folder, "in.jsonl"), join(folder, "base.gguf")];
  await writeFile(input, `${JSON.stringify({ prompt: "Hello", response: "Hi there" })}\n`);
  await copyFile(policy, base);
  const { code, stderr } = await argsearch(["score", "--input", input, "--reward", reward, "--reward-base", base, "--out", base]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/must not be a file that is read/) });
});

it("eval has the base among the files that make it the same", async () => {
  const folder = await scratch();
  const out = join(folder, "out");
  const data = join(folder, "prompts.jsonl");
  await writeFile(data, `${JSON.stringify({ prompt: "How do I bake bread?" })}\n`);
  const args = ["eval", "--data", data, "--methods", "greedy,args-greedy", "--out", out, ...QUICK, "--policy", policy, "--reward", reward];
  const { code, stderr } = await argsearch([...args, "--reward-base", policy]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { settings, methods } = JSON.parse(await readFile(join(out, "results.json"), "utf8")) as EvaluationResults;
  const [pair] = Object.values(settings.models);
  expect(pair.rewards).toMatchObject([{ reward: { file: "reward.gguf" }, kind: "contrast", base: { file: "policy.gguf" } }]);
  expect(methods["args-greedy"]?.reward?.mean).not.toBe(methods.greedy?.reward?.mean);
  expect(await readFile(join(out, "report.md"), "utf8")).toMatch(/reward .*contrast .*reward\.gguf[\s\S]*base .*policy\.gguf/);
  const other = await argsearch([...args, "--reward-kind", "autoregressive"]);
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("out") });
});

describe("--reward-adapter", () => {
  async function adapter(): Promise<string> {
    const path = join(await scratch(), "lora.gguf");
    writeGguf(path, queryAdapter((await inspect(policy)).embeddingLength as number));
    return path;
  }

  it("is added to the --reward before it, and is one of the files that are read", async () => {
    const lora = await adapter();
    const args = ["--reward", policy, "--reward-kind", "autoregressive"];
    const [plain, tuned, both] = await Promise.all([
      scoreJson(...args),
      scoreJson(...args, "--reward-adapter", lora),
      scoreJson("--reward", reward, "--reward", policy, "--reward-base", policy, "--reward-adapter", lora),
    ]);
    expect(Math.abs(tuned.reward - plain.reward)).toBeGreaterThan(0.1);
    expect(both.objectives.contrast).toBeCloseTo(tuned.reward - plain.reward, 3);
    const input = join(await scratch(), "in.jsonl");
    await writeFile(input, `${JSON.stringify({ prompt: "Hello", response: "Hi there" })}\n`);
    const written = await argsearch(["score", "--input", input, ...args, "--reward-adapter", lora, "--out", lora]);
    expect(written).toMatchObject({ code: 2, stderr: expect.stringMatching(/must not be a file that is read/) });
    const { stdout } = await argsearch(["inspect", lora]);
    expect(stdout).toMatch(/^adapter +of a model of llama: --reward MODEL --reward-adapter FILE$/m);
  });

  it("eval has it among the files that make it the same", async () => {
    const [lora, folder] = [await adapter(), await scratch()];
    const [data, out] = [join(folder, "prompts.jsonl"), join(folder, "out")];
    await writeFile(data, `${JSON.stringify({ prompt: "How do I bake bread?" })}\n`);
    const args = ["eval", "--data", data, "--methods", "greedy", "--out", out, ...QUICK, "--policy", policy, "--reward", policy];
    const { code, stderr } = await argsearch([...args, "--reward-base", policy, "--reward-adapter", lora]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { settings } = JSON.parse(await readFile(join(out, "results.json"), "utf8")) as EvaluationResults;
    const [pair] = Object.values(settings.models);
    expect(pair.rewards).toMatchObject([{ kind: "contrast", base: { file: "policy.gguf" }, adapter: { file: "lora.gguf" } }]);
    expect(await readFile(join(out, "report.md"), "utf8")).toMatch(/adapter .*lora\.gguf/);
  });
});

describe("inspect", () => {
  it("says of a language model how it can be a reward", async () => {
    const { stdout } = await argsearch(["inspect", policy]);
    expect(stdout).toMatch(/^reward head +none; a reward with --reward-base FILE, --reward-kind autoregressive or values$/m);
  });
});
