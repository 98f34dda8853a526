import { describe, expect, it } from "vitest";
import { resolveGenerate, resolveLoad, splitCallbacks } from "../../src/decode/options.js";
import { defaultThreads } from "../../src/engine/threads.js";
import { EMBEDDED } from "../../src/model/embedded.js";
import { contextFor } from "../../src/model/options.js";
import { resolveRewardLoad } from "../../src/score/options.js";
import type { GenerateOptions, LoadOptions } from "../../src/types.js";

const limits = { vocabulary: 1000, slots: 4, rewarded: true };
const generate = (options: GenerateOptions) => resolveGenerate(options, limits);

describe("load()", () => {
  it("takes the embedded pair by default", () => {
    const resolved = resolveLoad();
    expect(resolved.policy).toBe(EMBEDDED.policy);
    expect(resolved.terms).toEqual([{ reward: EMBEDDED.reward, weight: 1, labels: {} }]);
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
      { reward: "a", weight: 1, labels: {} },
      { reward: short, weight: 1, labels: {} },
      { reward: "b", weight: -0.5, labels: { safe: 2 } },
    ]);
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
    [{ reward: 5 }, "reward must be a path, a function or { reward, weight, labels }, got 5"],
    [{ reward: [{ reward: "a", weight: Number.NaN }] }, "reward[0].weight must be a finite number, got NaN"],
    [{ reward: { reward: "a", wieght: 1 } }, 'reward has no option "wieght"; did you mean weight?'],
    [{ reward: { reward: "a", labels: { x: "1" } } }, 'reward.labels.x must be a finite number, got "1"'],
    [{ signal: {} }, "signal must be an AbortSignal, got an object"],
    [{ onProgress: 1 }, "onProgress must be a function, got 1"],
    [{ slot: 1 }, 'load() has no option "slot"; did you mean slots?'],
  ])("refuses %o", (options, message) => {
    expect(() => resolveLoad(options as LoadOptions)).toThrow(expect.objectContaining({ code: "OPTION_INVALID", message }));
  });

  it("needs a file to load a reward alone", () => {
    expect(resolveRewardLoad().terms).toEqual([{ reward: EMBEDDED.reward, weight: 1, labels: {} }]);
    expect(() => resolveRewardLoad({ reward: () => [] })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});

describe("generate()", () => {
  it("has the paper's defaults", () => {
    expect(generate({})).toMatchObject({ method: "args", topK: 10, weight: 0.6, combine: "interpolate", select: "greedy", maxTokens: 128 });
    expect(generate({ combine: "additive" }).weight).toBe(1.5);
    expect(generate({ method: "sample" })).toMatchObject({ topK: 40, temperature: 0.8, topP: 0.95 });
    expect(generate({ select: "stochastic" }).temperature).toBe(1);
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
    [{ temperature: 0 }, "temperature must be a number above 0, got 0"],
    [{ topP: 1.5 }, "topP must be a number above 0 and up to 1, got 1.5"],
    [{ seed: 2 ** 32 }, "seed must be an integer from 0 to 4294967295, got 4294967296"],
    [{ maxTokens: 0 }, "maxTokens must be an integer from 1 to 2147483647, got 0"],
    [{ stop: ["a", ""] }, 'stop must be a non-empty string, got ""'],
    [{ template: "chatml" }, 'template must be "auto" or "none", got "chatml"'],
    [{ candidates: 1 }, "candidates must be true or false, got 1"],
    [{ slot: 4 }, "slot must be an integer from 0 to 3 (the slots loaded), got 4"],
    [{ maxtokens: 5 }, 'generate() has no option "maxtokens"; did you mean maxTokens?'],
  ])("refuses %o", (options, message) => {
    expect(() => generate(options as GenerateOptions)).toThrow(expect.objectContaining({ code: "OPTION_INVALID", message }));
  });

  it("refuses what is no object", () => {
    expect(() => generate(null as never)).toThrow("the options of generate() must be an object, got null");
  });
});

describe("generateAll()", () => {
  it("parts its callbacks from the rest", () => {
    const onResult = () => {};
    expect(splitCallbacks({ onResult, seed: 3 })).toEqual({
      callbacks: { onResult, onProgress: undefined, onError: undefined },
      each: { seed: 3 },
    });
    expect(() => splitCallbacks({ onResult: 1 as never })).toThrow("onResult must be a function, got 1");
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
