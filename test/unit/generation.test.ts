import { beforeEach, describe, expect, it, vi } from "vitest";
import type { GenerateResult, RewardCandidate, Step } from "../../src/types.js";
import { BOS, EOS, type Fake, resetFake } from "../helpers/fake-binding.js";
import { loadFake } from "../helpers/load-fake.js";

vi.mock("../../src/engine/binding.js", () => import("../helpers/fake-binding.js"));

let fake: Fake;
beforeEach(() => {
  fake = resetFake();
});

const greedy = { method: "greedy" } as const;
const rated = { ...greedy, rewards: true } as const;

/** Every step, and what the generator returned. */
async function collect(steps: AsyncGenerator<Step, GenerateResult>): Promise<{ steps: Step[]; result: GenerateResult }> {
  const all: Step[] = [];
  for (;;) {
    const next = await steps.next();
    if (next.done) return { steps: all, result: next.value };
    all.push(next.value);
  }
}

describe("a response", () => {
  it("ends with the end token, which counts and has no text", async () => {
    fake.script = () => "héllo";
    const decoder = await loadFake();
    const { steps, result } = await collect(decoder.stream("hi", { ...rated, seed: 7 }));
    expect(steps.map(({ text }) => text)).toEqual(["h", "", "é", "l", "l", "o", ""]);
    expect(steps.map(({ finishReason }) => finishReason)).toEqual([...Array(6).fill(undefined), "eog"]);
    expect(result).toMatchObject({
      text: "héllo",
      tokens: [104, 0xc3, 0xa9, 108, 108, 111, EOS],
      pieces: ["h", "\u{fffd}", "\u{fffd}", "l", "l", "o", ""],
      finishReason: "eog",
      seed: 7,
      usage: { promptTokens: 3, cachedTokens: 0, completionTokens: 7 },
    });
    expect(result.logProbs).toHaveLength(7);
    expect(result.rewards).toHaveLength(7);
    expect(result.reward).toBe(result.rewards[5]);
    expect(result.objectives).toEqual({ reward: result.rewards });
    expect(result.timings).toMatchObject({ policy: 28, reward: 56 });
    expect(result.timings.total).toBeGreaterThan(result.timings.prefill);
    expect(result.timings.tokensPerSecond).toBeGreaterThan(0);
  });

  it("is the same by generate() and stream()", async () => {
    const decoder = await loadFake();
    const { result } = await collect(decoder.stream("hi", { seed: 1, maxTokens: 6 }));
    const again = await decoder.generate("hi", { seed: 1, maxTokens: 6 });
    const { timings: a, usage: b, ...rest } = result;
    expect(again).toMatchObject(rest);
  });

  it("hands its settings to the search", async () => {
    fake.files = { policy: { labels: null }, reward: { chatTemplate: "<s>R:{{ messages[0].content }}" } };
    const decoder = await loadFake();
    await decoder.generate("p", {
      topK: 3,
      weight: 0.25,
      combine: "additive",
      select: "stochastic",
      temperature: 2,
      seed: 5,
      maxTokens: 1,
    });
    expect(fake.begun[0]).toMatchObject({
      policyTokens: Int32Array.of(BOS, 112),
      rewardTokens: [Int32Array.of(BOS, 82, 58, 112)],
      method: "args",
      topK: 3,
      weight: 0.25,
      combine: "additive",
      select: "stochastic",
      temperature: 2,
      seed: 5,
      candidates: false,
    });
    await decoder.generate("p", { method: "sample", topK: 0, topP: 0.5, maxTokens: 1 });
    expect(fake.begun[1]).toMatchObject({ method: "sample", topK: 0, samplers: { topP: 0.5 }, temperature: 0.8 });
    await decoder.generate("p", { method: "greedy", topK: 5, maxTokens: 1 });
    expect(fake.begun[2]).toMatchObject({ method: "args", topK: 1, rewardTokens: null });
    await decoder.generate("p", { method: "greedy", rewards: true, maxTokens: 1 });
    expect(fake.begun[3]).toMatchObject({ method: "args", topK: 1, rewardTokens: [Int32Array.of(BOS, 82, 58, 112)] });
  });

  it("is guided: the reward changes what is chosen", async () => {
    fake.reward = (tokens) => (tokens[tokens.length - 1] === 122 ? 10 : 0);
    fake.script = () => "xxx";
    const decoder = await loadFake();
    expect((await decoder.generate("p", { maxTokens: 3, topK: 3, weight: 0 })).text).toBe("xxx");
    expect((await decoder.generate("p", { maxTokens: 3, topK: 3, weight: 0.6 })).text).toBe("zzz");
    expect((await decoder.generate("p", { maxTokens: 3, topK: 2, weight: 0.6 })).text).toBe("xxx");
  });

  it("reports candidates when asked", async () => {
    fake.script = () => "ab";
    const decoder = await loadFake();
    const { steps } = await collect(decoder.stream("p", { topK: 2, weight: 0.5, maxTokens: 1, candidates: true }));
    expect(steps[0]?.candidates).toEqual([
      {
        token: 97,
        text: "a",
        logProb: -0.1,
        reward: 6 / 7,
        score: expect.closeTo(0.5 * -0.1 + 0.5 * (6 / 7)),
        objectives: { reward: 6 / 7 },
      },
      { token: 98, text: "b", logProb: -1.1, reward: 0, score: expect.closeTo(0.5 * -1.1), objectives: { reward: 0 } },
    ]);
    const plain = await collect(decoder.stream("p", { maxTokens: 1 }));
    expect(plain.steps[0]).not.toHaveProperty("candidates");
  });

  it.each([
    ["without a reward", { reward: null }, {}],
    ["where greedy decoding is not asked for them", {}, greedy],
    ["of sampling, either", {}, { method: "sample" }],
  ] as const)("has no rewards %s", async (_, load, options) => {
    const decoder = await loadFake(load);
    const { steps, result } = await collect(decoder.stream("p", { ...options, maxTokens: 2, candidates: true }));
    expect(steps[0]).toMatchObject({ reward: null, score: null, objectives: {}, candidates: [{ reward: null, score: null }] });
    expect(result).toMatchObject({ reward: null, rewards: [], objectives: {} });
  });
});

