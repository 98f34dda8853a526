/** LangChain's ChatOpenAI against the server. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import type { GenerateOptions } from "../../src/index.js";
import { describeOnNewerNode, NEW_ENOUGH } from "./newer-node.js";
import { MESSAGES, PROMPT, type Serving, serving } from "./serving.js";

const { ChatOpenAI } = NEW_ENOUGH ? await import("@langchain/openai") : ({} as typeof import("@langchain/openai"));

describeOnNewerNode("@langchain/openai", () => {
  let server: Serving;
  beforeAll(async () => {
    server = await serving({ slots: 2 });
  });
  afterAll(async () => server[Symbol.asyncDispose]());

  const chatOf = (argsearch: GenerateOptions = {}, maxTokens = 12) =>
    new ChatOpenAI({
      model: "policy",
      apiKey: "none",
      maxTokens,
      maxRetries: 0,
      configuration: { baseURL: server.baseURL },
      modelKwargs: { argsearch },
      __includeRawResponse: true,
    });
  const wanted = (options: GenerateOptions = {}) => server.decoder.generate(MESSAGES, { maxTokens: 12, ...options });

  it("invoke() gives what generate() gives, rewards among it", async () => {
    const answer = await chatOf({ weight: 0.7, topK: 5 }).invoke(PROMPT);
    const expected = await wanted({ weight: 0.7, topK: 5 });
    expect(answer.content).toBe(expected.text);
    expect(answer.usage_metadata).toMatchObject({ input_tokens: expected.usage.promptTokens, output_tokens: 12 });
    const raw = answer.additional_kwargs.__raw_response as { choices: { argsearch: { reward: number } }[] };
    expect(raw.choices[0]?.argsearch.reward).toBe(expected.reward);
  });

  it("stream() gives the same", async () => {
    let text = "";
    for await (const chunk of await chatOf().stream(PROMPT)) text += chunk.content;
    expect(text).toBe((await wanted()).text);
  });

  it("withStructuredOutput() keeps to a schema", async () => {
    const schema = z.object({ title: z.string().max(20), loud: z.boolean() });
    const found = await chatOf({}, 200).withStructuredOutput(schema, { method: "jsonSchema" }).invoke(PROMPT);
    expect(schema.parse(found)).toEqual(found);
  });

  it("says what the server says", async () => {
    await expect(chatOf({ wieght: 1 } as GenerateOptions).invoke(PROMPT)).rejects.toThrow(/wieght/);
  });
});
