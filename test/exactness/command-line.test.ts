import { describe, expect, it } from "vitest";
import { AS_IN_THE_PAPER } from "../../src/decode/method-defaults.js";
import type { GenerateResult, ScoreResult } from "../../src/index.js";
import { argsearch } from "../cli/run.js";
import { promptOf, type Search, settingOf } from "../helpers/brute-force.js";
import { modelFolder } from "../helpers/model-folder.js";
import { referenceResponse, referenceStep } from "../helpers/reference-args.js";
import { rewardsAtEnd } from "../helpers/reference-llama.js";
import { largestDifference } from "../helpers/rounding.js";

const PROMPT = "a tall ship.";
const ENGINE = ["--gpu", "off", "--threads", "1"];

const folder = modelFolder();
const pair = folder.writePair(81, { layers: 3 }, { layers: 1, embedding: 48, heads: 6, kvHeads: 2 });

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await argsearch([...args, ...ENGINE, "--template", "none", "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

describe("the command line decodes what brute force decodes", () => {
  const searches: Search[] = [
    { topK: 10, weight: 0.6, combine: "interpolate" },
    { topK: 40, weight: 1.5, combine: "additive" },
  ];
  it.for(searches)("$combine, w = $weight, k = $topK", async (search) => {
    const setting = settingOf(pair, PROMPT, search);
    const { tokens, margin } = referenceResponse(setting, 8);
    expect(margin).toBeGreaterThan(1e-4);
    const models = ["--policy", pair.policy.path, "--reward", pair.reward.path];
    const form = ["--top-k", String(search.topK), "--weight", String(search.weight), "--combine", search.combine];
    const paper = ["--dry-multiplier", String(AS_IN_THE_PAPER.dryMultiplier), "--ending", AS_IN_THE_PAPER.ending];
    const found = await json<GenerateResult>("generate", ...models, ...form, ...paper, "--prompt", PROMPT, "--max-tokens", "8");
    expect(found.tokens).toEqual(tokens);
    const steps = tokens.map((_, index) => referenceStep(setting, tokens.slice(0, index)).best);
    expect(
      largestDifference(
        found.logProbs,
        steps.map(({ logProb }) => logProb),
      ),
    ).toBeLessThan(1e-4);
    expect(
      largestDifference(
        found.rewards,
        steps.map(({ reward }) => reward),
      ),
    ).toBeLessThan(1e-4);
  });
});

it("the command line scores what brute force scores", async () => {
  const { model, path } = pair.reward;
  const found = await json<ScoreResult>("score", "--reward", path, "--prompt", PROMPT, "--response", "sail on");
  const tokens = model.vocabulary.encode("sail on");
  const wanted = tokens.map((_, index) => rewardsAtEnd(model, [...promptOf(model, PROMPT), ...tokens.slice(0, index + 1)])[0]);
  expect(found.tokens.map(({ id }) => id)).toEqual(tokens);
  expect(
    largestDifference(
      found.tokens.map(({ reward }) => reward),
      wanted,
    ),
  ).toBeLessThan(1e-4);
});
