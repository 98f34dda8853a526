import { describe, expect, it } from "vitest";
import { resolveLoad } from "../../src/decode/load-options.js";
import { resolveGenerate, splitCallbacks } from "../../src/decode/options.js";
import { defaultThreads } from "../../src/engine/threads.js";
import { EMBEDDED } from "../../src/model/embedded.js";
import { contextFor } from "../../src/model/options.js";
import { resolveRewardLoad, resolveScore } from "../../src/score/options.js";
import type { GenerateOptions, LoadOptions, RewardKind, RewardLoadOptions, RewardTerm, ScoreOptions } from "../../src/types.js";

const limits = { vocabulary: 1000, slots: 4, contextSize: 4096, rewarded: true };
const generate = (options: GenerateOptions) => resolveGenerate(options, limits);

/** What a JavaScript caller can write for a number and a TypeScript caller cannot, or not well. */
const NO_NUMBERS: readonly unknown[] = [Number.NaN, Number.POSITIVE_INFINITY, "10", null, [10], {}, true];

type Refusals = Record<string, readonly unknown[]>;

/** Of how a conversation is read, wherever it is. */
const TEMPLATE_REFUSALS: Refusals = {
  template: ["chatml", 1, null],
  templateVariables: ["a", 1, null, [], { messages: [] }, { add_generation_prompt: false }],
  date: ["yesterday", "2025", "2025-02-30", 1, null, new Date(Number.NaN)],
  rewardAt: ["middle", 1, null],
};

/** One row a value. */
const eachOf = (refusals: Refusals) => Object.entries(refusals).flatMap(([name, values]) => values.map((value) => [name, value] as const));

/** Refused in words that begin with the option's name. */
const refusal = (name: string) =>
  expect.objectContaining({ code: "OPTION_INVALID", message: expect.stringMatching(new RegExp(`^${name}\\b.* must be `)) });

/** Where and how a model runs: load() and loadReward() take it alike. */
const OF_A_MODEL: Refusals = {
  threads: [0, -1, 1.5, 513, ...NO_NUMBERS],
  contextSize: [0, 1, -5, 2.5, 2 ** 30, ...NO_NUMBERS],
  batchSize: [0, 65_537, ...NO_NUMBERS],
  gpuLayers: [-1, 0.5, ...NO_NUMBERS],
  kvType: ["f64", 16, null],
  gpu: ["rocm", true, null, ""],
  engineDir: ["", 5, null],
  onProgress: [5, "yes", null],
  signal: [5, {}, null],
};

