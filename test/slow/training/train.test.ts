/**
 * training/train.py from a local directory to two GGUF files: what it learned is there when argsearch reads them.
 *   npm run test:training
 * Takes Python as test/slow/parity does.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspect, load, loadReward, scoreLines } from "../../../src/index.js";
import { packageRoot } from "../../../src/package-root.js";
import { llamaSource, python, pythonReady } from "../python.js";

const PAIRS = 800;
const dir = mkdtempSync(join(tmpdir(), "argsearch-train-"));
const out = join(dir, "out");
const file = (name: string): string => join(out, name);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Share = [share: number, pairs: number];
type Accuracy = Record<"8" | "16" | "end", Share> & {
  kinds: Record<string, Record<string, Share>>;
  ending: { difference: number };
};

function train(...more: string[]): { status: number | null; output: string } {
  const script = join(packageRoot, "training", "train.py");
  const rates = ["--learning-rate", "3e-3", "--sft-learning-rate", "3e-3", "--epochs", "2", "--sft-epochs", "1"];
  const sizes = ["--batch-size", "16", "--max-length", "192", "--held-out", "0.2"];
  const args = ["--model", join(dir, "model"), "--data", join(dir, "pairs.jsonl"), "--out", out, "--type", "f32"];
  const result = spawnSync(python, [script, ...args, ...rates, ...sizes, ...more], { encoding: "utf8" });
  return { status: result.status, output: result.stdout + result.stderr };
}

describe.runIf(pythonReady)("the parts of training/", () => {
  it("resume to the same bytes, pack, merge, loop and tie as they should", () => {
    const parts = join(packageRoot, "test", "slow", "training", "parts.py");
    const result = spawnSync(python, [parts], { encoding: "utf8" });
    expect(result, result.stderr).toMatchObject({ status: 0 });
  });
});

describe.runIf(pythonReady)("train.py", () => {
  let first: ReturnType<typeof train>;
  beforeAll(() => {
    const make = join(packageRoot, "test", "slow", "training", "make.py");
    const made = spawnSync(python, [make, join(llamaSource(), "models"), dir, String(PAIRS)], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(made.stderr);
    first = train();
  });

  it("reads all four formats, names the line that holds no pair, and makes both files", () => {
    expect(first).toMatchObject({ status: 0 });
    expect(first.output).toContain(`line ${PAIRS + 1} is left out`);
    expect(first.output).toMatch(/\d{3} pairs to train on, \d{2,3} held out/);
    expect(existsSync(file("policy.gguf")) && existsSync(file("reward.gguf"))).toBe(true);
  });

  it("teaches the reward model: unseen prompts' pairs, at their ends and before", () => {
    const accuracy = JSON.parse(readFileSync(file("accuracy.json"), "utf8")) as Accuracy;
    console.log(accuracy);
    for (const place of ["8", "16", "end"] as const) expect(accuracy[place][0]).toBeGreaterThan(0.6);
    expect(accuracy.kinds.repetition?.end?.[0]).toBeGreaterThan(0.6);
    // Made of this corpus, they are learnt by models that know words before (training/README.md), not by random weights in a minute: parts.py has easier ones.
    expect(accuracy.kinds["another prompt's answer"]?.end?.[1]).toBeGreaterThan(20);
    expect(Math.abs(accuracy.ending.difference)).toBeLessThan(0.3);
  });

  it("and the GGUF ranks pairs as well, with rewards of deviation 1", async () => {
    await using model = await loadReward({ reward: file("reward.gguf"), gpu: false, threads: 1 });
    let [right, count] = [0, 0];
    const rewards: number[] = [];
    for await (const line of scoreLines(model, join(dir, "pairs.jsonl"))) {
      if (!("correct" in line)) continue;
      count += 1;
      if (line.correct) right += 1;
      rewards.push(line.chosenReward, line.rejectedReward);
    }
    expect(count).toBeGreaterThan(0.9 * PAIRS);
    expect(right / count).toBeGreaterThan(0.7);
    const mean = rewards.reduce((sum, each) => sum + each, 0) / rewards.length;
    const deviation = Math.sqrt(rewards.reduce((sum, each) => sum + (each - mean) ** 2, 0) / rewards.length);
    expect(deviation).toBeGreaterThan(0.3);
    expect(deviation).toBeLessThan(3);
    expect((await inspect(file("reward.gguf"))).rewardHead?.notes).toMatchObject({
      dataset: "pairs.jsonl",
      source: "model",
      prefix_accuracy: expect.stringContaining('"16"'),
    });
  });

  it("the two guide together", async () => {
    await using decoder = await load({ policy: file("policy.gguf"), reward: file("reward.gguf"), gpu: false, threads: 1 });
    const prompt = "How do I bake a lemon cake?";
    const greedy = await decoder.generate(prompt, { method: "greedy", rewards: true, maxTokens: 40 });
    const guided = await decoder.generate(prompt, { maxTokens: 40 });
    expect(guided.reward ?? 0).toBeGreaterThan(greedy.reward ?? 0);
  });

  it("makes nothing twice, and refuses a directory of other settings", () => {
    const before = statSync(file("reward.gguf")).mtimeMs;
    expect(train().status).toBe(0);
    expect(statSync(file("reward.gguf")).mtimeMs).toBe(before);
    const refused = train("--seed", "9");
    expect(refused.status).toBe(1);
    expect(refused.output).toContain("begun with other settings (seed)");
  });
});