describe("the whole response's reward", () => {
  const [atO, atEnd] = [(111 % 7) / 7, (EOS % 7) / 7];

  it.each([
    ["its last token", {}, atO],
    ["its last token, when asked for", { rewardAt: "last" }, atO],
    ["the token that ended it", { rewardAt: "end" }, atEnd],
    ["its last token, where it was cut off", { rewardAt: "end", maxTokens: 2 }, atO],
  ] as const)("is that at %s", async (_, options, expected) => {
    fake.script = () => "no";
    const decoder = await loadFake();
    const { reward, rewards, tokens } = await decoder.generate("p", { ...rated, ...options });
    expect(reward).toBe(expected);
    expect(rewards).toHaveLength(tokens.length);
  });

  it("is none without a token to read it at", async () => {
    fake.script = () => "";
    const decoder = await loadFake();
    expect(await decoder.generate("p", rated)).toMatchObject({ text: "", reward: null, rewards: [atEnd] });
    expect(await decoder.generate("p", { ...rated, rewardAt: "end" })).toMatchObject({ reward: atEnd });
  });

  it("adds what each model reads, and functions at the last token", async () => {
    fake.script = () => "no";
    fake.files = { policy: { labels: null }, a: {}, b: { position: "end" } };
    const letters = (candidates: readonly RewardCandidate[]): number[] =>
      candidates.map(({ response, end }) => (end ? 100 : response.length));
    const decoder = await loadFake({ reward: ["a", { reward: "b", weight: 10 }, { reward: letters, weight: 1000 }] });
    const { reward, objectives } = await decoder.generate("p", rated);
    expect(reward).toBeCloseTo(atO + 10 * atEnd + 1000 * 2);
    expect(objectives["b/reward"]).toHaveLength(3);
    expect((await decoder.generate("p", { ...rated, rewardAt: "end" })).reward).toBeCloseTo(11 * atEnd + 2000);
    expect((await decoder.generate("p", { ...rated, rewardAt: "last" })).reward).toBeCloseTo(11 * atO + 2000);
  });
});

