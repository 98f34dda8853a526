import { describe, expect, it } from "vitest";
import { type GenerateOptions, type LoadOptions, load, type RewardFunction } from "../../src/index.js";
import { type Decoded, decode, expectBruteForce, promptOf, type Search } from "../helpers/brute-force.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder, type StoredModel } from "../helpers/model-folder.js";
import { type RewardReading, referenceResponse, type Setting } from "../helpers/reference-args.js";
import { nextLogProbs, rewardsAtEnd } from "../helpers/reference-llama.js";
import { expectSameResult, largestDifference } from "../helpers/rounding.js";

const SEARCH: Search = { topK: 8, weight: 0.5, combine: "interpolate" };
const PROMPT = "a tall ship.";

const folder = modelFolder();
const policy = folder.write({ seed: 51 });
const single = folder.write({ seed: 52, labels: ["reward"], layers: 1, embedding: 48, heads: 6, kvHeads: 6 });
const several = folder.write({ seed: 53, labels: ["helpful", "brief", "kind"], normalisation: { scale: 1.7, shift: 0.3 } });

async function run(reward: LoadOptions["reward"], options: GenerateOptions = {}): Promise<Decoded> {
  const decoder = await load({ policy: policy.path, reward, gpu: false, threads: 1 });
  try {
    return await decode(decoder, PROMPT, { ...SEARCH, maxTokens: 8, ...options });
  } finally {
    await decoder.dispose();
  }
}

function reading({ model }: StoredModel, weights: number[]): RewardReading {
  return { model, prompt: promptOf(model, PROMPT), weights };
}

function setting(rewards: RewardReading[], search = SEARCH): Setting {
  return { policy: { model: policy.model, prompt: promptOf(policy.model, PROMPT) }, rewards, ...search };
}

describe("the reward is the weighted sum of", () => {
  it("the labels of a head, normalised by its scale and shift", async () => {
    const { steps, result } = await run(several.path);
    expectBruteForce(setting([reading(several, [1, 1, 1])]), steps);
    expect(Object.keys(result.objectives)).toEqual(["helpful", "brief", "kind"]);
  });

  it("labels with weights of their own, times that of their model", async () => {
    const { steps } = await run({ reward: several.path, weight: 2, labels: { helpful: 1, brief: -0.5 } });
    expectBruteForce(setting([reading(several, [2, -1, 0])]), steps);
  });

  it("two reward models of different shape", async () => {
    const { steps, result } = await run([
      { reward: several.path, weight: 0.7, labels: { kind: 2 } },
      { reward: single.path, weight: 1.3 },
    ]);
    expectBruteForce(setting([reading(several, [0, 0, 1.4]), reading(single, [1.3])]), steps);
    expect(Object.keys(result.objectives)).toEqual(["helpful", "brief", "kind", "reward"]);
  });

  it("a reward model reported only, which changes nothing", async () => {
    const { steps } = await run([single.path, { reward: several.path, weight: 0 }]);
    expectBruteForce(setting([reading(single, [1]), reading(several, [0, 0, 0])]), steps);
  });
});

/** What the reward model `single` would say, computed by the reference out of what a reward function sees. */
const asFunction: RewardFunction = async (candidates, { response }) => {
  const before = [...promptOf(single.model, PROMPT), ...SIXTY_TOKENS.encode(response)];
  return candidates.map(({ token }) => rewardsAtEnd(single.model, [...before, token])[0]);
};

describe("a JavaScript reward", () => {
  it("guides as the reward model does that it computes", async () => {
    const [byFunction, byModel] = [await run(asFunction), await run(single.path)];
    expectSameResult(byFunction.result, byModel.result);
  });

  it("adds to reward models", async () => {
    const both = await run([
      { reward: asFunction, weight: 1.3 },
      { reward: several.path, weight: 0.7 },
    ]);
    expectBruteForce(setting([reading(several, [0.7, 0.7, 0.7]), reading(single, [1.3])]), both.steps);
  });
});

it("without a reward, decoding is the policy's arg max", async () => {
  const { result } = await run(null, { topK: 1, candidates: false });
  const { tokens, margin } = referenceResponse(setting([]), 8);
  expect(margin).toBeGreaterThan(1e-4);
  expect(result).toMatchObject({ tokens, rewards: [], reward: null, objectives: {} });
  const wanted = tokens.map(
    (token, index) => nextLogProbs(policy.model, [...promptOf(policy.model, PROMPT), ...tokens.slice(0, index)])[token],
  );
  expect(largestDifference(result.logProbs, wanted)).toBeLessThan(1e-4);
});

describe("a sum beyond the largest number is an error, from", () => {
  it.for<[what: string, terms: LoadOptions["reward"], code: string]>([
    [
      "a function's value times its weight",
      [{ reward: (candidates) => candidates.map(() => 1e200), weight: 1e200 }],
      "REWARD_FUNCTION_FAILED",
    ],
    [
      "two functions' values",
      [(candidates) => candidates.map(() => 1.5e308), (candidates) => candidates.map(() => 1.5e308)],
      "REWARD_FUNCTION_FAILED",
    ],
    ["a model's reward times its weight", { reward: single.path, weight: 1e300, labels: { reward: 1e300 } }, "OPTION_INVALID"],
    ["a model's weighted labels", { reward: several.path, weight: 1.7e308 }, "OPTION_INVALID"],
  ])("%s", async ([, reward, code]) => {
    await expect(run(reward)).rejects.toMatchObject({ code, message: expect.stringContaining("lower the weight") });
    const decoder = await load({ policy: policy.path, reward, gpu: false, threads: 1 });
    const scored = decoder.score({ prompt: PROMPT, response: "yes, at dawn" }, { template: "none" });
    await expect(scored).rejects.toMatchObject({ code, message: expect.stringContaining("lower the weight") });
    await decoder.dispose();
  });
});
