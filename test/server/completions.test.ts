/** Texts: prompts as they are, one or several. */
import { expect, test } from "vitest";
import { chat, MESSAGES, post, served, streamed } from "./serving.js";

const { decoder, url } = await served({}, { slots: 1 }); // one at a time: who shares a batch rounds otherwise

test("a text is continued without a chat template", async () => {
  const expected = await decoder.generate("The quick brown", { template: "none", maxTokens: 10 });
  const { json } = await post(url, "/v1/completions", { prompt: "The quick brown", max_tokens: 10 });
  expect(json).toMatchObject({ object: "text_completion", choices: [{ index: 0, text: expected.text, finish_reason: "length" }] });
});

test("several prompts with several answers each stand behind each other", async () => {
  const asked = { prompt: ["Once upon", "The quick"], n: 2, temperature: 1.5, seed: 4, max_tokens: 8, argsearch: { weight: 0 } };
  const { json } = await post(url, "/v1/completions", asked);
  expect(json.choices.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2, 3]);
  const options = { template: "none", method: "sample", temperature: 1.5, seed: 4, maxTokens: 8 } as const;
  expect(json.choices[0].text).toBe((await decoder.generate("Once upon", options)).text);
  expect(json.choices[2].text).toBe((await decoder.generate("The quick", options)).text);
});

test("log-probabilities are columns, whose offsets cut the text into tokens", async () => {
  const { json } = await post(url, "/v1/completions", { prompt: "Once upon", max_tokens: 12, logprobs: 2 });
  const { text, logprobs } = json.choices[0];
  expect(logprobs.tokens.join("")).toBe(text);
  for (const [at, offset] of logprobs.text_offset.entries()) expect(text.startsWith(logprobs.tokens[at], offset)).toBe(true);
  expect(Object.keys(logprobs.top_logprobs[0])).toHaveLength(2);
});

test("offsets of a stream go on from event to event", async () => {
  const events = (await streamed(url, "/v1/completions", { prompt: "Once upon", max_tokens: 12, logprobs: 0 })).slice(0, -1);
  const parts = events.flatMap(({ choices }) => choices).filter(({ logprobs }) => logprobs !== null);
  const whole = (await post(url, "/v1/completions", { prompt: "Once upon", max_tokens: 12, logprobs: 0 })).json.choices[0];
  expect(parts.flatMap(({ logprobs }) => logprobs.text_offset)).toEqual(whole.logprobs.text_offset);
  expect(parts.map(({ text }) => text).join("")).toBe(whole.text);
});

test.each([
  ["more answers than one request may have", { prompt: ["a", "b"], n: 128 }, "n"],
  ["a prompt in tokens", { prompt: [[1, 2]] }, "prompt[0]"],
  ["an echo", { prompt: "a", echo: true }, "echo"],
])("%s is refused", async (_, asked, param) => {
  const { status, json } = await post(url, "/v1/completions", asked);
  expect([status, json.error.param]).toEqual([400, param]);
});

test("a prompt that a client has written the chat template into is that chat", async () => {
  const rendered = await decoder.render({ messages: MESSAGES });
  const chatted = await chat(url, { max_tokens: 12 });
  const { json } = await post(url, "/v1/completions", { prompt: rendered, max_tokens: 12 });
  expect(json.choices[0].text).toBe(chatted.json.choices[0].message.content);
  expect(json.usage.prompt_tokens).toBe(chatted.json.usage.prompt_tokens);
  const letters = await decoder.generate(rendered, { template: "none", maxTokens: 1 });
  expect(letters.usage.promptTokens).toBeGreaterThan(json.usage.prompt_tokens);
});
