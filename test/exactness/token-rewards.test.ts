/** Rewards that are causal language models, against an independent model in float64 that reads everything again. */
import { describe, expect, it } from "vitest";
import {
  type Decoder,
  type GenerateOptions,
  type GenerateResult,
  type LoadOptions,
  load,
  loadReward,
  type RewardFunction,
} from "../../src/index.js";
import { type Decoded, decode, expectBruteForce, expectBruteForceNumbers, promptOf, type Search } from "../helpers/brute-force.js";
import { SIXTY_TOKENS } from "../helpers/byte-vocabulary.js";
import { modelFolder, type StoredModel } from "../helpers/model-folder.js";
import { Random } from "../helpers/random.js";
import { type RewardReading, type Setting, valuesAtEnd } from "../helpers/reference-args.js";
import { blockSetting, referenceBlock } from "../helpers/reference-blocks.js";
import { rewardsAtEnd } from "../helpers/reference-llama.js";
import { sampled } from "../helpers/reference-samplers.js";
import { expectSameResult, largestDifference, ROUNDING } from "../helpers/rounding.js";
import { autoregressive, contrast, summed, type TokenReward, values, valuesOf } from "../helpers/token-rewards.js";

const PROMPT = "a tall ship.";
const SEARCH: Search = { topK: 8, weight: 0.5, combine: "interpolate" };
const ERROR = 1e-4;

const folder = modelFolder();
const policy = folder.write({ seed: 71 });
const tuned = folder.write({ seed: 72, layers: 1, embedding: 48, heads: 6, kvHeads: 3 });
const third = folder.write({ seed: 73, layers: 3, tied: true });
const head = folder.write({ seed: 74, labels: ["reward"], layers: 1 });
const { bos, eos } = SIXTY_TOKENS;

const KINDS: [name: string, reward: TokenReward][] = [
  ["autoregressive", autoregressive(tuned)],
  ["values", values(tuned, 0.4)],
  ["contrast with the policy", contrast(tuned, policy)],
  ["contrast with a third model", contrast(tuned, third)],
  ["contrast of the policy with a third model", contrast(policy, third)],
];

async function loaded<T>(reward: LoadOptions["reward"], work: (decoder: Decoder) => Promise<T>, options: LoadOptions = {}): Promise<T> {
  const decoder = await load({ policy: policy.path, reward, gpu: false, threads: 1, ...options });
  try {
    return await work(decoder);
  } finally {
    await decoder.dispose();
  }
}

const run = (reward: LoadOptions["reward"], options: GenerateOptions = {}, load: LoadOptions = {}): Promise<Decoded> =>
  loaded(reward, (decoder) => decode(decoder, PROMPT, { ...SEARCH, maxTokens: 8, ...options }), load);

function settingOf(
  rewards: readonly RewardReading[],
  search: Partial<Setting> = {},
  guided: StoredModel = policy,
  prompt = PROMPT,
): Setting {
  return { policy: { model: guided.model, prompt: promptOf(guided.model, prompt) }, rewards, ...SEARCH, ...search };
}

