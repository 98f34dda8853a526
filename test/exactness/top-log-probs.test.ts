import { describe, expect, it } from "vitest";
import { type GenerateOptions, load } from "../../src/index.js";
import { decode, promptOf } from "../helpers/brute-force.js";
import { modelFolder } from "../helpers/model-folder.js";
import { nextLogProbs } from "../helpers/reference-llama.js";
import { largestDifference } from "../helpers/rounding.js";

const PROMPT = "a tall ship.";
const { policy, reward } = modelFolder().writePair(81);

async function run(options: GenerateOptions, more = {}) {
  const decoder = await load({ policy: policy.path, reward: reward.path, gpu: false, threads: 1, ...more });
  try {
    return await decode(decoder, PROMPT, { maxTokens: 6, candidates: false, ending: "never", seed: 2, ...options });
  } finally {
    await decoder.dispose();
  }
}

describe("topLogProbs", () => {
  const METHODS: [string, GenerateOptions, object][] = [
    ["greedy decoding", { method: "greedy" }, {}],
    ["a draw, whatever its samplers leave", { method: "sample", topK: 2, temperature: 3 }, {}],
    ["the search, beyond its candidates", { method: "args", topK: 2, dryMultiplier: 0.8, minP: 0.5 }, {}],
    ["a search with a function", { method: "args", topK: 2 }, { reward: () => [0, 1] }],
    ["another process", { method: "greedy" }, { isolate: true }],
  ];

  it.each(METHODS)("are the policy's likeliest tokens in %s", async (_, options, more) => {
    const { steps, result } = await run({ ...options, topLogProbs: 5 }, more);
    expect(result.topLogProbs).toEqual(steps.map(({ topLogProbs }) => topLogProbs));
    const before = promptOf(policy.model, PROMPT);
    for (const { token, topLogProbs = [], policyLogProb } of steps) {
      const wanted = nextLogProbs(policy.model, before);
      const ranked = Array.from(wanted.keys()).sort((a, b) => (wanted[b] ?? 0) - (wanted[a] ?? 0));
      expect(topLogProbs.map((each) => each.token)).toEqual(ranked.slice(0, 5));
      expect(
        largestDifference(
          topLogProbs.map((each) => each.logProb),
          ranked.slice(0, 5).map((id) => wanted[id] ?? Number.NaN),
        ),
      ).toBeLessThan(1e-4);
      const own = topLogProbs.find((each) => each.token === token);
      if (own !== undefined) expect(own.logProb).toBeCloseTo(policyLogProb, 9);
      before.push(token);
    }
  });

  it("have the texts of their tokens, and change nothing", async () => {
    const [plain, asked] = [await run({ candidates: true }), await run({ candidates: true, topLogProbs: 3 })];
    expect(asked.result.tokens).toEqual(plain.result.tokens);
    expect(plain.result).not.toHaveProperty("topLogProbs");
    const texts = new Map(asked.steps.flatMap(({ candidates = [] }) => candidates.map(({ token, text }) => [token, text])));
    for (const { token, text } of asked.result.topLogProbs?.flat() ?? []) expect(texts.get(token) ?? text).toBe(text);
  });

  it("are none of blocks, and not more than there are tokens", async () => {
    expect((await run({ method: "blocks", drafts: 2, block: 3, topLogProbs: 3 })).result).not.toHaveProperty("topLogProbs");
    await expect(run({ topLogProbs: policy.model.vocabulary.size + 1 })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      option: "topLogProbs",
    });
  });
});
