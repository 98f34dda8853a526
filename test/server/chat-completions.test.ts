/** Chats: what the server answers is what the library decodes. */
import { describe, expect, test } from "vitest";
import { chat, MESSAGES, served, streamed } from "./serving.js";

const { decoder, url } = await served({}, { slots: 1 }); // one at a time: who shares a batch rounds otherwise
const reference = (options = {}) => decoder.generate({ messages: MESSAGES }, { maxTokens: 24, ...options });

describe("an answer", () => {
  test("is the library's, with its rewards, and OpenAI's fields", async () => {
    const expected = await reference({ weight: 0.4, topK: 5 });
    const { status, json } = await chat(url, { max_tokens: 24, argsearch: { weight: 0.4, topK: 5 } });
    expect(status).toBe(200);
    const [choice] = json.choices;
    expect(choice.message).toEqual({ role: "assistant", content: expected.text, refusal: null });
    expect(choice.finish_reason).toBe("length");
    expect(choice.argsearch.reward).toBe(expected.reward);
    expect(choice.argsearch.tokens.map(({ token }: { token: number }) => token)).toEqual(expected.tokens);
    expect(choice.argsearch.tokens.map(({ text }: { text: string }) => text)).toEqual(expected.pieces);
    expect(choice.argsearch.tokens.map(({ reward }: { reward: number }) => reward)).toEqual(expected.rewards);
    expect(json).toMatchObject({ object: "chat.completion", model: "policy" });
    expect(json.usage).toMatchObject({ prompt_tokens: expected.usage.promptTokens, completion_tokens: 24 });
    expect(json.usage.total_tokens).toBe(json.usage.prompt_tokens + 24);
  });

  test("has candidates when they are asked for, of which the best score was taken", async () => {
    const { json } = await chat(url, { max_tokens: 6, argsearch: { candidates: true, topK: 4 } });
    for (const { token, score, candidates } of json.choices[0].argsearch.tokens) {
      expect(candidates).toHaveLength(4);
      expect(score).toBe(Math.max(...candidates.map((each: { score: number }) => each.score)));
      expect(candidates.map((each: { token: number }) => each.token)).toContain(token);
    }
  });

  test("with weight 0 takes the plain path: no reward model decodes a token", async () => {
    const before = decoder.counters();
    const { json } = await chat(url, { max_tokens: 16, argsearch: { weight: 0, gate: "bound", topK: 7 } });
    const after = decoder.counters();
    expect(after.rewardTokens + after.rewardPrefillTokens).toBe(before.rewardTokens + before.rewardPrefillTokens);
    expect(json.choices[0].argsearch).toMatchObject({ method: "greedy", reward: null });
    expect(json.choices[0].message.content).toBe((await reference({ method: "greedy", maxTokens: 16 })).text);
  });

  test("with weight 0 has no candidates to count: topK is not the sampler's", async () => {
    const asked = { max_tokens: 20, temperature: 1.7, seed: 9 };
    const { json } = await chat(url, { ...asked, argsearch: { weight: 0, topK: 2, select: "stochastic" } });
    const plain = await reference({ method: "sample", temperature: 1.7, seed: 9, maxTokens: 20 });
    expect(json.choices[0].message.content).toBe(plain.text);
  });

  test("with weight 0 and rewards is plain, and rated", async () => {
    const { json } = await chat(url, { max_tokens: 8, argsearch: { weight: 0, rewards: true } });
    const plain = await reference({ method: "greedy", maxTokens: 8, rewards: true });
    expect(json.choices[0].argsearch.tokens.map(({ reward }: { reward: number }) => reward)).toEqual(plain.rewards);
  });

  test("with a temperature is drawn, by its seed", async () => {
    const asked = { max_tokens: 20, temperature: 1.3, seed: 11, argsearch: { weight: 0.3 } };
    const expected = await reference({ weight: 0.3, select: "stochastic", temperature: 1.3, seed: 11, maxTokens: 20 });
    expect((await chat(url, asked)).json.choices[0].message.content).toBe(expected.text);
    const plain = await reference({ method: "sample", temperature: 1.3, seed: 11, maxTokens: 20 });
    expect((await chat(url, { ...asked, argsearch: { weight: 0 } })).json.choices[0].message.content).toBe(plain.text);
  });

  test("stops at its stop string, which is cut off", async () => {
    const whole = await reference();
    const stop = whole.text.slice(10, 14);
    const { json } = await chat(url, { max_tokens: 24, stop: [stop] });
    expect(json.choices[0].message.content).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
    expect(json.choices[0].finish_reason).toBe("stop");
  });

  test("in blocks, with several drafts", async () => {
    const asked = { max_tokens: 12, seed: 3, argsearch: { method: "blocks", block: 4, drafts: 3 } };
    const expected = await reference({ method: "blocks", block: 4, drafts: 3, seed: 3, maxTokens: 12 });
    expect((await chat(url, asked)).json.choices[0].message.content).toBe(expected.text);
  });

  test("keeps to a JSON schema", async () => {
    const schema = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"], additionalProperties: false };
    const response_format = { type: "json_schema", json_schema: { name: "answer", schema, strict: true } };
    const { json } = await chat(url, { response_format, argsearch: { weight: 0.1 }, max_tokens: 200, logit_bias: {} });
    const { content } = json.choices[0].message;
    expect(json.choices[0].finish_reason === "length" || typeof JSON.parse(content).ok === "boolean").toBe(true);
    expect(content).toMatch(/^\s*\{/);
  });
});

describe("several answers", () => {
  test("draw by seeds of their own, the first by the request's", async () => {
    const { json } = await chat(url, { n: 3, temperature: 2, seed: 5, max_tokens: 16, argsearch: { weight: 0 } });
    expect(json.choices.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2]);
    const texts = json.choices.map((choice: { message: { content: string } }) => choice.message.content);
    expect(texts[0]).toBe((await reference({ method: "sample", temperature: 2, seed: 5, maxTokens: 16 })).text);
    expect(new Set(texts).size).toBeGreaterThan(1);
    expect(json.usage.completion_tokens).toBe(48);
    for (const choice of json.choices) {
      const { seed } = choice.argsearch;
      expect(choice.message.content).toBe((await reference({ method: "sample", temperature: 2, seed, maxTokens: 16 })).text);
    }
  });
});

