/** What the reward models say of given texts, in our shape and in vLLM's. */
import { describe, expect, test } from "vitest";
import { MESSAGES, post, served } from "./serving.js";

const { decoder, url } = await served();
const PROMPT = MESSAGES[0]?.content ?? "";
const ANSWERS = ["Certainly. Here is a plan.", "No."];

describe("/v1/score", () => {
  test("rates responses, conversations and texts as score() does", async () => {
    const messages = [...MESSAGES, { role: "assistant", content: "No." }];
    const inputs = [{ prompt: PROMPT, response: "Certainly. Here is a plan." }, { messages }, { text: "Hello there" }];
    const expected = await decoder.score([
      { prompt: PROMPT, response: "Certainly. Here is a plan." },
      { prompt: PROMPT, response: "No." },
      { text: "Hello there" },
    ]);
    const { json } = await post(url, "/v1/score", { inputs });
    expect(json.data.map(({ score }: { score: number }) => score)).toEqual(expected.map(({ reward }) => reward));
    expect(json.data[0]).toMatchObject({ index: 0, object: "score", objectives: expected[0]?.objectives });
    const alone = await post(url, "/v1/score", inputs[0]);
    expect(alone.json.data[0].score).toBe(expected[0]?.reward);
  });

  test("rates documents as answers to one query, or to one each: vLLM's shape, the old names too", async () => {
    const expected = await decoder.score(ANSWERS.map((response) => ({ prompt: PROMPT, response })));
    for (const body of [
      { queries: PROMPT, documents: ANSWERS },
      { queries: [PROMPT, PROMPT], documents: ANSWERS },
      { text_1: PROMPT, text_2: ANSWERS },
    ]) {
      const { json } = await post(url, "/score", body);
      expect(json.data.map(({ score }: { score: number }) => score)).toEqual(expected.map(({ reward }) => reward));
    }
  });
});

describe("vLLM's /classify and /pooling", () => {
  const text = `<|im_start|>user\n${PROMPT}<|im_end|>\n<|im_start|>assistant\n${ANSWERS[0]}`;

  test("give raw values of texts whose control tokens are spelt out, as clients write them", async () => {
    const [conversation] = await decoder.score([{ prompt: PROMPT, response: ANSWERS[0] ?? "" }]);
    const rendered = `${await decoder.render(PROMPT)}${ANSWERS[0]}`;
    const { json } = await post(url, "/classify", { input: [rendered, "Hi"], use_activation: false });
    expect(json.data).toHaveLength(2);
    expect(json.data[0].probs[0]).toBeCloseTo(conversation?.reward ?? Number.NaN, 4);
    expect(json.data[0]).toMatchObject({ index: 0, label: "reward", num_classes: 1 });
  });

  test("give a single label's sigmoid unless they are told not to", async () => {
    const raw = (await post(url, "/classify", { input: text, use_activation: false })).json.data[0].probs[0];
    const share = (await post(url, "/classify", { input: text })).json.data[0].probs[0];
    expect(share).toBeCloseTo(1 / (1 + Math.exp(-raw)), 10);
  });

  test("rate a conversation by its last message", async () => {
    const messages = [...MESSAGES, { role: "assistant", content: "No." }];
    const [expected] = await decoder.score([{ prompt: PROMPT, response: "No." }]);
    const { json } = await post(url, "/classify", { messages, use_activation: false });
    expect(json.data[0].probs).toEqual([expected?.reward]);
  });

  test("give bare numbers, of the whole or behind each token", async () => {
    const whole = (await post(url, "/pooling", { input: "Hello there", use_activation: false })).json.data[0];
    const each = (await post(url, "/pooling", { input: "Hello there", task: "token_classify", use_activation: false })).json.data[0];
    const scored = await decoder.score({ text: "Hello there" });
    expect(whole).toMatchObject({ object: "pooling", data: [scored.reward] });
    expect(each.data).toEqual(scored.tokens.map(({ reward }) => [reward]));
  });
});

describe("refuses", () => {
  test.each([
    ["/v1/score", {}, null],
    ["/v1/score", { inputs: [] }, "inputs"],
    ["/v1/score", { inputs: [{ prompt: "a" }] }, "inputs[0].response"],
    ["/v1/score", { queries: ["a", "b", "c"], documents: ["d", "e"] }, "documents"],
    [
      "/v1/score",
      {
        messages: [
          { role: "user", content: "a" },
          { role: "user", content: "b" },
        ],
      },
      "messages",
    ],
    ["/classify", { input: 3 }, null],
    ["/classify", { input: "x", model: "other" }, "model"],
    ["/pooling", { input: "x", task: "embed" }, "task"],
  ])("%s %j", async (path, body, param) => {
    const { status, json } = await post(url, path, body);
    expect([400, 404]).toContain(status);
    if (param !== null) expect(json.error.param).toBe(param);
  });

  test("to rate where there is no reward model", async () => {
    const plain = await served({}, { policy: decoder.info.policy.path, reward: null });
    const { status, json } = await post(plain.url, "/v1/score", { text: "x" });
    expect([status, json.error.code]).toEqual([400, "OPTION_INVALID"]);
  });
});
