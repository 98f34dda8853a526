/** A reward function's -Infinity: never taken while anything else can be, whatever weighs what. */
import { describe, expect, it } from "vitest";
import type { GenerateOptions, LoadOptions, RewardCandidate, RewardContext, RewardFunction, Step } from "../../src/index.js";
import { load } from "../../src/index.js";
import { decode } from "../helpers/brute-force.js";
import { modelFolder } from "../helpers/model-folder.js";

const PROMPT = "a tall ship.";
const NOTHING: RewardContext = { prompt: "", response: "", signal: undefined };
const folder = modelFolder();
const policy = folder.write({ seed: 71 });
const rewardModel = folder.write({ seed: 72, labels: ["reward"] });

/** Bans by the place of a candidate, and rates the others by their token. */
function banning(banned: (place: number, end: boolean) => boolean): RewardFunction {
  return (candidates) => candidates.map(({ token, end }, place) => (banned(place, end) ? Number.NEGATIVE_INFINITY : Math.sin(token)));
}

async function run(reward: LoadOptions["reward"], options: GenerateOptions = {}, more: LoadOptions = {}) {
  const decoder = await load({ policy: policy.path, reward, gpu: false, threads: 1, ...more });
  try {
    return await decode(decoder, PROMPT, { topK: 6, maxTokens: 12, seed: 3, ...options });
  } finally {
    await decoder.dispose();
  }
}

const EVEN = banning((place) => place % 2 === 0);
const SETTINGS: [what: string, reward: LoadOptions["reward"], options: GenerateOptions][] = [
  ["weight 0", EVEN, { weight: 0 }],
  ["weight 0.5", EVEN, { weight: 0.5 }],
  ["weight 1", EVEN, { weight: 1 }],
  ["additive, weight 0", EVEN, { combine: "additive", weight: 0 }],
  ["additive, weight 2", EVEN, { combine: "additive", weight: 2 }],
  ["a term of weight 0", { reward: EVEN, weight: 0 }, {}],
  ["a term of weight -1", { reward: EVEN, weight: -1 }, {}],
  ["a reward model beside it", [rewardModel.path, { reward: EVEN, weight: 0.1 }], {}],
  ["a draw", EVEN, { select: "stochastic", temperature: 5, ending: "never" }],
  ["a policy that decides about endings", EVEN, { ending: "policy" }],
];

/** What the scores of the others say, computed from what the step reports. */
function bestAllowed({ candidates = [] }: Step, { weight = 0.6, combine }: GenerateOptions): number | undefined {
  const allowed = candidates.filter((_, place) => place % 2 === 1);
  const score = ({ logProb, reward }: (typeof allowed)[number]) =>
    (combine === "additive" ? 1 : 1 - weight) * logProb + weight * (reward ?? Number.NaN);
  return allowed.toSorted((a, b) => score(b) - score(a))[0]?.token;
}

describe("a ban", () => {
  it.each(SETTINGS)("holds with %s, and the others compete as ever", async (_, reward, options) => {
    const { steps } = await run(reward, options);
    for (const step of steps) {
      const place = (step.candidates ?? []).findIndex(({ token }) => token === step.token);
      expect(place % 2).toBe(1);
      for (const [at, candidate] of (step.candidates ?? []).entries()) {
        if (at % 2 === 0) expect(candidate).toMatchObject({ reward: Number.NEGATIVE_INFINITY, score: Number.NEGATIVE_INFINITY });
      }
      if (options.select === undefined && options.ending === undefined) expect(step.token).toBe(bestAllowed(step, options));
    }
    expect(steps.length).toBeGreaterThan(0);
  });

  it("of the end keeps a response going that the policy would end", async () => {
    const ends = { logitBias: { [policy.model.vocabulary.eos]: 20 }, ending: "policy" } as const;
    expect(
      (
        await run(
          banning(() => false),
          ends,
        )
      ).result.finishReason,
    ).toBe("eog");
    expect(
      (
        await run(
          banning((_, end) => end),
          ends,
        )
      ).result,
    ).toMatchObject({ finishReason: "length" });
  });

  it("of every candidate is an error that names the token, and the decoder lives", async () => {
    let asked = 0;
    const third: RewardFunction = (candidates) => {
      asked += 1;
      return candidates.map(() => (asked === 3 ? Number.NEGATIVE_INFINITY : 0));
    };
    const decoder = await load({ policy: policy.path, reward: third, gpu: false, threads: 1 });
    const options = { template: "none", topK: 6, maxTokens: 5, ending: "never" } as const;
    await expect(decoder.generate(PROMPT, options)).rejects.toMatchObject({
      code: "REWARD_FUNCTION_FAILED",
      message: "the reward functions ban all 6 candidates for token 3 of the response: ask for more with topK, or ban less",
      option: "topK",
      details: { step: 3 },
    });
    expect((await decoder.generate(PROMPT, options)).tokens).toHaveLength(5);
    await decoder.dispose();
  });

  it.each(["greedy", "sample"] as const)("is reported by method %s, which rewards only rate", async (method) => {
    const { result } = await run(
      banning(() => true),
      { method, rewards: true, ending: "never" },
    );
    expect(result.tokens).toHaveLength(12);
    expect(result.rewards).toEqual(Array(12).fill(Number.NEGATIVE_INFINITY));
  });

  it("holds in another process", async () => {
    const [here, there] = [await run(EVEN), await run(EVEN, {}, { isolate: true })];
    expect(there.result.tokens).toEqual(here.result.tokens);
    expect(there.result.rewards).toEqual(here.result.rewards);
  });

  it("is a reward in score()", async () => {
    const decoder = await load({ policy: policy.path, reward: [rewardModel.path, { reward: banning(() => true), weight: 0 }], gpu: false });
    const { reward, tokens } = await decoder.score({ prompt: PROMPT, response: "yes" }, { template: "none" });
    expect([reward, ...tokens.map((token) => token.reward)]).toEqual(Array(tokens.length + 1).fill(Number.NEGATIVE_INFINITY));
    await decoder.dispose();
  });
});