describe("tokens, log-probabilities and rewards equal brute force", () => {
  it.for(Array.from({ length: 16 }, (_, index) => index + 1))("for any models, kind and search: seed %i", async (seed) => {
    const random = new Random(700 + seed);
    const any = (own: number): StoredModel => {
      const heads = random.pick([2, 4]);
      return folder.write({
        seed: 7000 + 10 * seed + own,
        layers: random.integer(1, 3),
        heads,
        kvHeads: random.pick([1, 2]),
        embedding: 8 * heads,
      });
    };
    const [guided, model, base] = [any(0), any(1), any(2)];
    const weight = random.pick([1, 0.3, -0.5]);
    const reward = random.pick([
      autoregressive(model, weight),
      values(model, weight),
      contrast(model, guided, weight),
      contrast(model, base, weight),
      contrast(guided, base, weight),
    ]);
    const search: Search = {
      topK: random.integer(1, 40),
      weight: random.uniform(),
      combine: random.pick(["interpolate", "additive"] as const),
    };
    const { steps } = await run(reward.term, search, { policy: guided.path });
    expectBruteForce(settingOf([reward.reading(PROMPT)], search, guided), steps);
  });

  describe.for(KINDS)("%s", ([, reward]) => {
    it.for([1, 2, 10, 40, SIXTY_TOKENS.size])("with %i candidates", async (topK) => {
      const { steps } = await run(reward.term, { topK, maxTokens: topK < 40 ? 8 : 3 });
      expectBruteForce(settingOf([reward.reading(PROMPT)], { topK }), steps);
    });

    it("beside a head and a function, in one sum", async () => {
      const { steps, result } = await run([reward.term, { reward: head.path, weight: 0.7 }, { reward: asFunction, weight: -0.4 }]);
      const ofHead = { model: head.model, prompt: promptOf(head.model, PROMPT) };
      expectBruteForce(settingOf([reward.reading(PROMPT), { ...ofHead, weights: [0.7] }, { ...ofHead, weights: [-0.4] }]), steps);
      const whole = summed(valuesOf(reward, PROMPT, result.tokens));
      const ofText = rewardsAtEnd(head.model, [...ofHead.prompt, ...result.tokens])[0];
      expect(largestDifference(Object.values(result.wholeObjectives), [whole, ofText, ofText])).toBeLessThan(ERROR);
      const weight = reward.term.weight ?? 1;
      expect(Math.abs((result.reward ?? Number.NaN) - (weight * whole + 0.3 * ofText))).toBeLessThan(ERROR);
    });

    it("drawn by score", async () => {
      const { steps } = await run(reward.term, { select: "stochastic", temperature: 1.5, seed: 3 });
      expectBruteForceNumbers(settingOf([reward.reading(PROMPT)]), steps);
    });

    it("on what the policy's samplers leave, whose own probability is the base's all the same", async () => {
      const options = { repeatPenalty: 1.4, repeatLastN: 8, minP: 0.02, topK: 6 };
      const left: Setting["sampled"] = (logits, response) => sampled(logits, response, options, new Set());
      const { steps } = await run(reward.term, options);
      expectBruteForce(settingOf([reward.reading(PROMPT)], { sampled: left, topK: 6 }), steps);
    });
  });
});

/** The head's value, computed by the reference out of what a reward function sees. */
const asFunction: RewardFunction = (candidates, { response }) => {
  const before = [...promptOf(head.model, PROMPT), ...SIXTY_TOKENS.encode(response)];
  return candidates.map(({ token }) => rewardsAtEnd(head.model, [...before, token])[0]);
};

describe.for(KINDS)("a response's reward, %s,", ([, reward]) => {
  const weight = reward.term.weight ?? 1;

  it("is the weighted sum over its tokens, the one that ends it among them where that is read", async () => {
    await loaded(reward.term, async (decoder) => {
      let ended = 0;
      for (const seed of [1, 2, 3, 4]) {
        const options = { template: "none", method: "sample", rewards: true, seed, maxTokens: 12, logitBias: { [eos]: 2 } } as const;
        const [last, end] = [await decoder.generate(PROMPT, options), await decoder.generate(PROMPT, { ...options, rewardAt: "end" })];
        const all = valuesOf(reward, PROMPT, last.tokens);
        expect(
          largestDifference(
            last.rewards.map(Number),
            all.map((value) => weight * value),
          ),
        ).toBeLessThan(ERROR);
        const said = last.finishReason === "eog" ? all.slice(0, -1) : all;
        if (said.length > 0) expect(Math.abs(Number(last.reward) - weight * summed(said))).toBeLessThan(ERROR);
        expect(Math.abs(Number(end.reward) - weight * summed(all))).toBeLessThan(ERROR);
        ended += last.finishReason === "eog" ? 1 : 0;
      }
      expect(ended).toBeGreaterThan(0);
    });
  });

  it("is what score() says, in a decoder and without one", async () => {
    await loaded(reward.term, async (decoder) => {
      const result = await decoder.generate(PROMPT, {
        template: "none",
        ...SEARCH,
        maxTokens: 10,
        logitBias: { [bos]: false, [eos]: false },
      });
      const input = { prompt: PROMPT, response: result.text };
      const inside = await decoder.score(input, { template: "none" });
      expect(inside.tokens.map(({ id }) => id)).toEqual(result.tokens);
      expect(
        largestDifference(
          inside.tokens.map((token) => token.reward),
          result.rewards.map(Number),
        ),
      ).toBeLessThan(ROUNDING);
      expect(Math.abs(inside.reward - Number(result.reward))).toBeLessThan(ROUNDING);
      await using model = await loadReward({ reward: reward.term, gpu: false, threads: 1 });
      const [outside, atEnd] = [
        await model.score(input, { template: "none" }),
        await model.score(input, { template: "none", rewardAt: "end" }),
      ];
      expect(Math.abs(outside.reward - inside.reward)).toBeLessThan(ROUNDING);
      const ending = valuesAtEnd(reward.reading(PROMPT), [...result.tokens, eos])[0];
      expect(Math.abs(atEnd.reward - outside.reward - weight * ending)).toBeLessThan(ERROR);
    });
  });
});

