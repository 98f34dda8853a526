/** Several objectives on the command line: heads of several labels, and several models. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { attachReward } from "../../src/import/index.js";
import { inspect, type ScoreResult } from "../../src/index.js";
import { argsearch, parseLines, policy, reward, scratch } from "./run.js";

const PAIR = ["--prompt", "How do I bake bread?", "--response", "Mix flour, water and salt."];

/** A head of three labels on the embedded policy: their rewards are unlike. */
async function threeLabels(): Promise<string> {
  const out = join(await scratch(), "three.gguf");
  const { embeddingLength } = await inspect(policy);
  const row = (step: number): number[] => Array.from({ length: embeddingLength ?? 0 }, (_, at) => Math.sin(at * step) / 4);
  const labels = ["helpful", "safe", "terse"];
  await attachReward({ model: policy, out, head: { weight: [row(1), row(2), row(3)], bias: [0.5, -0.5, 1], labels } });
  return out;
}

async function scoreJson(...args: string[]): Promise<ScoreResult> {
  const { code, stdout, stderr } = await argsearch(["score", ...PAIR, "--json", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as ScoreResult;
}

describe("--label", () => {
  it("weighs the labels that it names, and leaves out the others", async () => {
    const path = await threeLabels();
    const [all, two, scaled] = await Promise.all([
      scoreJson("--reward", path),
      scoreJson("--reward", path, "--label", "helpful=1", "--label", "safe=2"),
      scoreJson("--reward", `${path}=0.5`, "--label", "terse=3"),
    ]);
    const { helpful, safe, terse } = all.objectives;
    expect(new Set([helpful, safe, terse].map((value) => value.toFixed(3))).size).toBe(3);
    expect(two.objectives).toEqual(all.objectives);
    expect(all.reward).toBeCloseTo(helpful + safe + terse, 6);
    expect(two.reward).toBeCloseTo(helpful + 2 * safe, 6);
    expect(scaled.reward).toBeCloseTo(1.5 * terse, 6);
  });

  it("belongs to the --reward before it", async () => {
    const [path, single] = [await threeLabels(), await scoreJson()];
    const sum = await scoreJson("--reward", path, "--label", "safe=2", "--reward", reward);
    expect(sum.reward).toBeCloseTo(2 * sum.objectives.safe + single.reward, 5);
    const wrong = await argsearch(["score", ...PAIR, "--reward", path, "--reward", reward, "--label", "safe=2"]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/has no label "safe"; it has reward \[OPTION_INVALID\]\n$/) });
  });
});

describe("two reward models", () => {
  it("are summed with their weights", async () => {
    const path = await threeLabels();
    const [other, embedded] = await Promise.all([scoreJson("--reward", path), scoreJson()]);
    const sum = await scoreJson("--reward", `${path}=0.7`, "--reward", `${reward}=0.3`);
    expect(Object.keys(sum.objectives)).toEqual(["helpful", "safe", "terse", "reward"]);
    expect(sum.reward).toBeCloseTo(0.7 * other.reward + 0.3 * embedded.reward, 5);
    expect(sum.tokens.map(({ objectives }) => objectives?.reward)).toEqual(
      embedded.tokens.map(({ reward: each }) => expect.closeTo(each, 5)),
    );
  });
});

describe("each objective", () => {
  it("has a column in the table", async () => {
    const path = await threeLabels();
    const [{ stdout }, json] = await Promise.all([argsearch(["score", ...PAIR, "--reward", path]), scoreJson("--reward", path)]);
    const [head, , columns, ...rows] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^reward -?\d+\.\d{4} \(helpful -?\d+\.\d{4}, safe -?\d+\.\d{4}, terse -?\d+\.\d{4}\)$/);
    expect(columns.trim().split(/ {2,}/)).toEqual(["token", "reward", "helpful", "safe", "terse", "text"]);
    const shown = rows.map((row) => row.trim().split(/ {2,}/).slice(1, 5));
    expect(shown).toEqual(
      json.tokens.map(({ reward: sum, objectives = {} }) => [sum, ...Object.values(objectives)].map((value) => value.toFixed(4))),
    );
  });

  it("is in the trace, of the step and of each candidate", async () => {
    const folder = await scratch();
    const [path, trace] = [await threeLabels(), join(folder, "steps.jsonl")];
    const args = ["generate", "--prompt", "Hello", "--max-tokens", "3", "--policy", policy, "--trace", trace];
    const { stdout } = await argsearch([...args, "--reward", path, "--json"]);
    const { objectives } = JSON.parse(stdout) as { objectives: Record<string, number[]> };
    const steps = parseLines<{ token: number; objectives: Record<string, number>; candidates: { token: number; objectives: unknown }[] }>(
      await readFile(trace, "utf8"),
    );
    expect(steps.map((step) => step.objectives.safe)).toEqual(objectives.safe);
    for (const step of steps) {
      expect(Object.keys(step.objectives)).toEqual(["helpful", "safe", "terse"]);
      expect(step.candidates).toHaveLength(10);
      expect(step.candidates.find(({ token }) => token === step.token)?.objectives).toEqual(step.objectives);
    }
    await argsearch([...args, "--reward", reward]);
    expect(await readFile(trace, "utf8")).not.toContain("objectives");
  });
});
