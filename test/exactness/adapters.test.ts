/** LoRA adapters that the engine adds to a reward's weights, against the float64 model with the product in its weights. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { binding } from "../../src/engine/binding.js";
import { attachReward } from "../../src/import/index.js";
import { type Decoder, type LoadOptions, load, loadReward, type RewardTerm } from "../../src/index.js";
import { decode, expectBruteForce, promptOf, type Search } from "../helpers/brute-force.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { type AdapterOptions, writeAdapter } from "../helpers/lora.js";
import { modelFolder, type StoredModel } from "../helpers/model-folder.js";
import type { RewardReading, Setting } from "../helpers/reference-args.js";
import { nextLogProbs, rewardsAtEnd } from "../helpers/reference-llama.js";
import { autoregressive, contrast, summed, type TokenReward, values, valuesOf } from "../helpers/token-rewards.js";

const PROMPT = "a tall ship.";
const SEARCH: Search = { topK: 8, weight: 0.5, combine: "interpolate" };
const ERROR = 1e-4;
const LOCAL = { gpu: false, threads: 1 } as const;

const directory = mkdtempSync(join(tmpdir(), "argsearch-adapters-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const folder = modelFolder();
const policy = folder.write({ seed: 81, labels: ["good", "short"] });
const other = folder.write({ seed: 82, layers: 1 });

let files = 0;
function adapterOf(model: StoredModel, options: AdapterOptions): { path: string; merged: StoredModel } {
  const path = join(directory, `${++files}.gguf`);
  return { path, merged: { path: model.path, model: writeAdapter(path, model.model, options) } };
}

/** The reward of the merged model, read off the file with the adapter. */
function adapted({ term, reading }: TokenReward, adapter: string): TokenReward {
  return { term: { ...term, adapter }, reading };
}

async function using<T>(options: LoadOptions, work: (decoder: Decoder) => Promise<T>): Promise<T> {
  const decoder = await load({ ...LOCAL, policy: policy.path, ...options });
  try {
    return await work(decoder);
  } finally {
    await decoder.dispose();
  }
}

function settingOf(rewards: readonly RewardReading[], topK: number): Setting {
  return { policy: { model: policy.model, prompt: promptOf(policy.model, PROMPT) }, rewards, ...SEARCH, topK };
}

const ADAPTERS: [name: string, options: AdapterOptions][] = [
  ["of every matrix", { seed: 1 }],
  ["of attention alone, of rank 1, without alpha", { seed: 2, rank: 1, alpha: null, layers: ["query", "value"] }],
  ["of the embeddings and the vocabulary projection, too", { seed: 3, rank: 5, alpha: 2, output: true, embedding: true }],
];

describe.for(ADAPTERS)("an adapter %s", ([, options]) => {
  const own = adapterOf(policy, options);
  const others = adapterOf(other, options);
  const REWARDS: [name: string, reward: TokenReward][] = [
    ["the policy with it against the policy", adapted(contrast(own.merged, policy), own.path)],
    ["the policy with it against a third model", adapted(contrast(own.merged, other, -0.5), own.path)],
    ["the policy with it", adapted(autoregressive(own.merged), own.path)],
    ["another model with it", adapted(values(others.merged, 0.3), others.path)],
    ["another model with it against that model", adapted(contrast(others.merged, other), others.path)],
  ];

  it("changes what the model thinks", () => {
    const prompt = promptOf(policy.model, PROMPT);
    const [before, after] = [policy.model, own.merged.model].map((model) => nextLogProbs(model, prompt));
    expect(Math.max(...before.map((value, token) => Math.abs(value - after[token])))).toBeGreaterThan(0.5);
  });

  it.for(REWARDS)("%s: equals brute force", async ([, reward]) => {
    for (const topK of [1, 8, 40]) {
      const { steps, result } = await using({ reward: reward.term }, (decoder) =>
        decode(decoder, PROMPT, { ...SEARCH, topK, maxTokens: 6 }),
      );
      expectBruteForce(settingOf([reward.reading(PROMPT)], topK), steps);
      const wanted = (reward.term.weight ?? 1) * summed(valuesOf(reward, PROMPT, result.tokens));
      if (result.finishReason === "length") expect(Math.abs(Number(result.reward) - wanted)).toBeLessThan(ERROR);
    }
  });

  it("a head on the policy's file with it, beside one without it", async () => {
    const plain: RewardTerm = { reward: policy.path, labels: { good: 1 } };
    const prompt = promptOf(policy.model, PROMPT);
    const readings = [policy, own.merged].map(({ model }) => ({ model, prompt, weights: [1, 0] }));
    const { steps } = await using({ reward: [plain, { ...plain, adapter: own.path }] }, async (decoder) => {
      expect(decoder.info.sharedTrunk).toBe(false);
      return decode(decoder, PROMPT, { ...SEARCH, maxTokens: 6 });
    });
    expectBruteForce(settingOf(readings, SEARCH.topK), steps);
  });

  it("is what score() reads, without a policy", async () => {
    await using({ reward: null }, async (decoder) => {
      const { text, tokens } = await decoder.generate(PROMPT, {
        template: "none",
        maxTokens: 8,
        logitBias: { [SIXTY_TOKENS.bos]: false, [SIXTY_TOKENS.eos]: false },
      });
      await using model = await loadReward({ ...LOCAL, reward: { reward: policy.path, adapter: own.path } });
      const scored = await model.score({ prompt: PROMPT, response: text }, { template: "none" });
      const wanted = rewardsAtEnd(own.merged.model, [...promptOf(policy.model, PROMPT), ...tokens]);
      expect(Math.abs(scored.reward - summed(wanted))).toBeLessThan(ERROR);
    });
  });
});

