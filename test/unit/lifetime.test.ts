import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Decoder } from "../../src/decode/decoder.js";
import { loadReward } from "../../src/score/load-reward.js";
import { type Fake, resetFake } from "../helpers/fake-binding.js";
import { loadFake } from "../helpers/load-fake.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
});

const input = { prompt: "p", response: "r" };

const methods: [string, (decoder: Decoder) => unknown][] = [
  ["generate", (decoder) => decoder.generate("p")],
  ["stream", (decoder) => decoder.stream("p").next()],
  ["generateAll", (decoder) => decoder.generateAll(["p"])],
  ["generateAll of nothing", (decoder) => decoder.generateAll([])],
  ["score", (decoder) => decoder.score(input)],
  ["cacheBytes", (decoder) => decoder.cacheBytes()],
  ["counters", async (decoder) => decoder.counters()],
];

describe("a disposed decoder", () => {
  it.each(methods)("%s is DISPOSED", async (_, call) => {
    const decoder = await loadFake();
    await decoder.dispose();
    expect(decoder.disposed).toBe(true);
    await expect(call(decoder)).rejects.toMatchObject({ code: "DISPOSED" });
    const closing = await loadFake();
    const disposal = closing.dispose();
    await expect(call(closing)).rejects.toMatchObject({ code: "DISPOSED" });
    await disposal;
  });

  it("still tells what it was", async () => {
    const decoder = await loadFake({ slots: 2 });
    await decoder.dispose();
    expect(decoder.info).toMatchObject({ slots: 2, contextSize: 512, objectives: ["reward"], policy: { path: "policy" } });
  });
});

describe("dispose()", () => {
  it("is the same twice", async () => {
    const decoder = await loadFake();
    const first = decoder.dispose();
    expect(decoder.dispose()).toBe(first);
    expect(decoder[Symbol.asyncDispose]()).toBe(first);
    await first;
    expect(fake.calls.filter((call) => call.includes("dispose"))).toEqual([
      "search.dispose",
      "model.dispose policy",
      "model.dispose reward",
    ]);
  });

  it("frees contexts before models", async () => {
    const decoder = await loadFake();
    await decoder.score(input);
    await decoder.dispose();
    const order = fake.calls.filter((call) => call.includes("dispose"));
    expect(order).toEqual(["search.dispose", "scorer.dispose", "model.dispose policy", "model.dispose reward"]);
  });

  it("rejects what runs, at the next step", async () => {
    fake.files = { policy: { labels: null, nCtxTrain: 200_000 }, reward: { nCtxTrain: 200_000 } };
    const decoder = await loadFake({ slots: 2, contextSize: 200_000 });
    fake.script = () => "x".repeat(100_000);
    const options = { maxTokens: 100_000 };
    const running = Promise.allSettled([decoder.generate("p", options), decoder.generate("q", options)]);
    await vi.waitFor(() => expect(fake.batches().length).toBeGreaterThan(2));
    await decoder.dispose();
    expect(await running).toMatchObject([{ reason: { code: "DISPOSED" } }, { reason: { code: "DISPOSED" } }]);
    expect(fake.calls[fake.calls.indexOf("search.dispose") + 1]).toMatch(/dispose/);
  });

  it("cancels a prefill", async () => {
    const decoder = await loadFake();
    let disposal: Promise<void> | undefined;
    fake.before = (call) => {
      if (call === "begin 0") disposal = decoder.dispose();
    };
    await expect(decoder.generate("p")).rejects.toMatchObject({ code: "DISPOSED" });
    await disposal;
  });

  it("does not wait for a reader that never comes back", async () => {
    const decoder = await loadFake();
    const steps = decoder.stream("p");
    await steps.next();
    await decoder.dispose();
    await expect(steps.next()).rejects.toMatchObject({ code: "DISPOSED" });
  });

  it("ends a score", async () => {
    const decoder = await loadFake();
    const scored = decoder.score(input);
    const rejected = expect(scored).rejects.toMatchObject({ code: "DISPOSED" });
    await decoder.dispose();
    await rejected;
  });

  it("frees models that share a file once", async () => {
    fake.files = { both: {} };
    const decoder = await loadFake({ policy: "both", reward: ["both", { reward: "both", weight: 2 }] });
    expect(fake.calls.filter((call) => call.startsWith("load"))).toEqual(["load both"]);
    await decoder.dispose();
    expect(fake.calls.filter((call) => call.startsWith("model.dispose"))).toEqual(["model.dispose both"]);
  });

  it("works for a reward model", async () => {
    const model = await loadReward({ engineDir: "/fake", reward: "reward" });
    const rejected = expect(model.score(input)).rejects.toMatchObject({ code: "DISPOSED" });
    const disposal = model.dispose();
    expect(model.dispose()).toBe(disposal);
    await disposal;
    await rejected;
    expect(model.disposed).toBe(true);
    await expect(model.score(input)).rejects.toMatchObject({ code: "DISPOSED" });
    expect(fake.calls.filter((call) => call.includes("dispose")).pop()).toBe("model.dispose reward");
  });
});
