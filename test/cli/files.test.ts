import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Device, GgufSummary, ScoreResult } from "../../src/index.js";
import { argsearch, policy, reward, scratch } from "./run.js";

async function inspectJson(file: string): Promise<GgufSummary> {
  const { code, stdout } = await argsearch(["inspect", file, "--json"]);
  expect(code).toBe(0);
  return JSON.parse(stdout) as GgufSummary;
}

describe("inspect", () => {
  it("shows what a model is", async () => {
    const { code, stdout, stderr } = await argsearch(["inspect", reward]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    for (const row of ["architecture", "size", "parameters", "context length", "vocabulary", "chat template", "reward head"]) {
      expect(stdout).toMatch(new RegExp(`^${row} +\\S`, "m"));
    }
  });

  it("prints JSON", async () => {
    const [trunk, head] = await Promise.all([inspectJson(policy), inspectJson(reward)]);
    expect(trunk.architecture).toBe("llama");
    expect(trunk.rewardHead).toBeNull();
    expect(head.rewardHead).not.toBeNull();
  });

  it.each([
    ["missing.gguf", "FILE_NOT_FOUND"],
    [".", "NOT_A_FILE"],
    ["package.json", "NOT_GGUF"],
  ])("fails for %s", async (file, error) => {
    const { code, stderr } = await argsearch(["inspect", file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^argsearch: [^\\n]* \\[${error}\\]\\n$`));
  });
});

describe("devices", () => {
  it("lists the CPU at least", async () => {
    const [table, json] = await Promise.all([argsearch(["devices"]), argsearch(["devices", "--json"])]);
    expect(table.stdout).toMatch(/^name +type +backend +memory +description\n/);
    expect((JSON.parse(json.stdout) as Device[]).map(({ type }) => type)).toContain("cpu");
  });

  it("says where it looked when there is no engine", async () => {
    const { code, stderr } = await argsearch(["devices", "--engine-dir", await scratch()]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^argsearch: [^\n]* \[ENGINE_NOT_FOUND\]\n$/);
  });
});

describe("reward attach", () => {
  async function attach(head: unknown, text = JSON.stringify(head)) {
    const folder = await scratch();
    const [file, out] = [join(folder, "head.json"), join(folder, "rm.gguf")];
    await writeFile(file, text);
    return { ...(await argsearch(["reward", "attach", "--model", policy, "--head", file, "--out", out])), out, folder };
  }

  it("makes a reward model that scores and guides", async () => {
    const width = Number((await inspectJson(policy)).metadata["llama.embedding_length"]);
    const { code, stdout, stderr, out, folder } = await attach({ weight: Array(width).fill(0), bias: 0.75 });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    expect((await readdir(folder)).sort()).toEqual(["head.json", "rm.gguf"]);
    expect((await inspectJson(out)).rewardHead).not.toBeNull();
    const scored = await argsearch(["score", "--json", "--reward", out, "--prompt", "Hello", "--response", "Hi there"]);
    expect((JSON.parse(scored.stdout) as ScoreResult).reward).toBeCloseTo(0.75, 6);
    const generated = await argsearch(["generate", "--policy", policy, "--reward", out, "--prompt", "Hello", "--max-tokens", "3"]);
    expect(generated.code).toBe(0);
  });

  it.each([
    ["a head of the wrong length", { weight: [1, 2, 3] }, "REWARD_HEAD_INVALID"],
    ["a head without weights", { bias: 1 }, "REWARD_HEAD_INVALID"],
    ["a head that is not JSON", undefined, "INPUT_INVALID"],
  ])("refuses %s", async (_name, head, error) => {
    const { code, stderr, out } = await attach(head, head === undefined ? "{" : undefined);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^argsearch: [^\\n]* \\[${error}\\]\\n$`));
    expect(existsSync(out)).toBe(false);
  });
});
