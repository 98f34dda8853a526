/** The provider under the real AI SDK, decoding with the embedded pair. What it must give is what the library gives for the same options. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createArgsearch, type ResponseMetadata } from "../../src/ai-sdk/index.js";
import { type Decoder, EMBEDDED, type GenerateOptions, load } from "../../src/index.js";
import { describeOnNewerNode, NEW_ENOUGH } from "./newer-node.js";

const ai = NEW_ENOUGH ? await import("ai") : ({} as typeof import("ai"));
const PROMPT = "Can you help me set up a light show?";
const MESSAGES = [{ role: "user", content: PROMPT }];
const SHORT = { maxOutputTokens: 12, maxRetries: 0 } as const;
const ENDLESS = { argsearch: { ending: "never" } };

Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });

function metadataOf(result: { providerMetadata?: unknown }): ResponseMetadata {
  return (result.providerMetadata as { argsearch: ResponseMetadata }).argsearch;
}

describeOnNewerNode("ai", () => {
  let decoder: Decoder;
  let argsearch: ReturnType<typeof createArgsearch>;
  beforeAll(async () => {
    decoder = await load({ gpu: false, threads: 1, queue: false });
    argsearch = createArgsearch(decoder);
  });
  afterAll(() => decoder.dispose());

  const wanted = (options: GenerateOptions) => decoder.generate(MESSAGES, { maxTokens: 12, ...options });

  it("generateText() gives what generate() gives, with its rewards", async () => {
    const result = await ai.generateText({ model: argsearch(), prompt: PROMPT, providerOptions: { argsearch: { weight: 0.7, topK: 5 } } });
    const expected = await wanted({ weight: 0.7, topK: 5, maxTokens: 1000 });
    expect(result.text).toBe(expected.text);
    expect(expected.finishReason).toBe("eog");
    expect([result.finishReason, result.rawFinishReason, result.warnings]).toEqual(["stop", "eog", []]);
    const { tokens, timings, ...rest } = metadataOf(result);
    const { reward, gate, lookahead, finishReason } = expected;
    const objectives = Object.fromEntries(Object.entries(expected.objectives).map(([name, values]) => [name, values.at(-2)]));
    expect(rest).toEqual({ method: "args", reward, objectives, finishReason, seed: expect.any(Number), gate, lookahead });
    expect(tokens.map(({ token }) => token)).toEqual(expected.tokens);
    expect(tokens.map((token) => token.reward)).toEqual(expected.rewards);
    expect(tokens.map(({ text }) => text).join("")).toBe(expected.text);
    expect(timings.total).toBeGreaterThan(0);
    expect(result.response.modelId).toBe("policy");
  });

  it("streamText() gives the same, token by token", async () => {
    const providerOptions = { argsearch: { candidates: true } };
    const stream = ai.streamText({ model: argsearch("mine"), prompt: PROMPT, providerOptions });
    let text = "";
    const told: unknown[] = [];
    for await (const part of stream.fullStream) {
      if (part.type !== "text-delta") continue;
      text += part.text;
      told.push(...metadataOf(part).tokens);
    }
    const expected = await wanted({ candidates: true, maxTokens: 1000 });
    expect(text).toBe(expected.text);
    const metadata = metadataOf({ providerMetadata: await stream.providerMetadata });
    expect(metadata.reward).toBe(expected.reward);
    // The token that ends the turn has no text.
    expect(metadata.tokens.slice(0, told.length)).toEqual(told);
    expect(told).toHaveLength(expected.tokens.length - 1);
    expect(metadata.tokens[0]?.candidates).toHaveLength(10);
    expect(await stream.finishReason).toBe("stop");
    expect((await stream.usage).outputTokens).toBe(expected.usage.completionTokens);
    expect((await stream.response).modelId).toBe("mine");
  });

  it("usage tells prompt, cache and response apart", async () => {
    await decoder.clear(0);
    const call = () => ai.generateText({ ...SHORT, model: argsearch(), prompt: PROMPT });
    const [first, second] = [await call(), await call()];
    const promptTokens = await decoder.countTokens(MESSAGES);
    const details = { cacheWriteTokens: undefined };
    expect(first.usage.inputTokenDetails).toEqual({ ...details, noCacheTokens: promptTokens, cacheReadTokens: 0 });
    expect(second.usage.inputTokenDetails).toEqual({ ...details, noCacheTokens: 1, cacheReadTokens: promptTokens - 1 });
    expect(second.usage).toMatchObject({ inputTokens: promptTokens, outputTokens: 12, totalTokens: promptTokens + 12 });
    expect([second.finishReason, second.rawFinishReason]).toEqual(["length", "length"]);
  });

  it("decodes to the end of the context where nothing limits it", async () => {
    const small = createArgsearch({ gpu: false, threads: 1, contextSize: 64 });
    const result = await ai.generateText({ model: small(), prompt: PROMPT, providerOptions: ENDLESS });
    expect([result.finishReason, result.rawFinishReason, result.usage.totalTokens]).toEqual(["length", "context", 64]);
    await small.dispose();
  });

  it("cuts at stop sequences", async () => {
    const { text } = await ai.generateText({ ...SHORT, model: argsearch(), prompt: PROMPT, stopSequences: ["light"] });
    expect(text).toBe((await wanted({ stop: "light" })).text);
    expect(text).not.toContain("light");
  });

  it("draws as the temperature and the seed say", async () => {
    const call = { ...SHORT, model: argsearch(), prompt: PROMPT, temperature: 1.5, seed: 7 };
    const guided = await ai.generateText(call);
    expect(guided.text).toBe((await wanted({ select: "stochastic", temperature: 1.5, seed: 7 })).text);
    expect(metadataOf(guided)).toMatchObject({ method: "args", seed: 7 });
    const sampled = await ai.generateText({ ...call, topK: 3, topP: 0.5, providerOptions: { argsearch: { weight: 0 } } });
    expect(sampled.text).toBe((await wanted({ method: "sample", temperature: 1.5, topK: 3, topP: 0.5, seed: 7 })).text);
    const blocks = await ai.generateText({ ...call, providerOptions: { argsearch: { method: "blocks", block: 4 } } });
    expect(blocks.text).toBe((await wanted({ method: "blocks", block: 4, policyTemperature: 1.5, seed: 7 })).text);
  });

  it("weight 0 decodes no reward model", async () => {
    const before = decoder.counters();
    const call = { ...SHORT, model: argsearch(), prompt: PROMPT };
    const plain = await ai.generateText({ ...call, providerOptions: { argsearch: { weight: 0, topK: 5 } } });
    const after = decoder.counters();
    expect(after.steps - before.steps).toBe(12);
    expect(after.rewardTokens).toBe(before.rewardTokens);
    expect(plain.text).toBe((await wanted({ method: "greedy" })).text);
    expect(metadataOf(plain)).toMatchObject({ method: "greedy", reward: null, objectives: {} });
    const rated = await ai.generateText({ ...call, providerOptions: { argsearch: { weight: 0, rewards: true } } });
    expect(rated.text).toBe(plain.text);
    expect(metadataOf(rated).reward).toBe((await wanted({ method: "greedy", rewards: true })).reward);
  });

  it("a conversation goes on in its cache", async () => {
    const first = await ai.generateText({ model: argsearch(), prompt: PROMPT });
    const messages = [
      { role: "user" as const, content: PROMPT },
      ...first.responseMessages,
      { role: "user" as const, content: "And a cake?" },
    ];
    const second = await ai.generateText({ ...SHORT, model: argsearch(), messages });
    expect(second.usage.inputTokenDetails.cacheReadTokens).toBeGreaterThan(first.usage.inputTokens ?? Number.POSITIVE_INFINITY);
  });

  describe("structured output", () => {
    const schema = z.object({ title: z.string().max(20), minutes: z.number().int().min(1).max(90), loud: z.boolean() });

    it("is what the schema says", async () => {
      const { output } = await ai.generateText({ model: argsearch(), prompt: PROMPT, output: ai.Output.object({ schema }) });
      expect(schema.parse(output)).toEqual(output);
    });

    it("streams", async () => {
      const stream = ai.streamText({ model: argsearch(), prompt: PROMPT, output: ai.Output.object({ schema }) });
      const partial: unknown[] = [];
      for await (const each of stream.partialOutputStream) partial.push(each);
      expect(partial.at(-1)).toEqual(await stream.output);
      expect(partial.length).toBeGreaterThan(2);
    });

    it("chooses, lists, and writes any JSON", async () => {
      const call = { model: argsearch(), prompt: PROMPT };
      const choice = await ai.generateText({ ...call, output: ai.Output.choice({ options: ["red", "green"] }) });
      expect(["red", "green"]).toContain(choice.output);
      const array = ai.Output.array({ element: z.enum(["a", "b"]), minItems: 2, maxItems: 3 } as never);
      const list = await ai.generateText({ ...call, maxOutputTokens: 200, output: array });
      for (const each of list.output) expect(["a", "b"]).toContain(each);
      const any = await ai.generateText({ ...call, output: ai.Output.json() });
      expect(any.output).toEqual(JSON.parse(any.text));
    });

    it("says what of a schema it cannot keep", async () => {
      const unkept = ai.jsonSchema({ type: "array", items: {}, uniqueItems: true });
      const call = ai.generateText({ model: argsearch(), prompt: PROMPT, output: ai.Output.object({ schema: unkept }) });
      await expect(call).rejects.toMatchObject({ code: "SCHEMA_INVALID" });
    });
  });

  describe("an abort", () => {
    it("before it begins, and while it decodes, is the signal's", async () => {
      const call = { model: argsearch(), prompt: PROMPT, providerOptions: ENDLESS, maxRetries: 0 };
      await expect(ai.generateText({ ...call, abortSignal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
      await expect(ai.generateText({ ...call, abortSignal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: "TimeoutError" });
      expect((await wanted({})).finishReason).toBe("length"); // the slot is free: there is no queue
    });

    it("ends a stream, and frees its slot", async () => {
      const abort = new AbortController();
      const errors: unknown[] = [];
      const onError = ({ error }: { error: unknown }) => void errors.push(error);
      const call = { model: argsearch(), prompt: PROMPT, providerOptions: ENDLESS };
      const stream = ai.streamText({ ...call, abortSignal: abort.signal, onError });
      const types: string[] = [];
      for await (const part of stream.fullStream) {
        types.push(part.type);
        if (types.filter((type) => type === "text-delta").length === 3) abort.abort();
      }
      expect(types.at(-1)).toBe("abort");
      expect(errors).toEqual([]);
      await expect
        .poll(() =>
          wanted({}).then(
            ({ finishReason }) => finishReason,
            () => "busy",
          ),
        )
        .toBe("length");
    });

    it("that only leaves the stream, which the SDK then neither reads nor cancels, does not keep the slot for ever", async () => {
      const stream = ai.streamText({ model: argsearch(), prompt: PROMPT, maxOutputTokens: 30, providerOptions: ENDLESS });
      const reader = stream.textStream.getReader();
      await reader.read();
      await reader.cancel();
      await expect
        .poll(() =>
          wanted({}).then(
            ({ finishReason }) => finishReason,
            () => "busy",
          ),
        )
        .toBe("length");
    });
  });

  it("is wrapped, named and registered like other providers", async () => {
    const settings = { providerOptions: { argsearch: { weight: 0 } } };
    const plain = ai.wrapLanguageModel({ model: argsearch(), middleware: ai.defaultSettingsMiddleware({ settings }) });
    const registry = ai.createProviderRegistry({ local: argsearch, mine: ai.customProvider({ languageModels: { plain } }) });
    const guided = await ai.generateText({ ...SHORT, model: registry.languageModel("local:any"), prompt: PROMPT });
    expect(guided.text).toBe((await wanted({})).text);
    const greedy = await ai.generateText({ ...SHORT, model: registry.languageModel("mine:plain"), prompt: PROMPT });
    expect(greedy.text).toBe((await wanted({ method: "greedy" })).text);
    const simulated = ai.wrapLanguageModel({ model: argsearch(), middleware: ai.simulateStreamingMiddleware() });
    expect(await ai.streamText({ ...SHORT, model: simulated, prompt: PROMPT }).text).toBe(guided.text);
    expect(() => registry.embeddingModel("local:any")).toThrow(expect.toSatisfy(ai.NoSuchModelError.isInstance));
  });

  describe("what cannot be done", () => {
    const tools = () => ({ clock: ai.tool({ description: "the time", inputSchema: z.object({}) }) });

    it("is warned of, where the answer is still of use", async () => {
      const call = { ...SHORT, model: argsearch(), prompt: PROMPT, reasoning: "high" as const, tools: tools() };
      const { warnings, text } = await ai.generateText(call);
      expect(warnings?.map((warning) => "feature" in warning && warning.feature)).toEqual(["tools", "reasoning"]);
      expect(text).toBe((await wanted({})).text);
    });

    it("is an error that the SDK knows, where it is not", async () => {
      const call = { ...SHORT, model: argsearch() };
      const image = { type: "file" as const, data: new Uint8Array([137, 80, 78, 71]), mediaType: "image/png" };
      const messages = [{ role: "user" as const, content: [{ type: "text" as const, text: PROMPT }, image] }];
      for (const failing of [
        ai.generateText({ ...call, messages }),
        ai.generateText({ ...call, prompt: PROMPT, tools: tools(), toolChoice: "required" }),
      ]) {
        const error: unknown = await failing.catch((reason) => reason);
        expect(error).toMatchObject({ name: "ArgsearchError", code: "OPTION_INVALID" });
        expect(ai.UnsupportedFunctionalityError.isInstance(error)).toBe(true);
      }
    });

    it("names the option", async () => {
      const call = { ...SHORT, model: argsearch(), prompt: PROMPT };
      const misspelt = ai.generateText({ ...call, providerOptions: { argsearch: { wieght: 0.5 } } });
      await expect(misspelt).rejects.toMatchObject({ code: "OPTION_INVALID", option: "wieght" });
      const errors: unknown[] = [];
      const stream = ai.streamText({ ...call, topP: 2, onError: ({ error }) => void errors.push(error) });
      await stream.consumeStream();
      expect(errors).toMatchObject([{ code: "OPTION_INVALID", option: "topP" }]);
    });

    it("is a model that is not there", async () => {
      const nowhere = createArgsearch({ gpu: false, policy: "nowhere.gguf" });
      const call = ai.generateText({ ...SHORT, model: nowhere(), prompt: PROMPT });
      await expect(call).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
      const unrewarded = createArgsearch({ gpu: false, threads: 1, policy: EMBEDDED.policy });
      const guided = { ...SHORT, model: unrewarded(), prompt: PROMPT, providerOptions: { argsearch: { method: "args" } } };
      await expect(ai.generateText(guided)).rejects.toMatchObject({ code: "OPTION_INVALID", option: "method" });
      await unrewarded.dispose();
    });
  });
});
