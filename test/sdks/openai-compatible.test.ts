/** The AI SDK over HTTP, by its provider for servers that speak OpenAI's API. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import type { GenerateOptions } from "../../src/index.js";
import { describeOnNewerNode, NEW_ENOUGH } from "./newer-node.js";
import { MESSAGES, PROMPT, type Serving, serving } from "./serving.js";

const ai = NEW_ENOUGH ? await import("ai") : ({} as typeof import("ai"));
const { createOpenAICompatible } = NEW_ENOUGH
  ? await import("@ai-sdk/openai-compatible")
  : ({} as typeof import("@ai-sdk/openai-compatible"));

Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });

describeOnNewerNode("@ai-sdk/openai-compatible", () => {
  let server: Serving;
  let local: ReturnType<typeof createOpenAICompatible>;
  beforeAll(async () => {
    server = await serving({ slots: 2 });
    local = createOpenAICompatible({ name: "local", baseURL: server.baseURL, supportsStructuredOutputs: true, includeUsage: true });
  });
  afterAll(async () => server[Symbol.asyncDispose]());

  const short = { maxOutputTokens: 12, maxRetries: 0, prompt: PROMPT } as const;
  const wanted = (options: GenerateOptions = {}) => server.decoder.generate(MESSAGES, { maxTokens: 12, ...options });

  it("generateText() gives what generate() gives", async () => {
    const providerOptions = { local: { argsearch: { weight: 0.7, topK: 5 } } };
    const { text, usage, finishReason } = await ai.generateText({ ...short, model: local("policy"), providerOptions });
    const expected = await wanted({ weight: 0.7, topK: 5 });
    expect([text, finishReason]).toEqual([expected.text, "length"]);
    expect(usage).toMatchObject({ inputTokens: expected.usage.promptTokens, outputTokens: 12 });
  });

  it("streamText() gives the same", async () => {
    const stream = ai.streamText({ ...short, model: local("policy") });
    let text = "";
    for await (const part of stream.textStream) text += part;
    expect(text).toBe((await wanted()).text);
    expect((await stream.usage).outputTokens).toBe(12);
  });

  it("keeps to a schema", async () => {
    const schema = z.object({ title: z.string().max(20), loud: z.boolean() });
    const { output } = await ai.generateText({ model: local("policy"), prompt: PROMPT, output: ai.Output.object({ schema }) });
    expect(schema.parse(output)).toEqual(output);
  });

  it("says what the server says", async () => {
    const providerOptions = { local: { argsearch: { wieght: 1 } } };
    const error: unknown = await ai.generateText({ ...short, model: local("policy"), providerOptions }).catch((reason) => reason);
    expect(ai.APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ statusCode: 400, isRetryable: false, message: expect.stringContaining("wieght") });
  });
});
