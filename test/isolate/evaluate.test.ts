/** An evaluation outlives its engine: what the engine died over is a failure like others, and the next run makes up for it. */
import type { ChildProcess, fork as realFork } from "node:child_process";
import { dirname, join } from "node:path";
import { expect, it, vi } from "vitest";
import { type EvaluateOptions, evaluate } from "../../src/evaluate/index.js";
import type { RewardFunction } from "../../src/index.js";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";

const children: ChildProcess[] = [];

vi.mock("node:child_process", async (original) => {
  const real = await original<{ fork: typeof realFork }>();
  const fork = (...args: Parameters<typeof realFork>): ChildProcess => {
    const child = real.fork(...args);
    children.push(child);
    return child;
  };
  return { ...real, fork };
});

const SHAPE = { vocabulary: ALL_BYTES, layers: 2, embedding: 32, heads: 2, kvHeads: 1, feedForward: 64, contextLength: 512 };
const { policy, reward } = modelFolder().writePair(92, SHAPE, SHAPE);
const DATA = ["one", "two", "three", "four", "five", "six"];

/** Prompts at which the engine is killed. */
let deadly: string[] = [];
const mood: RewardFunction = (candidates, { prompt }) => {
  if (deadly.includes(prompt as string)) children.at(-1)?.kill("SIGKILL");
  return candidates.map(({ response }) => -response.length);
};

const options = (out: string): EvaluateOptions => ({
  policy: policy.path,
  reward: [reward.path, mood],
  data: DATA,
  methods: ["args-greedy"],
  template: "none",
  maxTokens: 4,
  slots: 2,
  gpu: false,
  threads: 1,
  isolate: true,
  out: join(dirname(policy.path), out),
});

it("records what the engine died over, goes on, and makes up for it when called again", async () => {
  deadly = [];
  const unbroken = await evaluate(options("unbroken"));
  deadly = ["three"];
  const { failures, methods } = await evaluate(options("broken"));
  // Three and four are decoded in step, by one engine.
  expect(failures.map(({ index, code }) => [index, code])).toEqual([
    [2, "ENGINE_DIED"],
    [3, "ENGINE_DIED"],
  ]);
  expect(methods["args-greedy"]?.reward?.count).toBe(4);
  deadly = [];
  const whole = await evaluate(options("broken"));
  expect(whole.failures).toEqual([]);
  expect(whole.methods["args-greedy"]?.reward).toEqual(unbroken.methods["args-greedy"]?.reward);
});

it("ends with the error where the engine dies again and again", async () => {
  deadly = DATA;
  const failed = evaluate(options("hopeless"));
  await expect(failed).rejects.toMatchObject({ code: "ENGINE_DIED", message: expect.stringContaining("2 groups of prompts in a row") });
});
