/** Questions to a model on a server that speaks OpenAI's protocol. */
import { describe, expect, it } from "vitest";
import { type AskReward, load, loadReward, type RewardModel } from "../../src/index.js";
import { expectError } from "../errors/expect-error.js";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { type Given, loaded, policy } from "./policies.js";
import { type Asked, type Handler, json, numberOf, type Server, serve } from "./server.js";

const QUESTION = "Is it polite?";
const PROMPT = [
  { role: "system", content: "Be kind." },
  { role: "user", content: "Hi" },
];

const folder = modelFolder();

type Top = Record<string, number>;

/** One token, with the probabilities of those that might have been. */
function answers(top: (asked: Asked) => Top, { refuse = [] as string[] } = {}): Handler {
  return (asked, response) => {
    const refused = refuse.find((name) => name in asked.body);
    if (refused)
      return json(response, 400, { error: { message: `Unsupported parameter: '${refused}' is not supported with this model.` } });
    const top_logprobs = Object.entries(top(asked)).map(([token, probability]) => ({ token, logprob: Math.log(probability), bytes: null }));
    const [first] = top_logprobs;
    const content = [{ ...first, top_logprobs }];
    json(response, 200, {
      object: "chat.completion",
      choices: [{ index: 0, message: { role: "assistant", content: first?.token ?? "" }, logprobs: { content }, finish_reason: "length" }],
    });
  };
}

async function asking(server: Server, options: Partial<AskReward> = {}): Promise<RewardModel> {
  return loadReward({ reward: { ask: QUESTION, url: `${server.url}/v1`, model: "m", retries: 1, ...options } });
}

const CLEAR: Top = { Yes: 0.5, " yes": 0.1, Maybe: 0.1, No: 0.15, "▁NO": 0.05, Y: 0.01 };

describe("score()", () => {
  it("is P(yes) against P(no) among the likeliest tokens behind conversation, reply and question", async () => {
    const server = await serve(answers(() => CLEAR));
    const model = await asking(server, { apiKey: "key" });
    const { reward, objectives } = await model.score({ prompt: PROMPT, response: "Ahoy" });
    expect(reward).toBeCloseTo(0.61 / 0.81, 9);
    expect(objectives).toEqual({ [QUESTION]: reward });
    expect(server.asked).toHaveLength(1);
    expect(server.asked[0]).toMatchObject({ path: "/v1/chat/completions", headers: { authorization: "Bearer key" } });
    expect(server.asked[0]?.body).toEqual({
      model: "m",
      messages: [
        ...PROMPT,
        { role: "assistant", content: "Ahoy" },
        { role: "user", content: `${QUESTION}\n\nAnswer with one word, yes or no.` },
      ],
      max_tokens: 1,
      temperature: 0,
      logprobs: true,
      top_logprobs: 20,
      chat_template_kwargs: { enable_thinking: false },
    });
  });

  it("takes answers of its own, and a half where none of them is likely", async () => {
    const server = await serve(answers(() => ({ Ja: 0.2, Nein: 0.6 })));
    const model = await asking(server, { answers: ["ja", "nein"], name: "Manieren" });
    expect(await model.score({ prompt: "Hi", response: "Ahoy" })).toMatchObject({
      objectives: { Manieren: expect.closeTo(0.25, 9) as number },
    });
    server.become(answers(() => ({ Well: 0.9 })));
    expect((await model.score({ prompt: "Hi", response: "Ahoy" })).reward).toBe(0.5);
  });

  it("leaves out what the server refuses by its name, from then on", async () => {
    const server = await serve(answers(() => CLEAR, { refuse: ["chat_template_kwargs", "max_tokens", "temperature"] }));
    const model = await asking(server);
    await model.score({ prompt: "Hi", response: "Ahoy" });
    expect(server.asked).toHaveLength(4);
    await model.score({ prompt: "Hi", response: "Ahoy" });
    expect(server.asked).toHaveLength(5);
    expect(Object.keys(server.asked[4]?.body).sort()).toEqual(["logprobs", "max_completion_tokens", "messages", "model", "top_logprobs"]);
  });
});

