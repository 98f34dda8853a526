import { it } from "vitest";
import { decode, expectBruteForce, type Search, settingOf } from "../helpers/brute-force.js";
import { modelFolder, withPair } from "../helpers/model-folder.js";
import { expectSameResult } from "../helpers/rounding.js";

const SEARCH: Search = { topK: 5, weight: 0.5, combine: "interpolate" };
const PROMPT = "the quick brown fox jumps over the lazy dog, then it sleeps.";

const folder = modelFolder();
const pair = folder.writePair(21);

function run(batchSize: number) {
  return withPair(pair, (decoder) => decode(decoder, PROMPT, { ...SEARCH, maxTokens: 8 }), { batchSize });
}

it("decodes a long prompt in one batch as brute force reads it", async () => {
  const { steps } = await run(512);
  expectBruteForce(settingOf(pair, PROMPT, SEARCH), steps);
});

it.for([1, 7, 32, 61])("decodes the same in batches of %i", async (batchSize) => {
  const [split, whole] = [await run(batchSize), await run(512)];
  expectSameResult(split.result, whole.result);
});