describe.for(KINDS)("by blocks, %s:", ([, reward]) => {
  const OPTIONS: GenerateOptions = {
    method: "blocks",
    block: 5,
    drafts: 4,
    topK: 40,
    template: "none",
    seed: 5,
    maxTokens: 5,
    candidates: false,
  };
  const setting = (given = {}) =>
    blockSetting({ policy, reward: head }, PROMPT, { rewards: [reward.reading(PROMPT)], seed: 5, tokens: 5, ...given });

  it.for([{}, { blockReward: "mean" }, { rewardAt: "end" }] as const)("the draft of the highest sum is kept, %o", async (options) => {
    const biases = new Map([[eos, 2]]);
    const mean = "blockReward" in options;
    const wanted = referenceBlock(setting({ biases, mean, readAtEnd: ["rewardAt" in options] }), [], 0);
    expect(wanted.margin).toBeGreaterThan(ERROR);
    const { result } = await run(reward.term, { ...OPTIONS, ...options, ending: "reward", logitBias: { [eos]: 2 } });
    expect(result.tokens).toEqual(wanted.drafts[wanted.best].tokens);
  });

  it("every token has its value, and the response their sum", async () => {
    const { result } = await run(reward.term, { ...OPTIONS, maxTokens: 13 });
    const all = valuesOf(reward, PROMPT, result.tokens);
    const weight = reward.term.weight ?? 1;
    expect(
      largestDifference(
        result.rewards.map(Number),
        all.map((value) => weight * value),
      ),
    ).toBeLessThan(ERROR);
    const said = result.finishReason === "eog" ? all.slice(0, -1) : all;
    expect(Math.abs(Number(result.reward) - weight * summed(said))).toBeLessThan(ERROR);
  });

  it("beside a function", async () => {
    const alphabet: RewardFunction = (candidates) => candidates.map(({ response }) => response.length / 10);
    const { result } = await run([reward.term, alphabet], { ...OPTIONS, maxTokens: 13 });
    const said = result.tokens.filter((token) => token !== eos);
    const wanted = (reward.term.weight ?? 1) * summed(valuesOf(reward, PROMPT, said)) + result.text.length / 10;
    expect(Math.abs(Number(result.reward) - wanted)).toBeLessThan(ERROR);
  });
});

describe.for(KINDS)("nothing changes what is decoded, %s:", ([, reward]) => {
  const OPTIONS: GenerateOptions = { ...SEARCH, template: "none", maxTokens: 12 };

  it("other slots", async () => {
    const prompts = [PROMPT, "a", "the sea", "salt and wind, and", PROMPT];
    const together = await loaded(reward.term, (decoder) => decoder.generateAll(prompts, OPTIONS), { slots: 3 });
    for (const [index, prompt] of prompts.entries()) {
      const alone = await loaded(reward.term, (decoder) => decoder.generate(prompt, OPTIONS));
      expectSameResult(resultOf(together[index]), resultOf(alone));
    }
  });

  it("what a slot held before", async () => {
    await loaded(reward.term, async (decoder) => {
      const first = await decoder.generate(PROMPT, OPTIONS);
      for (const prompt of [PROMPT + first.text, `${PROMPT} no`, PROMPT]) {
        const again = await decoder.generate(prompt, OPTIONS);
        expect(again.usage.cachedTokens).toBeGreaterThan(0);
        const fresh = await loaded(reward.term, (other) => other.generate(prompt, OPTIONS));
        expectSameResult(resultOf(again), resultOf(fresh));
      }
    });
  });

  it("lookahead", async () => {
    const plain = await run(reward.term, { ...OPTIONS, weight: 0.2 });
    for (const lookahead of [2, 4, "auto"] as const) {
      const { result } = await run(reward.term, { ...OPTIONS, weight: 0.2, lookahead });
      expectSameResult(resultOf(result), resultOf(plain.result));
      if (lookahead !== "auto") expect(result.lookahead.accepted).toBeGreaterThan(0);
    }
  });

  it('gate "bound"', async () => {
    const plain = await run(reward.term, OPTIONS);
    const { result } = await run(reward.term, { ...OPTIONS, gate: "bound" });
    expect(result.tokens).toEqual(plain.result.tokens);
  });

  it("a process of its own", async () => {
    const isolated = await run(reward.term, OPTIONS, { isolate: true });
    expectSameResult(resultOf(isolated.result), resultOf((await run(reward.term, OPTIONS)).result));
  });
});

