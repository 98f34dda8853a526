/** Responses of a policy on a server: what is asked, how they end and fail, and what there is not. */
import { describe, expect, it, vi } from "vitest";
import { ArgsearchError, type GenerateOptions, load } from "../../src/index.js";
import { expectError } from "../errors/expect-error.js";
import { lengths, loaded, ofText, PROMPT, TEMPLATE } from "./policies.js";
import { type Choice, choices, dies, type Handler, hangs, json, serve } from "./server.js";

describe("a response", () => {
  it("is plain with greedy and sample, and rated where asked for", async () => {
    const server = await serve(lengths);
    const decoder = await loaded(server);
    const greedy = await decoder.generate(PROMPT, { method: "greedy", maxTokens: 9, rewards: true });
    expect(greedy).toMatchObject({ text: " x", rewards: [ofText(" x")], finishReason: "length", usage: { completionTokens: 9 } });
    await decoder.generate(PROMPT, {
      method: "sample",
      topK: 5,
      minP: 0.1,
      logitBias: { 3: false },
      presencePenalty: 0.5,
      repeatPenalty: 1.1,
    });
    expect(server.asked.map(({ body }) => body)).toMatchObject([
      { temperature: 0, max_tokens: 9 },
      { temperature: 0.8, top_p: 0.95, top_k: 5, min_p: 0.1, logit_bias: { 3: -100 }, presence_penalty: 0.5, repetition_penalty: 1.1 },
    ]);
    expect(server.asked[0]?.body).not.toHaveProperty("n");
  });

  it("of messages is what the template writes; without one prompts are texts", async () => {
    const server = await serve(lengths);
    const decoder = await loaded(server, { policy: { specialTokens: { bos_token: "<s>" } } });
    expect(await decoder.render([{ role: "user", content: "a" }])).toBe("<s>[user]a[assistant]");
    await decoder.generate([{ role: "user", content: "a" }], { drafts: 1, maxTokens: 1 });
    expect(server.asked[0]?.body).toMatchObject({ prompt: "<s>[user]a[assistant]", add_special_tokens: false });
    const bare = await loaded(server, { chatTemplate: undefined });
    await bare.generate("as it is", { drafts: 1, maxTokens: 1 });
    expect(server.asked[1]?.body).toMatchObject({ prompt: "as it is" });
    expect(server.asked[1]?.body).not.toHaveProperty("add_special_tokens");
    await expectError(() => bare.generate([{ role: "user", content: "a" }]), "TEMPLATE_INVALID", "has no chat template");
    await expectError(() => loaded(server, { policy: { specialTokens: {} } }), "OPTION_INVALID", "policy.specialTokens.bos_token");
  });

  it.each([
    [[1], "[user]How?[assistant]"],
    [[], "<s>[user]How?[assistant]"],
  ])("of llama.cpp's server is written by its own template; where it begins texts with %j the request is %s", async (tokens, prompt) => {
    const props = { chat_template: TEMPLATE, bos_token: "<s>", eos_token: "</s>" };
    const server = await serve((asked, response, count) => {
      if (asked.path === "/tokenize") json(response, 200, { tokens });
      else lengths(asked, response, count);
    }, props);
    const decoder = await loaded(server, { chatTemplate: undefined, policy: { specialTokens: undefined } });
    await decoder.generate(PROMPT, { drafts: 1, maxTokens: 1 });
    expect(await decoder.render(PROMPT)).toBe("<s>[user]How?[assistant]");
    const asked = server.asked.find(({ path }) => path === "/v1/completions");
    expect(asked?.body).toMatchObject({ prompt });
    expect(asked?.body).not.toHaveProperty("add_special_tokens");
  });

  it("is asked for without what the server does not know", async () => {
    const server = await serve((asked, response, count) => {
      const unknown = ["add_special_tokens", "logprobs"].find((name) => name in asked.body);
      if (unknown !== undefined) json(response, 422, { error: { message: `Unknown field: ${unknown}` } });
      else lengths(asked, response, count);
    });
    const decoder = await loaded(server);
    expect((await decoder.generate(PROMPT, { drafts: 2, block: 1, maxTokens: 3 })).text).toBe(" x x x");
    expect(server.asked).toHaveLength(2 + 3);
  });

  it("ends where the server has no room, or says that the prompt has none", async () => {
    const full = (response: Parameters<Handler>[1]) =>
      json(response, 400, { error: { message: "This model's maximum context length is 8 tokens." } });
    const server = await serve((asked, response, count) => (count > 2 ? full(response) : lengths(asked, response, count)));
    const decoder = await loaded(server);
    expect(await decoder.generate(PROMPT, { drafts: 1, block: 1 })).toMatchObject({ text: " x x", finishReason: "context" });
    await expectError(() => decoder.generate(PROMPT, { drafts: 1 }), "PROMPT_TOO_LONG", "maximum context length");
  });

  it("that fails has what there was in its error, and the decoder goes on", async () => {
    const server = await serve((asked, response, count) => (count > 2 ? dies : lengths)(asked, response, count));
    const decoder = await loaded(server, { policy: { retries: 0 } });
    const seen: string[] = [];
    const options: GenerateOptions = { drafts: 2, block: 1, maxTokens: 4, onStep: ({ text }) => void seen.push(text) };
    const error = await decoder.generate(PROMPT, options).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ArgsearchError);
    expect(error).toMatchObject({ code: "REMOTE_FAILED", details: { response: " x x", url: `${server.url}/v1/completions` } });
    expect(seen).toEqual([" x", " x"]);
    server.become(lengths);
    expect((await decoder.generate(PROMPT, options)).text).toBe(" x x x x");
    const all = decoder.generateAll([PROMPT, PROMPT, PROMPT], { drafts: 2, block: 1, maxTokens: 2 });
    expect((await all).map(({ text }) => text)).toEqual([" x x", " x x", " x x"]);
  });

  it.each<[string, Choice[] | object, RegExp]>([
    ["no choices", {}, /answers without "choices"/],
    ["no text", { choices: [{ text: 1, finish_reason: "length" }] }, /gives 1 in place of a text/],
    ["no reason", { choices: [{ text: "a", finish_reason: null }] }, /ends a text with finish_reason null/],
    ["another reason", { choices: [{ text: "a", finish_reason: "abort" }] }, /finish_reason "abort"/],
  ])("with %s is REMOTE_INVALID", async (_name, answer, message) => {
    const decoder = await loaded(await serve((_asked, response) => json(response, 200, answer)));
    await expectError(() => decoder.generate(PROMPT, { drafts: 1 }), "REMOTE_INVALID", message);
  });

  it("ends by its signal with what there is, and by dispose()", async () => {
    const server = await serve((asked, response, count) => (count > 1 ? hangs : lengths)(asked, response, count));
    const decoder = await loaded(server);
    const controller = new AbortController();
    const response = decoder.generate(PROMPT, { drafts: 2, block: 1, maxTokens: 4, signal: controller.signal });
    await vi.waitFor(() => expect(server.asked).toHaveLength(2));
    controller.abort();
    expect(await response).toMatchObject({ text: " x", finishReason: "aborted" });
    await vi.waitFor(() => expect(server.open()).toBe(0));
    await expectError(() => decoder.generate(PROMPT, { signal: AbortSignal.abort() }), "ABORTED", "");
    const ended = expectError(() => decoder.generate(PROMPT), "DISPOSED", "");
    await vi.waitFor(() => expect(server.open()).toBe(1));
    await decoder.dispose();
    await ended;
    await vi.waitFor(() => expect(server.open()).toBe(0));
    await expectError(() => decoder.generate(PROMPT), "DISPOSED", "");
  });

  it("is banned by a function like any other", async () => {
    const server = await serve(({ body }, response) =>
      choices(
        response,
        Array.from({ length: body.n }, (_, at) => ({ text: `${at}`, finish_reason: "length" })),
      ),
    );
    const decoder = await loaded(server, {
      reward: (candidates) => candidates.map(({ text }) => (text === "1" ? 0 : Number.NEGATIVE_INFINITY)),
    });
    expect((await decoder.generate(PROMPT, { drafts: 2, block: 1, maxTokens: 2 })).text).toBe("11");
    const all = await loaded(server, { reward: (candidates) => candidates.map(() => Number.NEGATIVE_INFINITY) });
    await expectError(() => all.generate(PROMPT, { drafts: 2 }), "REWARD_FUNCTION_FAILED", "ban all 2 drafts");
  });
});