describe("load()", () => {
  it("takes the embedded pair by default", () => {
    const resolved = resolveLoad();
    expect(resolved.policy).toBe(EMBEDDED.policy);
    expect(resolved.terms).toEqual([{ reward: EMBEDDED.reward, kind: "head", weight: 1, labels: {} }]);
    expect(resolved).toMatchObject({ slots: 1, gpu: "auto", gpuLayers: -1, batchSize: 512, kvType: "auto" });
  });

  it("has no reward beside a policy of one's own, unless one is given", () => {
    expect(resolveLoad({ policy: "p.gguf" }).terms).toEqual([]);
    expect(resolveLoad({ reward: null }).terms).toEqual([]);
    expect(resolveLoad({ reward: "r.gguf" })).toMatchObject({ policy: EMBEDDED.policy, terms: [{ reward: "r.gguf" }] });
  });

  it("takes rewards in every form", () => {
    const short = () => [0];
    const { terms } = resolveLoad({ policy: "p", reward: ["a", short, { reward: "b", weight: -0.5, labels: { safe: 2 } }] });
    expect(terms).toEqual([
      { reward: "a", kind: "head", weight: 1, labels: {} },
      { reward: short, kind: "head", weight: 1, labels: {} },
      { reward: "b", kind: "head", weight: -0.5, labels: { safe: 2 } },
    ]);
  });

  it("takes kinds of files, and a base, which makes a contrast", () => {
    const { terms } = resolveLoad({
      policy: "p",
      reward: [
        { reward: "arm", kind: "autoregressive" },
        { reward: "tuned", base: "untuned", weight: 2 },
        { reward: "tuned", kind: "contrast", base: "p" },
        { reward: "q", kind: "values", chatTemplate: "x" },
        { reward: "r", kind: "head", labels: { safe: 1 } },
      ],
    });
    expect(terms).toMatchObject([
      { reward: "arm", kind: "autoregressive", weight: 1 },
      { reward: "tuned", kind: "contrast", base: "untuned", weight: 2 },
      { reward: "tuned", kind: "contrast", base: "p" },
      { reward: "q", kind: "values", template: { text: "x" } },
      { reward: "r", kind: "head", labels: { safe: 1 } },
    ]);
    expect(terms.map((term) => "base" in term)).toEqual([false, true, true, false, false]);
  });

  it.each<[RewardTerm, string, string]>([
    [
      { reward: "a", kind: "reward" as RewardKind },
      "reward.kind",
      'reward.kind must be "head", "autoregressive", "contrast" or "values", got "reward"',
    ],
    [{ reward: "a", base: "" }, "reward.base", 'reward.base must be a non-empty string, got ""'],
    [{ reward: "a", kind: "contrast" }, "reward.base", 'reward.base is missing: kind "contrast" needs the model that a was tuned from'],
    [
      { reward: "a", kind: "values", base: "b" },
      "reward.base",
      'reward.base is of kind "contrast", not of "values": leave one of the two out',
    ],
    [{ reward: "a", kind: "head", base: "b" }, "reward.base", 'reward.base is of kind "contrast", not of "head": leave one of the two out'],
    [
      { reward: "dir/a", base: "./dir/../dir/a" },
      "reward.base",
      "reward.base must not be the reward's own file, dir/a, without an adapter: their difference is 0 everywhere",
    ],
    [{ reward: "a", adapter: "" }, "reward.adapter", 'reward.adapter must be a non-empty string, got ""'],
    [
      { reward: () => [], adapter: "b" },
      "reward.adapter",
      "reward.adapter is of models' files: a function's or a server's reward has none, leave it out",
    ],
    [
      { reward: "a", kind: "values", labels: { x: 1 } },
      "reward.labels",
      'labels are of reward heads: a reward of kind "values" is one number, which weight counts',
    ],
    [
      { reward: () => [], kind: "values" },
      "reward.kind",
      "reward.kind is of models' files: a function's or a server's reward has none, leave it out",
    ],
    [
      { reward: { url: "http://localhost:1", api: "vllm" }, base: "b" },
      "reward.base",
      "reward.base is of models' files: a function's or a server's reward has none, leave it out",
    ],
  ])("refuses %o", (reward, option, message) => {
    expect(() => resolveLoad({ reward })).toThrow(expect.objectContaining({ code: "OPTION_INVALID", option, message }));
  });

  it("takes undefined as not given", () => {
    expect(resolveLoad({ slots: undefined, policy: undefined, signal: undefined })).toEqual(resolveLoad());
  });

  it.each<[Record<string, unknown>, string]>([
    [{ slots: 0 }, "slots must be an integer from 1 to 128, got 0"],
    [{ threads: 0 }, "threads must be an integer from 1 to 512, got 0"],
    [{ contextSize: 1 }, "contextSize must be an integer from 2 to 268435456 (tokens), got 1"],
    [{ gpu: true }, 'gpu must be "auto", "cuda", "vulkan", "metal" or false, got true'],
    [{ policy: "" }, 'policy must be a non-empty string, got ""'],
    [{ reward: 5 }, "reward must be a path, a function, { url, api }, { ask } or { reward, weight, labels }, got 5"],
    [{ reward: [{ reward: "a", weight: Number.NaN }] }, "reward[0].weight must be a finite number, got NaN"],
    [{ reward: { reward: "a", wieght: 1 } }, 'reward has no option "wieght"; did you mean weight?'],
    [{ reward: { reward: "a", labels: { x: "1" } } }, 'reward.labels.x must be a finite number, got "1"'],
    [{ signal: {} }, "signal must be an AbortSignal, got an object"],
    [{ onProgress: 1 }, "onProgress must be a function, got 1"],
    [{ slot: 1 }, 'load() has no option "slot"; did you mean slots?'],
  ])("refuses %o", (options, message) => {
    expect(() => resolveLoad(options as LoadOptions)).toThrow(expect.objectContaining({ code: "OPTION_INVALID", message }));
  });

  it.each(
    eachOf({
      ...OF_A_MODEL,
      slots: [0, 257, 1.5, ...NO_NUMBERS],
      policy: ["", 5, null, ["a"]],
      reward: ["", 5, true, {}, [""], { reward: 5 }, [null], { reward: "a", weight: "1" }, { reward: "a", labels: { a: Number.NaN } }],
    }),
  )("refuses %s: %j", (name, value) => {
    expect(() => resolveLoad({ [name]: value })).toThrow(refusal(name));
  });

  it.each([null, "fast", 5, []])("refuses options that are %j", (options) => {
    expect(() => resolveLoad(options as unknown as LoadOptions)).toThrow("the options of load() must be an object");
  });
});

