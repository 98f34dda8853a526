/**
 * Branches and cuts of the cache, read against the model's own logits: where the rows of the reward head are rows of the vocabulary
 * projection, rewards differ as the log-probabilities do that the same model, as the policy, gives one token later.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { binding } from "../../src/engine/binding.js";
import { load, type Step } from "../../src/index.js";
import { ARCHITECTURES, type ArchitectureName, architectureModel, LABELLED } from "../helpers/architectures.js";
import { decode } from "../helpers/brute-force.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { encodeGguf, type GgufContent } from "../helpers/gguf-writer.js";
import { WINDOW } from "../helpers/layer-shapes.js";
import { beginOptions, loadNative, NATIVE_CONTEXT, stepOnce } from "../helpers/native.js";
import { largestDifference } from "../helpers/rounding.js";

const PROMPT = "a tall ship sails at dawn, and so do i.";
const ERROR = 1e-4;
/** Where 7 ends a response early. */
const SEEDS: Partial<Record<ArchitectureName, number>> = { "a delta rule": 10 };

const folder = mkdtempSync(join(tmpdir(), "argsearch-architectures-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function stored(name: string, content: GgufContent): string {
  const path = join(folder, `${name}.gguf`);
  writeFileSync(path, encodeGguf(content));
  return path;
}

/** Of the labelled tokens, less that of the first: what no norm of the probabilities is in. */
const differences = (values: readonly number[]): number[] => values.slice(1).map((value) => value - values[0]);

function labelledLogProbs({ candidates = [] }: Step): number[] {
  return LABELLED.map((token) => candidates.find((candidate) => candidate.token === token)?.logProb ?? Number.NaN);
}

async function decoded(path: string, slots = 1): Promise<Step[]> {
  const decoder = await load({ policy: path, reward: path, gpu: false, threads: 1, slots });
  try {
    const options = { topK: SIXTY_TOKENS.size, weight: 0.3, maxTokens: 12, method: "args" } as const;
    const all = await Promise.all(Array.from({ length: slots }, (_, index) => decode(decoder, PROMPT.slice(index), options)));
    const { result, steps } = all[0];
    expect(PROMPT.length).toBeGreaterThan(4 * WINDOW);
    const { tokens } = await decoder.score({ prompt: PROMPT, response: result.text }, { template: "none" });
    expect(tokens.map(({ id }) => id)).toEqual(result.tokens);
    const scored = tokens.flatMap(({ objectives = {} }) => Object.values(objectives));
    const seen = steps.flatMap(({ objectives }) => Object.values(objectives));
    expect(largestDifference(scored, seen), "score() against generate()").toBeLessThan(ERROR);
    return steps;
  } finally {
    await decoder.dispose();
  }
}

describe.for(Object.keys(ARCHITECTURES) as ArchitectureName[])("a model with %s", (which) => {
  const path = stored(which, architectureModel(which, SEEDS[which] ?? 7));

  it.for([1, 3])("rates as it predicts, with %i slots", async (slots) => {
    const steps = await decoded(path, slots);
    expect(steps.length).toBeGreaterThan(6);
    const rated = steps.slice(0, -1).map(({ objectives }) => differences(Object.values(objectives).map((value) => value ?? Number.NaN)));
    const predicted = steps.slice(1).map((step) => differences(labelledLogProbs(step)));
    expect(largestDifference(rated.flat(), predicted.flat())).toBeLessThan(ERROR);
  });

  it("computes the projection of a reward model only where it must", async () => {
    const model = await loadNative(path);
    const rewards = [{ model, weights: Float64Array.from(LABELLED, () => 1) }];
    const search = await binding().createSearch({ ...NATIVE_CONTEXT, slots: 1, policy: model, rewards });
    await search.begin(0, beginOptions(SIXTY_TOKENS.encode(PROMPT)));
    for (let step = 0; step < 3; step++) await stepOnce(search);
    const { rewardProjections, rewardDecodes } = search.counters();
    await search.dispose();
    model.dispose();
    expect(rewardProjections).toBe(which === "an unnamed final norm" ? rewardDecodes : 0);
  });
});

it("the sliding window counts", async () => {
  const { metadata, tensors } = architectureModel("a sliding window", 7);
  const { "gemma3.attention.sliding_window": _window, ...without } = metadata;
  const [narrow, wide] = [stored("narrow", { metadata, tensors }), stored("wide", { metadata: without, tensors })];
  const [first, second] = [(await decoded(narrow))[0], (await decoded(wide))[0]];
  expect(largestDifference(labelledLogProbs(first), labelledLogProbs(second))).toBeGreaterThan(0.01);
});