describe("what a server's policy cannot do", () => {
  it("is said", async () => {
    const decoder = await loaded(await serve(hangs));
    for (const work of [
      () => decoder.tokenize("a"),
      () => decoder.detokenize([1]),
      () => decoder.countTokens("a"),
      () => decoder.clear(0),
      () => decoder.cacheBytes(),
      async () => decoder.counters(),
    ]) {
      await expectError(work, "REMOTE_UNSUPPORTED", "load a policy's file");
    }
    const refused: GenerateOptions[] = [
      { method: "args" },
      { grammar: 'root ::= "a"' },
      { jsonSchema: true },
      { dryMultiplier: 0.5 },
      { topLogProbs: 2 },
      { slot: 0 },
      { ending: "never" },
      { select: "stochastic" },
      { keepDrafts: 2 },
      { blockReward: "mean" },
    ];
    for (const options of refused) {
      await expect(decoder.generate(PROMPT, options)).rejects.toMatchObject({ code: "OPTION_INVALID", option: Object.keys(options)[0] });
    }
  });

  it("and a server that is not there fails load()", async () => {
    const policy = { url: "http://127.0.0.1:9", model: "p", retries: 0 };
    await expectError(() => load({ policy }), "REMOTE_FAILED", /the policy's server http:\/\/127.0.0.1:9\/props cannot be reached/);
    await expectError(() => load({ policy: { url: "http://127.0.0.1:9" } as never }), "OPTION_INVALID", "policy.model");
  });
});
