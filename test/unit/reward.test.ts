import { beforeEach, describe, expect, it, vi } from "vitest";
import { resolveLoad } from "../../src/decode/load-options.js";
import type { NativeModel } from "../../src/engine/binding.js";
import { Model } from "../../src/model/model.js";
import { callRewards } from "../../src/reward/functions.js";
import { languageModels, type RewardInfo } from "../../src/reward/reward-info.js";
import { modelPaths, RewardSet } from "../../src/reward/reward-set.js";
import type { RewardFunction, RewardSpec } from "../../src/types.js";
import { binding, type Fake, type FakeFile, resetFake } from "../helpers/fake-binding.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
});

async function rewardSet(reward: RewardSpec[], files: Record<string, FakeFile>): Promise<RewardSet> {
  fake.files = files;
  const { terms } = resolveLoad({ policy: "p", reward });
  const load = (path: string) => binding().loadModel({ path, gpuLayers: 0, backend: "" }, null);
  const models = await Promise.all(modelPaths(terms).map(async (path) => new Model(await load(path))));
  return new RewardSet(terms, models);
}

describe("RewardSet", () => {
  it("multiplies term and label weights", async () => {
    const set = await rewardSet([{ reward: "hh.gguf", weight: 0.5, labels: { safe: 4 } }, "one.gguf"], {
      "hh.gguf": { labels: ["helpful", "safe"] },
      "one.gguf": {},
    });
    expect(set.nativeSources.map(({ weights }) => [...weights])).toEqual([[0, 2], [1]]);
    expect(set.objectives).toEqual(["helpful", "safe", "reward"]);
    expect(set.sum([1, 10, 100])).toBe(20 + 100);
    expect(set.named([1, 2, 3])).toEqual({ helpful: 1, safe: 2, reward: 3 });
  });

  it("counts every label 1 where none is named, and those that are not named 0 elsewhere", async () => {
    const files = { "a.gguf": { labels: ["helpful", "safe", "terse"] }, "b.gguf": { labels: ["x", "y"] } };
    const set = await rewardSet(
      [
        { reward: "a.gguf", labels: { helpful: 1, safe: 2 } },
        { reward: "b.gguf", labels: {} },
      ],
      files,
    );
    expect(set.weights).toEqual([1, 2, 0, 1, 1]);
  });

  it("names the objectives apart", async () => {
    function short(): number[] {
      return [];
    }
    const set = await rewardSet(["dir/a.gguf", "dir/b.gguf", short, { reward: short, weight: 2 }, () => []], {
      "dir/a.gguf": {},
      "dir/b.gguf": { labels: ["reward", "safe"] },
    });
    expect(set.objectives).toEqual(["a/reward", "b/reward", "safe", "short", "short#2", "function"]);
  });

  it("reads token rewards without a head, and the bases of contrasts behind them", async () => {
    const files = {
      tuned: { labels: null },
      base: { labels: null },
      head: {},
      "dir/arm.gguf": { labels: null },
      "dir/q.gguf": { labels: null },
    };
    const set = await rewardSet(
      [
        { reward: "tuned", base: "base", weight: 2 },
        "head",
        { reward: "dir/arm.gguf", kind: "autoregressive" },
        { reward: "dir/q.gguf", kind: "values", weight: 0.5 },
        { reward: "base", kind: "values" },
      ],
      files,
    );
    expect(set.objectives).toEqual(["contrast", "reward", "autoregressive", "q/values", "base/values"]);
    expect(set.weights).toEqual([2, 1, 1, 0.5, 1]);
    expect(set.summed).toEqual([true, false, true, true, true]);
    expect(set.readers.map(({ info }) => info.path)).toEqual(["tuned", "base", "head", "dir/arm.gguf", "dir/q.gguf", "base"]);
    expect(set.languageModels).toEqual([true, true, false, true, true, true]);
    const path = (side: NativeModel | "policy" | undefined) => (typeof side === "object" ? side.info.path : side);
    const natives = set.nativeSources.map(({ model, kind, base }) => [path(model), kind, path(base)]);
    expect(natives).toEqual([
      ["tuned", "logProb", "base"],
      ["head", "head", undefined],
      ["dir/arm.gguf", "logProb", undefined],
      ["dir/q.gguf", "logit", undefined],
      ["base", "logit", undefined],
    ]);
    expect(set.infos.map(({ kind, base }) => [kind, base?.path ?? null])).toEqual([
      ["contrast", "base"],
      ["head", null],
      ["autoregressive", null],
      ["values", null],
      ["values", null],
    ]);
  });

  it("names the kinds where a language model has no head", async () => {
    await expect(rewardSet(["r"], { r: { labels: null } })).rejects.toMatchObject({
      code: "REWARD_HEAD_MISSING",
      message: expect.stringMatching(/"autoregressive" or "values".* as base the model that it was tuned from/),
    });
  });

  it("refuses a file without a head, and a label that it does not have", async () => {
    await expect(rewardSet(["r"], { r: { labels: null } })).rejects.toMatchObject({ code: "REWARD_HEAD_MISSING" });
    await expect(rewardSet([{ reward: "r", labels: { x: 1 } }], { r: { labels: ["a", "b"] } })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: 'r has no label "x"; it has a, b',
    });
  });
});