describe("blocks", () => {
  it("of a policy here or on a server are the best by the server's answers, one request a draft", async () => {
    const judges = await serve(answers(({ body }) => ({ yes: (numberOf(body.messages.at(-2).content) + 3) / 6, no: 0.1 })));
    const reward = { ask: QUESTION, url: judges.url, model: "m" };
    const given: Given = new Map();
    const decoder = await loaded(await serve(policy(given)), { reward });
    const { text } = await decoder.generate("How?", { block: 4, drafts: 3, maxTokens: 4, seed: 3, ending: "reward" });
    const drafts = [...given.values()].flat().map((draft) => draft.text);
    expect(judges.asked.map(({ body }) => body.messages.at(-2).content).sort()).toEqual([...drafts].sort());
    expect(numberOf(text)).toBe(Math.max(...drafts.map(numberOf)));
    await using local = await load({ reward, threads: 1 });
    const before = judges.asked.length;
    const found = await local.generate("How do I bake bread?", {
      method: "blocks",
      block: 4,
      drafts: 3,
      maxTokens: 4,
      seed: 3,
      ending: "reward",
    });
    const asked = judges.asked.slice(before).map(({ body }) => body.messages.at(-2).content as string);
    expect(asked).toHaveLength(3);
    expect(numberOf(found.text)).toBe(Math.max(...asked.map(numberOf)));
  });
});

describe("what is wrong is told", () => {
  const completion =
    (logprobs: unknown): Handler =>
    (_, response) =>
      json(response, 200, { choices: [{ message: { content: "Yes" }, logprobs }] });
  it.each<[string, Handler, "REMOTE_INVALID" | "REMOTE_FAILED", RegExp]>([
    [
      "no log-probabilities",
      completion(null),
      "REMOTE_INVALID",
      /gives no log-probabilities of its answer, which reward is read from: take a model and a server/,
    ],
    [
      "empty ones",
      completion({ content: [{ token: "Yes", logprob: 0, top_logprobs: [] }] }),
      "REMOTE_INVALID",
      /gives no log-probabilities/,
    ],
    ["no completion", (_, response) => json(response, 200, { data: [] }), "REMOTE_INVALID", /it is no chat completion/],
    [
      "log-probabilities are refused",
      (_, response) => json(response, 400, { error: { message: "logprobs is not supported" } }),
      "REMOTE_FAILED",
      /logprobs is not supported.*take a model and a server/,
    ],
    ["no such model", (_, response) => json(response, 404, { error: { message: "no model m" } }), "REMOTE_FAILED", /404 no model m/],
    ["too many at once", (_, response) => json(response, 429, { error: { message: "slow down" } }), "REMOTE_FAILED", /slow down, 2 times/],
  ])("%s", async (_, handler, code, message) => {
    const model = await asking(await serve(handler));
    await expectError(() => model.score({ prompt: "Hi", response: "Ahoy" }), code, message);
  });

  it("a policy on a server is not asked by itself", async () => {
    const server = await serve(policy(new Map()));
    await expectError(
      () => loaded(server, { reward: { ask: QUESTION } }),
      "OPTION_INVALID",
      /reward\.model must name the GGUF of an instruct model: there is no policy/,
    );
  });
});

it.each([false, true])("a model here answers about the drafts of a policy on a server; in a process of its own: %s", async (isolate) => {
  const chatTemplate =
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
  const shape = { vocabulary: ALL_BYTES, layers: 1, embedding: 32, heads: 2, kvHeads: 1, feedForward: 32, contextLength: 512 };
  const judge = folder.write({ seed: 5, ...shape, chatTemplate });
  const reward = { ask: QUESTION, model: judge.path };
  const given: Given = new Map();
  const decoder = await loaded(await serve(policy(given)), {
    reward: [reward, ([...drafts]) => drafts.map(() => 1)],
    threads: 1,
    gpu: false,
    isolate,
  });
  const { text } = await decoder.generate("How?", { block: 4, drafts: 3, maxTokens: 4, seed: 3, ending: "reward" });
  await using model = await loadReward({ reward, threads: 1, gpu: false });
  const drafts = [...given.values()].flat().map((draft) => draft.text);
  const rewards = (await model.score(drafts.map((response) => ({ prompt: "How?", response })))).map((scored) => scored.reward);
  expect(text).toBe(drafts[rewards.indexOf(Math.max(...rewards))]);
  expect(new Set(rewards).size).toBeGreaterThan(1);
  expect(decoder.info.objectives).toEqual([QUESTION, "function"]);
});