describe("a head on the policy's trunk", () => {
  const bare = folder.write({ seed: 84 });
  const adapter = adapterOf(bare, { seed: 8 });
  const weight = Array.from({ length: bare.model.shape.embedding }, (_, index) => Math.sin(index));
  const out = join(directory, "head.gguf");
  const read = { bias: Float32Array.of(0), labels: ["reward"], scale: 1, shift: 0, weight: Float32Array.from(weight) };
  const reading = (model: StoredModel): RewardReading => ({
    model: { ...model.model, head: read },
    prompt: promptOf(model.model, PROMPT),
    weights: [1],
  });
  const setting = (model: StoredModel): Setting => ({ ...settingOf([reading(model)], SEARCH.topK), policy: reading(bare) });
  beforeAll(() => attachReward({ model: bare.path, head: { weight }, out, gpu: false }));

  it.for([false, true])("shares the policy's context until it has an adapter, isolated: %o", async (isolate) => {
    const run = (reward: RewardTerm, sharedTrunk: boolean) =>
      using({ policy: bare.path, reward, isolate }, async (decoder) => {
        expect(decoder.info.sharedTrunk).toBe(sharedTrunk);
        return (await decode(decoder, PROMPT, { ...SEARCH, maxTokens: 6 })).steps;
      });
    expectBruteForce(setting(bare), await run({ reward: out }, true));
    expectBruteForce(setting(adapter.merged), await run({ reward: out, adapter: adapter.path }, false));
  });
});

describe.for(["q4_0", "q8_0"])("weights of %s, which a processor may keep in another order,", (type) => {
  it("with an adapter are as good as without", async () => {
    const large = folder.write({ seed: 83, embedding: 256, heads: 4, kvHeads: 2, feedForward: 256 });
    const adapter = adapterOf(large, { seed: 7 });
    const [coarse, plain] = [type, "f32"].map((name) => join(directory, `${type}-${name}.gguf`));
    await using({ reward: null }, async () => {
      await binding().quantizeGguf(large.path, coarse, type, 1);
      await binding().quantizeGguf(coarse, plain, "f32", 1);
    });
    const read = async (reward: string, path?: string): Promise<number[]> => {
      await using model = await loadReward({ ...LOCAL, reward: { reward, kind: "autoregressive", adapter: path } });
      const { tokens } = await model.score({ prompt: PROMPT, response: "the sea, salt and wind, and so do i." }, { template: "none" });
      return tokens.map((token) => token.reward);
    };
    const spread = (one: readonly number[], other: readonly number[]): number =>
      Math.sqrt(summed(one.map((value, at) => (value - other[at]) ** 2)) / one.length);
    const [exact, own, without, base] = [
      await read(plain, adapter.path),
      await read(coarse, adapter.path),
      await read(plain),
      await read(coarse),
    ];
    expect(spread(exact, without)).toBeGreaterThan(1);
    expect(spread(own, exact)).toBeLessThan(3 * spread(base, without));
  });
});

it("is one more decode of one token a step beside the policy's", async () => {
  const { path } = adapterOf(policy, { seed: 4 });
  await using({ reward: { reward: policy.path, adapter: path, base: policy.path } }, async (decoder) => {
    await decoder.generate(PROMPT, { ...SEARCH, template: "none", maxTokens: 9, logitBias: { [SIXTY_TOKENS.eos]: false } });
    const { steps, policyTokens, rewardTokens, rewardDecodes } = decoder.counters();
    expect({ steps, policyTokens, rewardTokens, rewardDecodes }).toEqual({ steps: 9, policyTokens: 9, rewardTokens: 9, rewardDecodes: 10 });
    expect(decoder.info.rewards[0]).toMatchObject({ path: policy.path, adapter: path, base: { path: policy.path } });
    expect(decoder.info.policy.adapter).toBeUndefined();
  });
});

it("two adapters of one file are told apart by their names", async () => {
  const [first, second] = [adapterOf(policy, { seed: 5 }), adapterOf(policy, { seed: 6 })];
  const terms = [first, second].map(({ path }) => ({ reward: policy.path, base: policy.path, adapter: path }));
  const readings = [first, second].map(({ merged }) => contrast(merged, policy).reading(PROMPT));
  await using({ reward: terms, slots: 2 }, async (decoder) => {
    const names = [first, second].map(({ path }) => `${path.slice(directory.length + 1, -".gguf".length)}/contrast`);
    expect(decoder.info.objectives).toEqual(names);
    const { steps } = await decode(decoder, PROMPT, { ...SEARCH, maxTokens: 6 });
    expectBruteForce(settingOf(readings, SEARCH.topK), steps);
  });
});