describe("a ban of drafts", () => {
  const BLOCKS: GenerateOptions = { method: "blocks", block: 3, drafts: 4, maxTokens: 12, candidates: false };
  /** Drafts are told apart by their text: those of an odd sum of characters are banned, unless all are. */
  const odd = (text: string): boolean => [...text].reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0) % 2 === 1;
  const seen: { banned: boolean; response: string }[][] = [];
  const spy: RewardFunction = (candidates) => {
    const all = candidates.every(({ response }) => odd(response));
    seen.push(candidates.map(({ response }) => ({ response, banned: !all && odd(response) })));
    return candidates.map(({ response }) => (!all && odd(response) ? Number.NEGATIVE_INFINITY : -response.length));
  };

  it.each([
    ["the policy decides about endings", { ending: "policy" }],
    ["the reward does", { ending: "reward" }],
    ["some are dropped on the way", { ending: "policy", keepDrafts: 1 }],
    ["they are drawn by score", { ending: "reward", select: "stochastic", temperature: 100 }],
  ] as [string, GenerateOptions][])("holds where %s", async (_, options) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      seen.length = 0;
      const ends = { [policy.model.vocabulary.eos]: 2 };
      const { result } = await run(spy, { ...BLOCKS, ...options, seed, logitBias: ends });
      const banned = seen.flat().filter((draft) => draft.banned);
      expect(banned.length).toBeGreaterThan(0);
      // What was kept grew through drafts that were allowed.
      const last = seen
        .at(-1)
        ?.filter((draft) => !draft.banned)
        .map(({ response }) => response);
      expect(last).toContain(result.text);
    }
  });

  it("of every one is an error that names the token", async () => {
    await expect(
      run(
        banning(() => true),
        BLOCKS,
      ),
    ).rejects.toMatchObject({
      code: "REWARD_FUNCTION_FAILED",
      message: expect.stringContaining("ban all 4 drafts for token 1 "),
      option: "drafts",
      details: { step: 1 },
    });
  });
});

describe("a reward with an opinion about endings", () => {
  const ENDS = { logitBias: { [policy.model.vocabulary.eos]: 4 } };
  const unwilling: RewardFunction = Object.assign(
    (candidates: readonly RewardCandidate[]) => candidates.map(({ end }) => (end ? -1e6 : 0)),
    {
      ending: "reward" as const,
    },
  );

  it.each([
    ["is heard by default", { reward: unwilling }, {}, "length"],
    ["is heard from another process", { reward: unwilling }, { isolate: true }, "length"],
    ["is not heard where the call says so", { reward: unwilling }, {}, "eog"],
    [
      "would not be heard without saying that it has one",
      { reward: (candidates) => Array.from(unwilling(candidates, NOTHING) as number[]) },
      {},
      "eog",
    ],
  ] as [string, { reward: RewardFunction }, LoadOptions, string][])("%s", async (what, { reward }, more, finishReason) => {
    const options = what.includes("call says") ? { ...ENDS, ending: "policy" as const } : ENDS;
    const decoder = await load({ policy: policy.path, reward, gpu: false, threads: 1, ...more });
    const result = await decoder.generate(PROMPT, { template: "none", topK: 6, maxTokens: 12, ...options });
    expect(result.finishReason).toBe(finishReason);
    await decoder.dispose();
  });

  it("says nothing but that it has one", async () => {
    const reward = Object.assign(() => [], { ending: "policy" }) as never;
    await expect(load({ policy: policy.path, reward })).rejects.toMatchObject({ code: "OPTION_INVALID", option: "reward.ending" });
  });
});
