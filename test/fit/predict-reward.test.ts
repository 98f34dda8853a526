/** predictReward() on small random models: what it writes, and that it goes on where it stopped. */
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { type PredictOptions, predictReward } from "../../src/fit/index.js";
import { attachReward } from "../../src/import/index.js";
import { inspect, load } from "../../src/index.js";
import { modelFolder } from "../helpers/model-folder.js";

const folder = modelFolder();
const pair = folder.writePair(5);
const CPU = { gpu: false, threads: 1 } as const;
const PROMPTS = ["a", "tall", "ship", "and a star", "to steer", "her by", "and the wheel's kick", "and the", "wind's song"];
/** Of both a step is as likely to go on as to end. */
const SMALL = { ...CPU, policy: pair.policy.path, prompts: PROMPTS, steps: 150, maxTokens: 20, epochs: 6, slots: 2 } as const;

let files = 0;
const outPath = (): string => join(dirname(pair.reward.path), `predicting-${++files}.gguf`);
const predict = (options: Partial<PredictOptions> = {}) =>
  predictReward({ ...SMALL, reward: pair.reward.path, out: outPath(), ...options });

it("writes a predictor beside the head, and says what it is worth", async () => {
  const phases = new Set<string>();
  const result = await predict({ onProgress: ({ phase }) => phases.add(phase) });
  expect([...phases]).toEqual(["load", "decode", "train"]);
  const { training, stopping, heldOut } = result.steps;
  expect(training + stopping + heldOut).toBeGreaterThan(80);
  expect(result.proven).toBe(false); // of so few steps nothing can be shown
  expect(result.stepsToProve).toBe(2995);
  expect(result.chosen.rate).toBe(0);
  expect(result.table.map(({ scored }) => scored)).toEqual([...result.table.map(({ scored }) => scored)].sort((a, b) => a - b));
  const [before, after] = [await inspect(pair.reward.path), await inspect(result.out)];
  expect(result.bytes).toBe(statSync(result.out).size - statSync(pair.reward.path).size);
  expect(after.rewardHead).toMatchObject({ labels: ["reward"], notes: { "predictor.dataset": "prompts, 9 prompts" } });
  expect(after.rewardHead?.notes["predictor.z"]).toBeCloseTo(result.chosen.z);
  expect(after.parameters).toBe(before.parameters);
  expect(existsSync(`${result.out}.trajectories`)).toBe(false);
  const decoder = await load({ ...CPU, policy: pair.policy.path, reward: result.out });
  const { gate } = await decoder.generate("a tall ship", { gate: "predicted", maxTokens: 10 });
  expect(gate.steps).toBeGreaterThan(0);
  await decoder.dispose();
});

it("an interrupted run goes on, and ends with the same file", async () => {
  const unbroken = outPath();
  await predict({ out: unbroken });
  const out = outPath();
  const stop = new AbortController();
  const stopped = predict({
    out,
    signal: stop.signal,
    onProgress: ({ phase, done }) => void (phase === "decode" && done > 60 && stop.abort()),
  });
  await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
  const kept = readFileSync(`${out}.trajectories`, "utf8").split("\n").length - 1;
  expect(kept).toBeGreaterThan(0);
  const decoded: number[] = [];
  await predict({ out, keepTrajectories: true, onProgress: ({ phase, done }) => void (phase === "decode" && decoded.push(done)) });
  expect(readFileSync(out).equals(readFileSync(unbroken))).toBe(true);
  // Of other settings nothing is gone on with.
  const lines = () => readFileSync(`${out}.trajectories`, "utf8").split("\n").length;
  const before = lines();
  await predict({ out, keepTrajectories: true });
  expect(lines()).toBe(before);
  await predict({ out, keepTrajectories: true, settings: { weight: 0.3 } });
  expect(lines()).toBeGreaterThan(before);
});

it("replaces the file itself, unless another is named; a new head removes the predictor", async () => {
  const own = outPath();
  copyFileSync(pair.reward.path, own);
  const first = await predict({ reward: own, out: undefined });
  expect(first.out).toBe(own);
  const again = await predict({ reward: own, out: undefined, seed: 1 });
  expect(again.bytes).toBeLessThan(200); // in place of the other
  const attached = outPath();
  await attachReward({ model: own, head: { weight: new Array<number>(32).fill(1) }, out: attached });
  expect(Object.keys((await inspect(attached)).rewardHead?.notes ?? {}).filter((key) => key.startsWith("predictor"))).toEqual([]);
});

it("reads prompts out of a file", async () => {
  const prompts = join(dirname(pair.reward.path), "prompts.jsonl");
  const bad: number[] = [];
  writeFileSync(prompts, `${PROMPTS.map((prompt) => JSON.stringify({ prompt })).join("\n")}\n{"no": 1}\n`);
  const { out } = await predict({ prompts, onBadLine: ({ number }) => bad.push(number) });
  expect(bad).toEqual([10]);
  expect((await inspect(out)).rewardHead?.notes["predictor.dataset"]).toBe("prompts.jsonl, 9 prompts");
});

it.each([
  ["too few prompts", { prompts: ["a", "b"] }, "INPUT_INVALID"],
  ["an output that is the policy", { out: pair.policy.path }, "OPTION_INVALID"],
  ["blocks", { settings: { method: "blocks" } }, "OPTION_INVALID"],
  ["a gate", { settings: { gate: "bound" } }, "OPTION_INVALID"],
  ["a draw", { settings: { select: "stochastic" } }, "OPTION_INVALID"],
  ["no weight", { settings: { weight: 0 } }, "OPTION_INVALID"],
  ["a rate of 0", { rate: 0 }, "OPTION_INVALID"],
  ["a reward model without a head", { reward: pair.policy.path }, "REWARD_HEAD_MISSING"],
] as [string, Partial<PredictOptions>, string][])("refuses %s", async (_, options, code) => {
  const before = readdirSync(dirname(pair.reward.path));
  await expect(predict(options)).rejects.toMatchObject({ code });
  expect(readdirSync(dirname(pair.reward.path))).toEqual(before);
});

it("refuses a head of several labels", async () => {
  const several = folder.write({ seed: 11, labels: ["a", "b"] });
  await expect(predict({ reward: several.path })).rejects.toMatchObject({ code: "OPTION_INVALID", option: "reward" });
});
