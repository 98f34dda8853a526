/** A policy on a server, against a search that is written out here. */
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  ArgsearchError,
  type Decoder,
  EMBEDDED,
  type GenerateOptions,
  type LoadOptions,
  load,
  type RewardCandidate,
} from "../../src/index.js";
import { expectError } from "../errors/expect-error.js";
import { type Choice, choices, classes, dies, type Handler, hangs, json, numberOf, type Server, serve } from "./server.js";

const TEMPLATE =
  "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
const PROMPT = "How?";
const RENDERED = "[user]How?[assistant]";

const cleanup: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of cleanup.splice(0)) await each[Symbol.asyncDispose]();
});

/** Continuations that were given, by the text that they continue. */
type Given = Map<string, Choice[]>;

const WORDS = ["a", "knife", "is", "sharp", "not", "dull", "ünder", "stone", "🔪", "end"];

/** What follows a text, as its seed decides: a word a token, and now and then the end. */
function continued(prompt: string, seed: number, tokens: number): Choice {
  const drawn = Array.from({ length: tokens }, (_, at) => Math.abs(Math.round(64 * numberOf(`${prompt}/${seed}/${at}`))));
  const end = drawn.findIndex((each) => each % 23 === 0);
  const kept = end < 0 ? drawn : drawn.slice(0, end);
  return { text: kept.map((each) => ` ${WORDS[each % WORDS.length]}`).join(""), finish_reason: end < 0 ? "length" : "stop" };
}

/** vLLM's manner: `n` continuations of consecutive seeds; `single`: one, whatever `n` is. */
function policy(given: Given, single = false): Handler {
  return ({ body }, response) => {
    const count = single ? 1 : (body.n ?? 1);
    const all = Array.from({ length: count }, (_, at) => continued(body.prompt, body.seed + at, body.max_tokens));
    given.set(body.prompt, [...(given.get(body.prompt) ?? []), ...all]);
    choices(response, all, { prompt_tokens: 7, completion_tokens: body.max_tokens, prompt_tokens_details: { cached_tokens: 3 } });
  };
}

/** The best of each block's drafts, as long as one goes on and there is room. */
function bruteForce(
  given: Given,
  reward: (response: string) => number,
  { block, maxTokens }: { block: number; maxTokens: number },
): string {
  let response = "";
  for (let tokens = 0; tokens < maxTokens; tokens += block) {
    const drafts = given.get(RENDERED + response) ?? [];
    const rewards = drafts.map(({ text }) => reward(response + text));
    const best = drafts[rewards.indexOf(Math.max(...rewards))];
    if (best === undefined) throw new Error(`nothing was asked behind ${response}`);
    response += best.text;
    if (best.finish_reason === "stop") break;
  }
  return response;
}

const ofText = (response: string): number => numberOf(response);
const byFunction = (candidates: readonly RewardCandidate[]): number[] => candidates.map(({ response }) => ofText(response));

async function loaded(server: Server, options: Omit<LoadOptions, "policy"> & { policy?: object } = {}): Promise<Decoder> {
  const { policy: more, ...rest } = options;
  const policy = { url: `${server.url}/v1`, model: "p", timeout: 5000, retries: 2, specialTokens: { bos_token: "" }, ...more };
  const decoder = await load({ policy, chatTemplate: TEMPLATE, reward: byFunction, ...rest });
  cleanup.push(decoder);
  return decoder;
}

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

  it.each([false, true])("are the best by a reward model in this process; in a process of its own: %s", async (isolate) => {
    const given: Given = new Map();
    const decoder = await loaded(await serve(policy(given)), { reward: EMBEDDED.reward, threads: 1, isolate });
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

describe("a response", () => {
  const lengths: Handler = ({ body }, response) => choices(response, Array(body.n ?? 1).fill({ text: " x", finish_reason: "length" }));

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