/** What does not depend on time and on caches. */
function resultOf({ timings: _timings, usage: _usage, lookahead: _lookahead, ...result }: GenerateResult): GenerateResult {
  return result as GenerateResult;
}

describe.for(KINDS)("a gate that leaves steps out, %s:", ([, reward]) => {
  it("the last token has its value, and a sum with a gap is none", async () => {
    const { result } = await run(reward.term, { gate: { entropy: 1.8 }, maxTokens: 12, logitBias: { [eos]: false } });
    const all = valuesOf(reward, PROMPT, result.tokens);
    const weight = reward.term.weight ?? 1;
    const missing = result.rewards.filter((value) => value === null).length;
    expect(result.gate.gated).toBeGreaterThan(0);
    for (const [index, value] of result.rewards.entries()) {
      if (value !== null) expect(Math.abs(value - weight * all[index])).toBeLessThan(ERROR);
    }
    expect(result.rewards.at(-1)).not.toBeNull();
    if (missing > 0) expect(result.reward).toBeNull();
    else expect(Math.abs(Number(result.reward) - weight * summed(all))).toBeLessThan(ERROR);
  });
});

describe("what a step decodes", () => {
  it.for<[name: string, reward: LoadOptions["reward"], models: number]>([
    ["autoregressive", autoregressive(tuned).term, 1],
    ["values", values(tuned).term, 1],
    ["contrast with the policy", contrast(tuned, policy).term, 1],
    ["contrast with a third model", contrast(tuned, third).term, 2],
    ["two of them", [autoregressive(tuned).term, contrast(third, policy).term], 2],
  ])("%s: one token of the policy, one of each reward model", async ([, reward, models]) => {
    for (const topK of [1, 10, 40]) {
      await loaded(reward, async (decoder) => {
        await decoder.generate(PROMPT, { ...SEARCH, topK, template: "none", maxTokens: 9, logitBias: { [eos]: false } });
        const { steps, policyTokens, rewardTokens, policyDecodes, rewardDecodes } = decoder.counters();
        expect({ steps, policyTokens, rewardTokens }).toEqual({ steps: 9, policyTokens: 9, rewardTokens: 9 * models });
        // With a decode of the prompt each.
        expect(policyDecodes).toBe(9 + 1);
        expect(rewardDecodes).toBe((9 + 1) * models);
      });
    }
  });
});

describe("chat templates", () => {
  const TEMPLATE = "{% for m in messages %}{{ m.role }}. {{ m.content }} {% endfor %}{% if add_generation_prompt %}a. {% endif %}";
  const chat = folder.write({ seed: 75, chatTemplate: TEMPLATE });
  const asChat = (text: string) => `user. ${text} a. `;

  it("a base reads what the tuned model reads; the policy as base what the policy reads", async () => {
    for (const [base, basePrompt] of [
      [third, asChat("hi")],
      [policy, "hi"],
    ] as const) {
      const { steps } = await loaded({ reward: chat.path, base: base.path }, (decoder) =>
        decode(decoder, "hi", { ...SEARCH, maxTokens: 6, template: "auto" }),
      );
      const reading: RewardReading = {
        ...{ model: chat.model, prompt: promptOf(chat.model, asChat("hi")), kind: "logProb", weights: [1] },
        base: { model: base.model, prompt: promptOf(base.model, basePrompt) },
      };
      expectBruteForce(settingOf([reading], {}, policy, "hi"), steps);
    }
  });
});