describe("log-probabilities", () => {
  test("are the policy's, of each token and the likeliest beside it", async () => {
    const expected = await reference({ topLogProbs: 3, maxTokens: 5 });
    const { json } = await chat(url, { max_tokens: 5, logprobs: true, top_logprobs: 3 });
    const { content } = json.choices[0].logprobs;
    expect(content.map(({ logprob }: { logprob: number }) => logprob)).toEqual(expected.policyLogProbs);
    for (const [at, entry] of content.entries()) {
      expect(entry.top_logprobs.map(({ token }: { token: string }) => token)).toEqual(expected.topLogProbs?.[at]?.map(({ text }) => text));
      expect(Buffer.from(entry.bytes).toString()).toBe(entry.token);
    }
  });

  test("have the bytes of tokens that tear a character", async () => {
    // The bytes of an emoji, one token each in this vocabulary.
    const tokens = await decoder.tokenize("🎈");
    const bias = (token: number): Record<string, number> => ({ [token]: 1e5 });
    expect(tokens.length).toBeGreaterThan(1);
    const { json } = await chat(url, { max_tokens: 1, logprobs: true, logit_bias: bias(tokens[0] ?? 0), argsearch: { weight: 0 } });
    const [entry] = json.choices[0].logprobs.content;
    expect(entry.bytes).toEqual([...((await decoder.pieces(tokens.slice(0, 1)))[0] ?? [])]);
    expect(entry.token).toContain("\uFFFD");
  });
});

describe("a stream", () => {
  test("has the answer's text, tokens, end and usage, and [DONE]", async () => {
    const asked = { messages: MESSAGES, max_tokens: 20, stream_options: { include_usage: true }, logprobs: true };
    const events = await streamed(url, "/v1/chat/completions", asked);
    const expected = await reference({ maxTokens: 20 });
    expect(events.at(-1)).toBe("[DONE]");
    const chunks = events.slice(0, -1);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks[0].choices[0].delta).toEqual({ role: "assistant", content: "" });
    const deltas = chunks.flatMap(({ choices }) => choices);
    expect(deltas.map(({ delta }) => delta.content ?? "").join("")).toBe(expected.text);
    expect(deltas.flatMap(({ argsearch }) => argsearch?.tokens ?? []).map(({ token }) => token)).toEqual(expected.tokens);
    expect(deltas.flatMap(({ logprobs }) => logprobs?.content ?? []).map(({ logprob }) => logprob)).toEqual(expected.policyLogProbs);
    expect(deltas.map(({ finish_reason }) => finish_reason).filter(Boolean)).toEqual(["length"]);
    expect(deltas.at(-1).argsearch).toMatchObject({ reward: expected.reward, finishReason: "length", tokens: [] });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 20 } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  test("of several answers tells them apart", async () => {
    const asked = { messages: MESSAGES, n: 2, temperature: 1.5, seed: 2, max_tokens: 10 };
    const events = (await streamed(url, "/v1/chat/completions", asked)).slice(0, -1);
    const { json } = await chat(url, asked);
    for (const index of [0, 1]) {
      const deltas = events.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
      expect(deltas.map(({ delta }) => delta.content ?? "").join("")).toBe(json.choices[index].message.content);
    }
  });
});
