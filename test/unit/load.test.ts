import { beforeEach, describe, expect, it, vi } from "vitest";
import { EMBEDDED } from "../../src/model/embedded.js";
import { type Fake, nativeError, resetFake } from "../helpers/fake-binding.js";
import { loadFake } from "../helpers/load-fake.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
});

const disposed = (): string[] => fake.calls.filter((call) => call.startsWith("model.dispose"));

describe("load()", () => {
  it("reports one rising progress over all files", async () => {
    const seen: number[] = [];
    await loadFake({ onProgress: (progress) => seen.push(progress) });
    expect(seen).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it("tells what it loaded", async () => {
    fake.files = { policy: { labels: null, nCtxTrain: 2048 }, reward: { labels: ["helpful", "safe"], nCtxTrain: 1024 } };
    const { info } = await loadFake({ slots: 3 });
    expect(info).toMatchObject({ slots: 3, contextSize: 1024, objectives: ["helpful", "safe"], engine: { version: "fake" } });
    expect(info.rewards.map(({ path }) => path)).toEqual(["reward"]);
  });

  it("loads a file once, with adapters and without", async () => {
    fake.files = { policy: { labels: null }, tuned: {}, "a.gguf": {}, "b.gguf": {} };
    const reward = [
      { reward: "policy", base: "policy", adapter: "a.gguf" },
      { reward: "policy", base: "policy", adapter: "b.gguf" },
      { reward: "tuned", adapter: "a.gguf" },
      { reward: "policy", kind: "autoregressive", adapter: "a.gguf" },
    ] as const;
    await loadFake({ reward });
    expect(fake.calls.filter((call) => /^(load|adapt|model\.dispose) /.test(call))).toEqual([
      ...["load policy", "load tuned", "adapt policy a.gguf", "adapt policy b.gguf", "adapt tuned a.gguf"],
      // Its weights are the adapted model's.
      "model.dispose tuned",
    ]);
  });

  it("refuses vocabularies that differ, naming both files", async () => {
    fake.files = { policy: { labels: null }, reward: { otherVocabulary: true } };
    await expect(loadFake()).rejects.toMatchObject({
      code: "VOCABULARY_MISMATCH",
      message: expect.stringMatching(/reward does not have the vocabulary of policy: token 7/),
    });
    expect(disposed()).toEqual(["model.dispose policy", "model.dispose reward"]);
  });

  it("says that the policy is the embedded one, where it is", async () => {
    fake.files = { [EMBEDDED.policy]: { labels: null }, reward: { otherVocabulary: true } };
    const message = expect.stringContaining("That is the embedded policy: name another as policy.");
    await expect(loadFake({ policy: undefined })).rejects.toMatchObject({ code: "VOCABULARY_MISMATCH", message });
  });

  it("frees what it loaded when a later file fails", async () => {
    await expect(loadFake({ reward: "missing" })).rejects.toMatchObject({ name: "ArgsearchError", code: "FILE_NOT_FOUND" });
    expect(disposed()).toEqual(["model.dispose policy"]);
  });

  it("frees the models when the head is missing, or the context does not fit", async () => {
    fake.files = { policy: { labels: null }, reward: { labels: null } };
    await expect(loadFake()).rejects.toMatchObject({ code: "REWARD_HEAD_MISSING" });
    expect(disposed()).toHaveLength(2);
    fake = resetFake();
    fake.before = (call) => {
      if (call === "createSearch") throw nativeError("OUT_OF_MEMORY");
    };
    await expect(loadFake()).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    expect(disposed()).toHaveLength(2);
  });

  it("loads the base of a contrast, unless it is the policy, once", async () => {
    fake.files = { policy: { labels: null }, tuned: { labels: null }, base: { labels: null } };
    const contrast = (base: string) => ({ reward: "tuned", base });
    const ofPolicy = { reward: "policy", base: "base" };
    const decoder = await loadFake({
      reward: [contrast("base"), contrast("./policy"), { reward: "base", kind: "autoregressive" }, ofPolicy],
    });
    expect(fake.calls.filter((call) => call.startsWith("load "))).toEqual(["load policy", "load tuned", "load base"]);
    expect(decoder.info.rewards.map(({ path, kind, base }) => [path, kind, base?.path])).toEqual([
      ["tuned", "contrast", "base"],
      ["tuned", "contrast", "policy"],
      ["base", "autoregressive", undefined],
      ["policy", "contrast", "base"],
    ]);
    await decoder.generate("p", { maxTokens: 1 });
    expect(fake.begun[0]?.rewardTokens).toHaveLength(2 + 1 + 1 + 1);
    await decoder.dispose();
    expect(new Set(disposed()).size).toBe(3);
  });

  it.each(["FILE_NOT_FOUND", "OUT_OF_MEMORY"])("frees what it loaded when a base is %s", async (code) => {
    fake.files = { policy: { labels: null }, tuned: { labels: null }, base: { labels: null } };
    fake.before = (call) => {
      if (call === "load base") throw nativeError(code);
    };
    await expect(loadFake({ reward: { reward: "tuned", base: "base" } })).rejects.toMatchObject({ name: "ArgsearchError", code });
    expect(disposed()).toEqual(["model.dispose policy", "model.dispose tuned"]);
  });

  it("refuses a pair of different vocabularies, and names it with the cure", async () => {
    fake.files = { policy: { labels: null }, tuned: { labels: null }, base: { labels: null, otherVocabulary: true } };
    const pair = { reward: "tuned", base: "base" };
    const mismatch = /^tuned does not have the vocabulary of its base base: .* name as base the model that the reward was tuned from\.$/;
    const refusal = { code: "VOCABULARY_MISMATCH", option: "reward.base", message: expect.stringMatching(mismatch) };
    await expect(loadFake({ reward: pair })).rejects.toMatchObject(refusal);
    fake.files = {
      policy: { labels: null },
      tuned: { labels: null, otherVocabulary: true },
      base: { labels: null, otherVocabulary: true },
    };
    const other = loadFake({ reward: { reward: "tuned", kind: "autoregressive" } });
    const message = /^tuned does not have the vocabulary of policy: .* take models of one family\.$/;
    await expect(other).rejects.toMatchObject({ code: "VOCABULARY_MISMATCH", message: expect.stringMatching(message) });
  });

  it.each(["load policy", "load reward", "createSearch"])("is ABORTED during %s", async (place) => {
    const controller = new AbortController();
    fake.before = (call) => {
      if (call === place) controller.abort();
    };
    await expect(loadFake({ signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    const loaded = { "load policy": 0, "load reward": 1, createSearch: 2 }[place];
    expect(disposed()).toHaveLength(loaded ?? -1);
    if (place === "createSearch") expect(fake.calls).toContain("search.dispose");
  });

  it("is ABORTED before anything", async () => {
    await expect(loadFake({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    expect(fake.calls).toEqual([]);
  });
});