describe("limits", () => {
  it("stops at maxTokens", async () => {
    const decoder = await loadFake();
    expect(await decoder.generate("p", { ...greedy, maxTokens: 3 })).toMatchObject({ text: "abc", finishReason: "length" });
  });

  it("tells of an end that the last token brings, not of the limit", async () => {
    fake.script = () => "ab";
    const decoder = await loadFake();
    expect(await decoder.generate("p", { ...greedy, maxTokens: 3 })).toMatchObject({ text: "ab", finishReason: "eog" });
    expect(await decoder.generate("p", { ...greedy, maxTokens: 2, stop: "b" })).toMatchObject({ text: "a", finishReason: "stop" });
    const full = await loadFake({ contextSize: 5 });
    expect(await full.generate("p", { ...greedy, maxTokens: 3 })).toMatchObject({ text: "ab", finishReason: "eog" });
  });

  it("stops when the context is full, in the policy or a reward model", async () => {
    const even = await loadFake({ contextSize: 6 });
    expect(await even.generate("ab", greedy)).toMatchObject({ text: "abc", finishReason: "context" });
    fake.files = { policy: { labels: null }, reward: { chatTemplate: "{{ bos_token }}..{{ messages[0].content }}" } };
    const longer = await loadFake({ contextSize: 6 });
    expect(await longer.generate("ab", rated)).toMatchObject({ text: "a", finishReason: "context" });
    expect(await longer.generate("ab", greedy)).toMatchObject({ text: "abc", finishReason: "context" });
  });

  it("refuses prompts that leave no room", async () => {
    const decoder = await loadFake({ contextSize: 4 });
    await expect(decoder.generate("abc")).rejects.toMatchObject({
      code: "PROMPT_TOO_LONG",
      message: expect.stringMatching(
        /the prompt has 4 tokens for policy: the context of 4 .*\. Load with a larger contextSize, or shorten it\.$/,
      ),
    });
    fake.files = { policy: { labels: null }, reward: { nCtxTrain: 4 } };
    const full = await loadFake();
    const message = expect.stringMatching(/\. Shorten it: the models know no longer texts\.$/);
    await expect(full.generate("abc")).rejects.toMatchObject({ code: "PROMPT_TOO_LONG", message });
    await expect(full.score({ prompt: "ab", response: "cd" })).rejects.toMatchObject({
      code: "PROMPT_TOO_LONG",
      message: expect.stringMatching(/\. Shorten them: the models know no longer texts\.$/),
    });
    await expect(decoder.generate("")).rejects.toMatchObject({ code: "PROMPT_EMPTY" });
  });
});

describe("stop strings", () => {
  it("are cut, across token borders", async () => {
    fake.script = () => "one\n\nHuman: two";
    const decoder = await loadFake();
    const { steps, result } = await collect(decoder.stream("p", { ...greedy, stop: ["\n\nHuman:"] }));
    expect(result).toMatchObject({ text: "one", finishReason: "stop" });
    expect(steps.map(({ text }) => text).join("")).toBe("one");
    expect(result.tokens).toHaveLength(11);
    expect(steps[10]?.finishReason).toBe("stop");
  });

  it("give back what they held at the end", async () => {
    fake.script = () => "one\n\nHum";
    const decoder = await loadFake();
    const { steps, result } = await collect(decoder.stream("p", { ...greedy, stop: "\n\nHuman:" }));
    expect(result).toMatchObject({ text: "one\n\nHum", finishReason: "eog" });
    expect(steps[steps.length - 1]?.text).toBe("\n\nHum");
  });

  it("give back a torn character at maxTokens", async () => {
    fake.script = () => "a😀";
    const decoder = await loadFake();
    const { steps } = await collect(decoder.stream("p", { ...greedy, maxTokens: 3 }));
    expect(steps.map(({ text }) => text)).toEqual(["a", "", "\u{fffd}"]);
  });
});

describe("aborting", () => {
  it("before anything is ABORTED", async () => {
    const decoder = await loadFake();
    const signal = AbortSignal.abort("why");
    await expect(decoder.generate("p", { signal })).rejects.toMatchObject({ code: "ABORTED", cause: "why" });
    expect(fake.begun).toEqual([]);
  });

  it("during prefill is ABORTED, and frees the slot", async () => {
    const decoder = await loadFake();
    const controller = new AbortController();
    fake.before = () => controller.abort();
    await expect(decoder.generate("p", { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    fake.before = () => {};
    expect((await decoder.generate("p", { ...greedy, maxTokens: 1 })).text).toBe("a");
  });

  it("between steps keeps what there is", async () => {
    const decoder = await loadFake();
    const controller = new AbortController();
    const steps = decoder.stream("p", { ...greedy, signal: controller.signal, stop: "bX" });
    expect((await steps.next()).value).toMatchObject({ text: "a" });
    expect((await steps.next()).value).toMatchObject({ text: "" });
    controller.abort();
    expect(await steps.next()).toMatchObject({ done: true, value: { text: "ab", finishReason: "aborted", tokens: [97, 98] } });
    expect((await decoder.generate("p", { ...greedy, maxTokens: 1 })).text).toBe("a");
  });

  it("during a step ends with that step", async () => {
    const decoder = await loadFake();
    const controller = new AbortController();
    fake.before = (call) => {
      if (call.startsWith("step") && fake.batches().length === 3) controller.abort();
    };
    const { steps, result } = await collect(decoder.stream("p", { ...greedy, signal: controller.signal }));
    expect(result).toMatchObject({ text: "abc", finishReason: "aborted" });
    expect(steps[2]?.finishReason).toBe("aborted");
  });
});
