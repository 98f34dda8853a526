/** OpenAI's own client against the server. What it must give is what the library gives. */
import type OpenAI from "openai";
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParamsNonStreaming } from "openai/resources/chat/completions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerateOptions } from "../../src/index.js";
import { describeOnNewerNode, NEW_ENOUGH } from "./newer-node.js";
import { MESSAGES, PROMPT, type Serving, serving } from "./serving.js";

const openai = NEW_ENOUGH ? await import("openai") : ({} as typeof import("openai"));

interface Guided {
  argsearch: {
    method: string;
    reward: number | null;
    finishReason: string;
    seed: number;
    tokens: { text: string; reward: number | null }[];
  };
}

const withGuidance = <T>(params: T, argsearch: GenerateOptions): T => ({ ...params, argsearch });
const guidanceOf = (choice: unknown): Guided["argsearch"] => (choice as Guided).argsearch;
const contentOf = ({ choices: [choice] }: ChatCompletion): string | null | undefined => choice?.message.content;

describeOnNewerNode("openai", () => {
  let server: Serving;
  let client: OpenAI;
  beforeAll(async () => {
    server = await serving({ slots: 4 });
    client = clientOf(server);
  });
  afterAll(async () => server[Symbol.asyncDispose]());

  const clientOf = ({ baseURL }: Serving, apiKey = "none") => new openai.OpenAI({ baseURL, apiKey, maxRetries: 0 });
  const call = { model: "policy", messages: MESSAGES, max_tokens: 12 } satisfies ChatCompletionCreateParamsNonStreaming;
  const wanted = (options: GenerateOptions = {}) => server.decoder.generate(MESSAGES, { maxTokens: 12, ...options });

  it("lists the model", async () => {
    const { data } = await client.models.list();
    expect(data).toMatchObject([{ id: "policy", object: "model", owned_by: "argsearch" }]);
  });

  it("completes chats, guided and not", async () => {
    const guided = await client.chat.completions.create(withGuidance(call, { weight: 0.7, topK: 5 }));
    const expected = await wanted({ weight: 0.7, topK: 5 });
    expect(contentOf(guided)).toBe(expected.text);
    expect(guided.choices[0]).toMatchObject({ index: 0, finish_reason: "length" });
    const { reward, tokens } = guidanceOf(guided.choices[0]);
    expect(reward).toBe(expected.reward);
    expect(tokens.map((token) => token.reward)).toEqual(expected.rewards);
    expect(guided.usage).toMatchObject({ prompt_tokens: expected.usage.promptTokens, completion_tokens: 12 });
    const plain = await client.chat.completions.create(withGuidance(call, { weight: 0 }));
    expect(contentOf(plain)).toBe((await wanted({ method: "greedy" })).text);
  });

  it("streams what it completes", async () => {
    const stream = await client.chat.completions.create({ ...call, stream: true, stream_options: { include_usage: true } });
    const chunks: ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const expected = await wanted();
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(expected.text);
    expect(chunks.at(-1)?.usage?.completion_tokens).toBe(12);
    expect(chunks.flatMap(({ choices }) => choices.map((choice) => choice.finish_reason)).at(-1)).toBe("length");
    const rewards = chunks.flatMap(({ choices }) => choices.flatMap((choice) => guidanceOf(choice)?.tokens ?? []));
    expect(rewards.map(({ reward }) => reward)).toEqual(expected.rewards);
    const whole = await client.chat.completions.stream(call).finalChatCompletion();
    expect(contentOf(whole as ChatCompletion)).toBe(expected.text);
  });

  it("gives several answers, which the seed draws", async () => {
    const drawn = { ...call, n: 3, temperature: 1.5, seed: 7 };
    const [first, again] = [await client.chat.completions.create(drawn), await client.chat.completions.create(drawn)];
    expect(first.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(again.choices.map(({ message }) => message.content)).toEqual(first.choices.map(({ message }) => message.content));
    expect(new Set(first.choices.map((choice) => guidanceOf(choice).seed)).size).toBe(3);
    const alone = await wanted({ select: "stochastic", temperature: 1.5, seed: 7 });
    expect(first.choices[0]?.message.content).toBe(alone.text);
  });

  it("reports log-probabilities of the policy", async () => {
    const { choices } = await client.chat.completions.create({ ...call, logprobs: true, top_logprobs: 3 });
    const { policyLogProbs, pieces, topLogProbs = [] } = await wanted({ topLogProbs: 3 });
    const content = choices[0]?.logprobs?.content ?? [];
    expect(content.map(({ token }) => token)).toEqual(pieces);
    expect(content.map(({ logprob }) => logprob)).toEqual(policyLogProbs);
    expect(content.map(({ top_logprobs }) => top_logprobs.map(({ token }) => token))).toEqual(
      topLogProbs.map((step) => step.map(({ text }) => text)),
    );
  });

  it("keeps to a schema", async () => {
    const { zodResponseFormat } = await import("openai/helpers/zod");
    const { z } = await import("zod");
    const schema = z.object({ title: z.string().max(20), loud: z.boolean() });
    const parsed = await client.chat.completions.parse({ ...call, max_tokens: 200, response_format: zodResponseFormat(schema, "show") });
    expect(schema.parse(parsed.choices[0]?.message.parsed)).toEqual(JSON.parse(parsed.choices[0]?.message.content ?? ""));
    const json = await client.chat.completions.create({ ...call, max_tokens: 200, response_format: { type: "json_object" } });
    expect(() => JSON.parse(contentOf(json) ?? "")).not.toThrow();
  });

  it("completes texts", async () => {
    const text = { model: "policy", prompt: PROMPT, max_tokens: 12 };
    const expected = await server.decoder.generate(PROMPT, { maxTokens: 12, template: "none" });
    const { choices } = await client.completions.create(text);
    expect(choices[0]?.text).toBe(expected.text);
    let streamed = "";
    for await (const chunk of await client.completions.create({ ...text, stream: true })) streamed += chunk.choices[0]?.text ?? "";
    expect(streamed).toBe(expected.text);
    const two = await client.completions.create({ ...text, prompt: [PROMPT, "Hello"] });
    expect(two.choices.map(({ index }) => index)).toEqual([0, 1]);
  });

  describe("errors are the client's", () => {
    it("BadRequestError, with the library's code and the option", async () => {
      const misspelt = client.chat.completions.create(withGuidance(call, { wieght: 1 } as GenerateOptions));
      const error = (await misspelt.catch((reason: unknown) => reason)) as InstanceType<typeof openai.BadRequestError>;
      expect(error).toBeInstanceOf(openai.BadRequestError);
      expect([error.code, error.param]).toEqual(["OPTION_INVALID", expect.stringContaining("wieght")]);
      const tools = [{ type: "function" as const, function: { name: "clock" } }];
      await expect(client.chat.completions.create({ ...call, tools })).rejects.toBeInstanceOf(openai.BadRequestError);
      await expect(client.chat.completions.create({ ...call, messages: [], stream: true })).rejects.toBeInstanceOf(openai.BadRequestError);
    });

    it("NotFoundError for another model", async () => {
      await expect(client.chat.completions.create({ ...call, model: "gpt-5" })).rejects.toBeInstanceOf(openai.NotFoundError);
    });

    it("AuthenticationError without the key", async () => {
      await using locked = await serving({}, { apiKey: "sesame" });
      await expect(clientOf(locked, "guess").models.list()).rejects.toBeInstanceOf(openai.AuthenticationError);
      expect((await clientOf(locked, "sesame").models.list()).data).toHaveLength(1);
    });

    it("RateLimitError when too many wait", async () => {
      await using small = await serving({ slots: 1, queue: { max: 0 } });
      const held = small.decoder.stream(PROMPT, { ending: "never" });
      await held.next();
      const error: unknown = await clientOf(small)
        .chat.completions.create(call)
        .catch((reason) => reason);
      expect(error).toBeInstanceOf(openai.RateLimitError);
      expect(Number((error as InstanceType<typeof openai.RateLimitError>).headers?.get("retry-after"))).toBeGreaterThan(0);
      await held.return(undefined as never);
    });
  });

  it("an abort frees the slot", async () => {
    await using small = await serving({ slots: 1, queue: false });
    const endless = withGuidance({ model: "policy", messages: MESSAGES, stream: true as const }, { ending: "never" });
    const stream = await clientOf(small).chat.completions.create(endless);
    for await (const { choices } of stream) if (choices[0]?.delta.content) stream.controller.abort();
    const free = () =>
      small.decoder.generate(PROMPT, { maxTokens: 1 }).then(
        ({ finishReason }) => finishReason,
        () => "busy",
      );
    await expect.poll(free).toBe("length");
    const signal = AbortSignal.timeout(50);
    const { stream: _, ...whole } = endless;
    await expect(clientOf(small).chat.completions.create(whole, { signal })).rejects.toBeInstanceOf(openai.APIUserAbortError);
    await expect.poll(free).toBe("length");
  });
});