describe("callRewards()", () => {
  const candidates = [1, 2].map((token) => ({ token, text: "t", logProb: -1, response: "t", end: false }));
  const context = { prompt: "p", response: "", signal: undefined };
  const call = (reward: RewardFunction) => callRewards([{ name: "mine", weight: 1, reward }], candidates, context);

  it("takes arrays and typed arrays, now or later", async () => {
    expect(await call(() => [1, 2])).toEqual([[1, 2]]);
    expect(await call(async () => Float32Array.of(1, 2))).toEqual([[1, 2]]);
  });

  it.each<[string, () => unknown, string]>([
    [
      "throws",
      () => {
        throw new Error("boom");
      },
      'the reward function "mine" failed: boom',
    ],
    ["rejects", () => Promise.reject(new Error("boom")), "failed: boom"],
    ["rejects with what no text can be made of", () => Promise.reject(Object.create(null)), "failed: an object"],
    ["returns what no text can be made of", () => [1, Object.create(null)], "returned an object for candidate 1"],
    ["rejects with nothing", () => Promise.reject(), "failed: undefined"],
    ["rejects with a text", () => Promise.reject("down"), "failed: down"],
    ["returns nothing", () => undefined, "must return an array of 2 numbers"],
    ["returns a text", () => "12", "must return an array of 2 numbers"],
    ["returns too few", () => [1], "must return 2 numbers, one a candidate, and returned 1"],
    ["returns NaN", () => [1, Number.NaN], "must return finite numbers, or -Infinity for a ban, and returned NaN for candidate 1"],
    [
      "returns a text among numbers",
      () => [1, "2"],
      'must return finite numbers, or -Infinity for a ban, and returned "2" for candidate 1',
    ],
    ["leaves a hole", () => [1, undefined], "returned undefined for candidate 1"],
  ])("that %s is REWARD_FUNCTION_FAILED", async (_, reward, message) => {
    await expect(call(reward as RewardFunction)).rejects.toMatchObject({
      code: "REWARD_FUNCTION_FAILED",
      message: expect.stringContaining(message),
    });
  });

  it("keeps the cause", async () => {
    const cause = new Error("boom");
    await expect(call(() => Promise.reject(cause))).rejects.toMatchObject({ cause });
  });
});

describe("models that rewards of single tokens read", () => {
  const policy = { path: "policy.gguf" };
  const names = (...rewards: object[]) => languageModels(rewards as RewardInfo[], policy).map(({ path, adapter }) => adapter ?? path);

  it("are none of heads, and all of others", () => {
    expect(names({ path: "head.gguf", kind: "head", base: null }, { path: "arm.gguf", kind: "autoregressive", base: null })).toEqual([
      "arm.gguf",
    ]);
    expect(names({ path: "policy.gguf", kind: "values", base: null })).toEqual(["policy.gguf"]);
  });

  it("are of a contrast those that are not the policy, which it is no longer with an adapter", () => {
    const tuned = { path: "tuned.gguf", kind: "contrast" };
    expect(names({ ...tuned, base: { path: "base.gguf" } })).toEqual(["tuned.gguf", "base.gguf"]);
    expect(names({ ...tuned, base: policy })).toEqual(["tuned.gguf"]);
    expect(names({ ...tuned, path: "policy.gguf", adapter: "lora.gguf", base: policy })).toEqual(["lora.gguf"]);
  });
});