describe("loadReward()", () => {
  it.each(eachOf({ ...OF_A_MODEL, reward: ["", 5, [""]] }))("refuses %s: %j", (name, value) => {
    expect(() => resolveRewardLoad({ [name]: value })).toThrow(refusal(name));
  });

  it.each(["slots", "policy", "topK"])("has no option %s", (name) => {
    expect(() => resolveRewardLoad({ [name]: 1 } as RewardLoadOptions)).toThrow(`loadReward() has no option "${name}"`);
  });

  it("needs a file", () => {
    expect(resolveRewardLoad().terms).toEqual([{ reward: EMBEDDED.reward, kind: "head", weight: 1, labels: {} }]);
    expect(() => resolveRewardLoad({ reward: () => [] })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});

describe("generate()", () => {
  it("has the paper's weight and candidates", () => {
    expect(generate({})).toMatchObject({ method: "args", topK: 10, weight: 0.6, combine: "interpolate", select: "greedy", maxTokens: 128 });
    expect(generate({ combine: "additive" }).weight).toBe(1.5);
    expect(generate({ method: "sample" })).toMatchObject({ topK: 40, temperature: 0.8, samplers: { topP: 0.95 } });
    expect(generate({ select: "stochastic" }).temperature).toBe(1);
    expect(generate({ select: "stochastic", temperature: 0 }).select).toBe("greedy");
    expect(generate({ method: "sample", topK: 0, temperature: 0 })).toMatchObject({ method: "greedy", select: "greedy" });
  });

  it.each<[GenerateOptions, number, string]>([
    [{}, 0.8, "policy"],
    [{ method: "args", select: "stochastic" }, 0.8, "policy"],
    [{ method: "blocks" }, 0.8, "policy"],
    [{ method: "greedy" }, 0, "reward"],
    [{ method: "sample" }, 0, "reward"],
    [{ grammar: "root ::= [a-z]+" }, 0, "policy"],
    [{ method: "blocks", jsonSchema: true }, 0, "policy"],
    [{ jsonSchema: {}, dryMultiplier: 0.5 }, 0.5, "policy"],
    [{ dryMultiplier: 0, ending: "reward" }, 0, "reward"],
    [{ method: "blocks", dryMultiplier: 2, ending: "never" }, 2, "never"],
    [{ method: "greedy", dryMultiplier: 1, ending: "policy" }, 1, "policy"],
  ])("%j has DRY at %d and endings by %s", (options, dryMultiplier, ending) => {
    expect(generate(options)).toMatchObject({ ending, samplers: { dryMultiplier } });
  });

  it("has neither without a reward", () => {
    expect(resolveGenerate({}, { ...limits, rewarded: false })).toMatchObject({ ending: "reward", samplers: { dryMultiplier: 0 } });
  });

  it("stays within a small vocabulary", () => {
    expect(resolveGenerate({}, { ...limits, vocabulary: 6 }).topK).toBe(6);
  });

  it("is greedy without a reward, and refuses args", () => {
    const bare = { ...limits, rewarded: false };
    expect(resolveGenerate({}, bare).method).toBe("greedy");
    expect(() => resolveGenerate({ method: "args" }, bare)).toThrow('method "args" needs a reward');
  });

  it("draws a seed of 32 bits unless one is given", () => {
    const seeds = new Set(Array.from({ length: 20 }, () => generate({}).seed));
    expect(seeds.size).toBeGreaterThan(15);
    for (const seed of seeds) expect(seed).toBeLessThanOrEqual(2 ** 32 - 1);
    expect(generate({ seed: 0 }).seed).toBe(0);
  });

  it("takes one stop string or several", () => {
    expect(generate({ stop: "x" }).stop).toEqual(["x"]);
    expect(generate({ stop: ["x", "y"] }).stop).toEqual(["x", "y"]);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ topK: 0 }, "topK must be an integer from 1 to 1000 (the vocabulary), got 0"],
    [{ topK: 1001 }, "topK must be an integer from 1 to 1000 (the vocabulary), got 1001"],
    [{ method: "sample", topK: -1 }, "topK must be an integer from 0 to 1000 (the vocabulary), got -1"],
    [{ weight: 1.01 }, "weight must be a number from 0 to 1 (interpolating), got 1.01"],
    [{ weight: Number.NaN }, "weight must be a number from 0 to 1 (interpolating), got NaN"],
    [{ combine: "additive", weight: -1 }, "weight must be a number from 0, got -1"],
    [{ temperature: -1 }, "temperature must be a number from 0, got -1"],
    [{ topP: 1.5 }, "topP must be a number above 0 and up to 1, got 1.5"],
    [{ seed: 2 ** 32 }, "seed must be an integer from 0 to 4294967295, got 4294967296"],
    [{ maxTokens: 0 }, "maxTokens must be an integer from 1 to 2147483647, got 0"],
    [{ stop: ["a", ""] }, 'stop must be a non-empty string, got ""'],
    [{ template: "chatml" }, 'template must be "auto" or "none", got "chatml"'],
    [{ candidates: 1 }, "candidates must be true or false, got 1"],
    [{ method: "greedy", rewards: 1 }, "rewards must be true or false, got 1"],
    [{ rewards: false }, 'rewards cannot be false with method "args", which chooses by them; "greedy" and "sample" do without'],
    [
      { method: "blocks", rewards: false },
      'rewards cannot be false with method "blocks", which chooses by them; "greedy" and "sample" do without',
    ],
    [{ slot: 4 }, "slot must be an integer from 0 to 3 (the slots loaded), got 4"],
    [{ maxtokens: 5 }, 'generate() has no option "maxtokens"; did you mean maxTokens?'],
  ])("refuses %o", (options, message) => {
    expect(() => generate(options as GenerateOptions)).toThrow(expect.objectContaining({ code: "OPTION_INVALID", message }));
  });

  it.each(
    eachOf({
      topK: [0, -1, 1.5, 1001, ...NO_NUMBERS],
      weight: [-0.1, 1.1, 60, ...NO_NUMBERS],
      temperature: [-1, ...NO_NUMBERS],
      topP: [0, 1.1, -1, ...NO_NUMBERS],
      seed: [-1, 0.5, 2 ** 32, ...NO_NUMBERS],
      maxTokens: [0, -1, 0.5, 2 ** 31, ...NO_NUMBERS],
      slot: [-1, 4, 0.5, ...NO_NUMBERS],
      stop: ["", [""], 5, [5], null],
      method: ["beam", "", 1, null],
      combine: ["sum", 1, null],
      select: ["best", 1, null],
      gate: ["predict", 1, null, [], {}, { entropy: 1, topProbability: 0.5 }, { entropy: -1 }, { entropy: "1" }, { topProbability: 1.1 }],
      lookahead: ["on", "8", 0, 17, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, null, {}],
      ...TEMPLATE_REFUSALS,
      candidates: ["yes", 1, null],
      rewards: ["yes", 1, null],
      signal: [true, {}, null],
    }),
  )("refuses %s: %j", (name, value) => {
    expect(() => generate({ [name]: value })).toThrow(refusal(name));
  });

  it("has a gate for args alone, and none by default", () => {
    expect(generate({}).gate).toEqual({ kind: "off", limit: 0 });
    expect(generate({ gate: "bound" }).gate).toEqual({ kind: "bound", limit: 0 });
    expect(generate({ gate: { entropy: 1.5 } }).gate).toEqual({ kind: "entropy", limit: 1.5 });
    expect(generate({ gate: { topProbability: 0.9 }, select: "stochastic" }).gate).toEqual({ kind: "topProbability", limit: 0.9 });
    expect(generate({ gate: "bound", select: "stochastic", temperature: 0 }).gate.kind).toBe("bound");
    for (const method of ["blocks", "greedy", "sample"] as const) expect(generate({ method, gate: "bound" }).gate.kind).toBe("off");
  });

  it("refuses a gate that cannot be kept", () => {
    expect(() => generate({ gate: "bound", select: "stochastic" })).toThrow('select "greedy"');
    expect(() => resolveGenerate({ gate: { entropy: 1 } }, { ...limits, functions: true })).toThrow(
      "gate cannot be used with reward functions",
    );
    expect(resolveGenerate({ gate: "off" }, { ...limits, functions: true }).gate.kind).toBe("off");
    expect(resolveGenerate({ gate: "bound", method: "greedy" }, { ...limits, functions: true }).gate.kind).toBe("off");
    expect(() => generate({ gate: { entropi: 1 } } as unknown as GenerateOptions)).toThrow(
      'gate has no option "entropi"; did you mean entropy?',
    );
  });

  it("looks ahead for args alone, and not by default", () => {
    const off = { steps: 1, adapts: false };
    expect(generate({}).lookahead).toEqual(off);
    expect(generate({ lookahead: "off" }).lookahead).toEqual(off);
    expect(generate({ lookahead: 1 }).lookahead).toEqual(off);
    expect(generate({ lookahead: 4 }).lookahead).toEqual({ steps: 4, adapts: false });
    expect(generate({ lookahead: "auto", select: "stochastic" }).lookahead).toEqual({ steps: 16, adapts: true });
    for (const method of ["blocks", "greedy", "sample"] as const) expect(generate({ method, lookahead: 4 }).lookahead).toEqual(off);
  });

  it("refuses a lookahead beside a gate or reward functions", () => {
    const functions = { ...limits, functions: true };
    for (const lookahead of ["auto", 2] as const) {
      expect(() => generate({ lookahead, gate: "bound" })).toThrow("lookahead cannot be used with a gate");
      expect(() => resolveGenerate({ lookahead }, functions)).toThrow("lookahead cannot be used with reward functions");
      expect(resolveGenerate({ lookahead, gate: "bound", method: "greedy" }, functions).lookahead.steps).toBe(1);
    }
    expect(generate({ lookahead: 1, gate: "bound" }).gate.kind).toBe("bound");
    expect(resolveGenerate({ lookahead: "off" }, functions).lookahead.steps).toBe(1);
  });

  it.each([-1, ...NO_NUMBERS])("refuses an additive weight of %j", (weight) => {
    expect(() => generate({ combine: "additive", weight } as GenerateOptions)).toThrow(refusal("weight"));
  });

  it("names what it knows where nothing is near", () => {
    expect(() => generate({ beamWidth: 10 } as GenerateOptions)).toThrow(
      'generate() has no option "beamWidth"; known are template, templateVariables, date, method, topK, ',
    );
    expect(() => generate({ topk: 10 } as GenerateOptions)).toThrow('no option "topk"; did you mean topK?');
  });

  it.each([null, "fast", 5, []])("refuses options that are %j", (options) => {
    expect(() => generate(options as unknown as GenerateOptions)).toThrow("the options of generate() must be an object");
  });
});

describe("score()", () => {
  it("reads prompts through the template unless told otherwise", () => {
    const date = new Date(0);
    const template = { mode: "auto", variables: {}, date };
    expect(resolveScore({ date })).toEqual({ template, rewardAt: undefined, signal: undefined });
    expect(resolveScore({ template: "none" }).template.mode).toBe("none");
  });

  it.each(eachOf({ ...TEMPLATE_REFUSALS, signal: [true, {}, null] }))("refuses %s: %j", (name, value) => {
    expect(() => resolveScore({ [name]: value })).toThrow(refusal(name));
  });

  it("refuses what it does not know", () => {
    expect(() => resolveScore({ topK: 1 } as ScoreOptions)).toThrow('score() has no option "topK"');
    expect(() => resolveScore(null as never)).toThrow("the options of score() must be an object, got null");
  });
});

describe("generateAll()", () => {
  it("parts its callbacks from the rest", () => {
    const onResult = () => {};
    expect(splitCallbacks({ onResult, seed: 3 })).toEqual({
      callbacks: { onResult, onProgress: undefined, onError: undefined },
      each: { seed: 3 },
    });
  });

  it.each(eachOf({ onProgress: [1, null], onResult: [1, null], onError: [1, null] }))("refuses %s: %j", (name, value) => {
    expect(() => splitCallbacks({ [name]: value })).toThrow(refusal(name));
  });
});

describe("contexts", () => {
  const contextSize = (asked: number | undefined, ...trained: number[]): number => {
    const models = trained.map((nCtxTrain) => ({ nCtxTrain, size: 1 }));
    return contextFor(resolveLoad({ contextSize: asked }), models).contextSize;
  };

  it("are as long as asked for, or as the models were trained with, at most 4096", () => {
    expect(contextSize(100_000, 131_072)).toBe(100_000);
    expect(contextSize(undefined, 8192, 2048)).toBe(2048);
    expect(contextSize(undefined, 131_072)).toBe(4096);
    expect(() => contextSize(4096, 8192, 2048)).toThrow(
      "contextSize must be an integer from 2 to 2048 (tokens the models were trained with), got 4096",
    );
  });

  it("get the threads asked for, or as many as the largest model deserves", () => {
    const sized = (...sizes: number[]) => sizes.map((size) => ({ nCtxTrain: 512, size }));
    expect(contextFor(resolveLoad({ threads: 7 }), sized(1)).threads).toBe(7);
    expect(contextFor(resolveLoad(), sized(1, 2)).threads).toBe(defaultThreads(2));
    expect(contextFor(resolveLoad(), sized(1, 2 ** 30)).threads).toBe(defaultThreads(2 ** 30));
  });
});
