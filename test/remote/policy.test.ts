/** Blocks of a policy on a server, against a search that is written out. */
import { describe, expect, it } from "vitest";
import { EMBEDDED } from "../../src/index.js";
import { bruteForce, type Given, loaded, ofText, PROMPT, policy, RENDERED } from "./policies.js";
import { type Choice, choices, classes, type Handler, json, numberOf, serve } from "./server.js";

const BLOCKS = { block: 4, drafts: 3, maxTokens: 24, seed: 3, ending: "reward" } as const;

describe("blocks", () => {
  it.each([1, 2, 3, 4, 5])("are the best of each block's drafts, by a function, seed %i", async (seed) => {
    const given: Given = new Map();
    const decoder = await loaded(await serve(policy(given)));
    const result = await decoder.generate(PROMPT, { ...BLOCKS, seed });
    expect(result.text).toBe(bruteForce(given, ofText, BLOCKS));
    expect([...given.values()].every((drafts) => drafts.length === 3)).toBe(true);
    expect(result.reward).toBe(ofText(result.text));
    expect(result.usage).toMatchObject({ promptTokens: 7, cachedTokens: 3 });
    expect(result.pieces.join("")).toBe(result.text);
    expect(await decoder.generate(PROMPT, { ...BLOCKS, seed })).toMatchObject({ text: result.text, finishReason: result.finishReason });
  });

  it("are the best by a server's reward, asked once a block", async () => {
    const given: Given = new Map();
    const policies = await serve(policy(given));
    const rewards = await serve(({ body }, response) => classes(response, body.input.map(numberOf)));
    const decoder = await loaded(policies, { reward: { url: rewards.url, api: "vllm" } });
    const result = await decoder.generate(PROMPT, BLOCKS);
    expect(result.text).toBe(bruteForce(given, (response) => numberOf(RENDERED + response), BLOCKS));
    expect(rewards.asked).toHaveLength(policies.asked.length);
    expect(decoder.info).toMatchObject({ policy: { architecture: "remote", description: "p" }, objectives: [new URL(rewards.url).host] });
  });

  it.each([
    ["a reward model", EMBEDDED.reward, false],
    ["a reward model", EMBEDDED.reward, true],
    ["a contrast", { reward: EMBEDDED.reward, base: EMBEDDED.policy }, false],
    ["a contrast", { reward: EMBEDDED.reward, base: EMBEDDED.policy }, true],
  ] as const)("are the best by %s in this process; %o in a process of its own: %s", async (_name, reward, isolate) => {
    const given: Given = new Map();
    const decoder = await loaded(await serve(policy(given)), { reward, threads: 1, isolate });
    const result = await decoder.generate(PROMPT, { ...BLOCKS, maxTokens: 12 });
    const scored = new Map<string, number>();
    for (const [prompt, drafts] of given) {
      for (const { text } of drafts) {
        const response = prompt.slice(RENDERED.length) + text;
        scored.set(response, (await decoder.score({ prompt: PROMPT, response }, { rewardAt: "last" })).reward);
      }
    }
    expect(result.text).toBe(bruteForce(given, (response) => scored.get(response) ?? Number.NaN, { block: 4, maxTokens: 12 }));
  });

  it.each<[string, (given: Given) => Handler]>([
    ["ignores n", (given) => policy(given, true)],
    [
      "refuses n",
      (given) => (asked, response, count) => {
        if (asked.body.n > 2) json(response, 400, { error: { message: "Field 'n': Value must be between 1 <= value <= 2, but got 3" } });
        else policy(given)(asked, response, count);
      },
    ],
  ])("are drawn side by side where a server %s", async (_name, handler) => {
    const given: Given = new Map();
    const server = await serve(handler(given));
    const decoder = await loaded(server);
    const result = await decoder.generate(PROMPT, BLOCKS);
    expect([...given.values()].every((drafts) => drafts.length === 3)).toBe(true);
    expect(result.text).toBe(bruteForce(given, ofText, BLOCKS));
    const seeds = server.asked.filter(({ body }) => body.prompt === RENDERED && !(body.n > 1)).map(({ body }) => body.seed);
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(server.asked.slice(4).every(({ body }) => body.n === undefined)).toBe(true);
  });

  it("end as the first draft does with ending policy, whatever the reward says", async () => {
    const drafts =
      (ends: boolean[]): Handler =>
      (_asked, response) =>
        choices(
          response,
          ends.map((end, at) => ({ text: `${at}`, finish_reason: end ? "stop" : "length" })),
        );
    const server = await serve(drafts([false, true, true]));
    const decoder = await loaded(server, { reward: (candidates) => candidates.map((_, at) => at) });
    const options = { block: 1, drafts: 3, maxTokens: 1 };
    expect(await decoder.generate(PROMPT, options)).toMatchObject({ text: "0", finishReason: "length" });
    expect(await decoder.generate(PROMPT, { ...options, ending: "reward" })).toMatchObject({ text: "2", finishReason: "eog" });
    server.become(drafts([true, true, false]));
    expect(await decoder.generate(PROMPT, options)).toMatchObject({ text: "1", finishReason: "eog" });
  });

  it("stream, a step each, and a stop string is found across their borders", async () => {
    const texts = ["one, t", "wo. ST", "OP three"];
    const server = await serve(({ body }, response) => {
      const said = texts.findLastIndex((_, at) => body.prompt === RENDERED + texts.slice(0, at).join(""));
      choices(response, [{ text: texts[said] ?? "", finish_reason: "length" }]);
    });
    const decoder = await loaded(server);
    const steps: string[] = [];
    const result = await decoder.generate(PROMPT, {
      drafts: 1,
      block: 4,
      maxTokens: 12,
      stop: "STOP",
      onStep: ({ text }) => void steps.push(text),
    });
    expect(result).toMatchObject({ text: "one, two. ", finishReason: "stop" });
    expect(steps).toEqual(["one, t", "wo. ", ""]);
    expect(server.asked[0]?.body).toMatchObject({ stop: ["STOP"], model: "p", max_tokens: 4, temperature: 0.8, top_p: 0.95 });
    const all = await decoder.generate(PROMPT, { drafts: 1, block: 4, maxTokens: 8, stop: "STOP" });
    expect(all).toMatchObject({ text: "one, two. ST", finishReason: "length" });
    expect(all.usage.completionTokens).toBe(8);
  });

  it.each([
    [{ finish_reason: "stop", stop_reason: null }, "eog"],
    [{ finish_reason: "stop", stop_reason: 128009 }, "eog"],
    [{ finish_reason: "stop", stop_reason: "." }, "stop"],
    [{ finish_reason: "stop", matched_stop: "." }, "stop"],
    [{ finish_reason: "stop" }, "stop"],
    [{ finish_reason: "length", logprobs: { token_logprobs: [-1, -2] } }, "context"],
    [{ finish_reason: "length", logprobs: { content: [{ logprob: -1 }, { logprob: -2 }, { logprob: -1 }, { logprob: -1 }] } }, "length"],
  ])("that end with %o have ended by %s", async (choice, finishReason) => {
    const server = await serve((_asked, response) => choices(response, [{ text: "x", ...choice } as Choice]));
    const result = await (await loaded(server)).generate(PROMPT, { drafts: 1, block: 4, maxTokens: 4, stop: "." });
    expect(result).toMatchObject({ text: "x", finishReason });
    const { logprobs } = choice as { logprobs?: object };
    expect(result.logProbs).toEqual([logprobs === undefined ? Number.NaN : finishReason === "context" ? -3 : -5]);
  });

  it("leave out a character that the block's end tore", async () => {
    const server = await serve(({ body }, response) =>
      choices(response, [{ text: body.prompt === RENDERED ? "a\ufffd" : "🔪", finish_reason: "length" }]),
    );
    expect((await (await loaded(server)).generate(PROMPT, { drafts: 1, block: 2, maxTokens: 4 })).text).toBe("a🔪");
  });
});
