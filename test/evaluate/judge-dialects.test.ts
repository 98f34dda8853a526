/** Judges that are asked otherwise than OpenAI's first models: what they refuse, and how they think. */
import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { judgeClient } from "../../src/evaluate/judge/client.js";
import { Dialect } from "../../src/evaluate/judge/dialect.js";
import { type JudgeResult, judge } from "../../src/evaluate/judge/judge.js";
import type { JudgeOptions } from "../../src/evaluate/judge/options.js";
import { judgeMessages } from "../../src/evaluate/judge/scheme.js";
import { spoken } from "../../src/evaluate/judge/thought.js";
import { readVerdict } from "../../src/evaluate/judge/verdict.js";
import { openVerdicts, type VerdictCache, verdictKey } from "../../src/evaluate/judge/verdicts.js";
import type { EvaluatedResponse } from "../../src/evaluate/response.js";
import { type Handler, json, longerWins, say, serve } from "./judge-server.js";
import { type Body, ENDPOINTS, hasSystem, inOneMessage, openAi, strict } from "./refusing-endpoints.js";
import { responseOf } from "./responses.js";

const PROMPTS = 6;

function answers(method: string): EvaluatedResponse[] {
  return Array.from({ length: PROMPTS }, (_, index) =>
    responseOf({ method, index, prompt: `Question ${index}`, response: `${method} ${index}` }),
  );
}

async function run(url: string, options: Partial<JudgeOptions> = {}, cache?: VerdictCache): Promise<JudgeResult> {
  const full: JudgeOptions = { url, model: "m", concurrency: 3, retries: 0, timeout: 5000, ...options };
  const [result] = await judge(full, {
    ask: judgeClient(full),
    responses: new Map(["args-greedy", "greedy"].map((method) => [method, answers(method)])),
    pairs: [["args-greedy", "greedy"]],
    seed: 5,
    cache: cache ?? (await openVerdicts(undefined)),
    signal: undefined,
    onProgress: () => {},
  });
  if (result === undefined) throw new Error("no result");
  return result;
}

describe("an endpoint that refuses a part of the request", () => {
  it.each(Object.entries(ENDPOINTS))("is asked without it from then on: %s", async (_name, rules) => {
    const then: Handler = (asked, ...others) => (hasSystem(asked) ? longerWins : inOneMessage)(asked, ...others);
    const server = await serve(strict(rules, then));
    const result = await run(server.url);
    expect(result).toMatchObject({ win: PROMPTS, failed: 0, stopped: null });
    // Each of those under way at first may learn it for itself.
    expect(server.asked.length).toBeLessThanOrEqual(PROMPTS + 3 * rules.length);
    expect(result.changes?.length).toBeGreaterThan(0);
    for (const { messages } of server.asked) expect(messages.map(({ content }) => content).join()).toContain("Reply with one line");
  });

  it("is asked as before where it refuses nothing", async () => {
    const server = await serve(longerWins);
    expect(await run(server.url)).not.toHaveProperty("changes");
    expect(server.asked[0]).toMatchObject({ model: "m", temperature: 0.7, max_tokens: 512 });
    expect(Object.keys(server.asked[0] ?? {}).sort()).toEqual(["max_tokens", "messages", "model", "temperature"]);
  });

  it.each<[string, number, unknown]>([
    [
      "context, OpenAI",
      400,
      openAi(
        "This model's maximum context length is 4097 tokens. However, you requested 4927 tokens (4415 in the messages, 512 in the completion). Please reduce the length of the messages or completion.",
        "messages",
        "context_length_exceeded",
      ),
    ],
    [
      "context, vLLM",
      400,
      openAi(
        "'max_tokens' or 'max_completion_tokens' is too large: 512. This model's maximum context length is 4096 tokens and your request has 4000 input tokens (512 > 4096 - 4000). (parameter=max_tokens, value=512)",
        "max_tokens",
      ),
    ],
    [
      "limit, OpenAI",
      400,
      openAi(
        "max_tokens is too large: 512. This model supports at most 256 completion tokens, whereas you provided 512.",
        "max_tokens",
        "invalid_value",
      ),
    ],
    ["limit, Anthropic", 400, openAi("max_tokens: 512 > 256, which is the maximum allowed number of output tokens for claude")],
    ["no such model", 400, openAi("there is no model m")],
    ["a key, whatever it says", 401, openAi("temperature and max_tokens need a key for the system role")],
  ])("is not asked again for a fault of another kind: %s", async (_name, status, says) => {
    const server = await serve((_asked, response) => json(response, status, says));
    const result = await run(server.url, { concurrency: 1 });
    expect(server.asked).toHaveLength(1);
    expect(result).toMatchObject({ failed: 1, unasked: PROMPTS - 1 });
    expect(result).not.toHaveProperty("changes");
  });

  it("is given up with its own words when nothing helps, whatever their form", async () => {
    const server = await serve((_asked, response) =>
      json(response, 400, { object: "error", message: "max_tokens, temperature and the system role are bad" }),
    );
    const result = await run(server.url, { concurrency: 1 });
    expect(server.asked).toHaveLength(2);
    expect(result.stopped).toContain("400 max_tokens, temperature and the system role are bad");
  });
});

const THINKING: [what: string, reply: string][] = [
  ["in tags", "<think>\nThe first is 3 4.\n\n9 1\n</think>\n\n8 7\nBecause."],
  ["in capitals, with attributes", '<Thinking effort="high">5 5</Thinking>8 7'],
  ["in others' tags", "<reasoning>5 5</reasoning>\n8 7"],
  ["twice", "<think>5 5</think>\n<think>4 4</think>\n8 7"],
  ["not at all, in empty tags", "<think>\n\n</think>\n\n8 7"],
  ["without a beginning, which the template wrote", "Okay, 5 5 it is.\n5 5\n</think>\n\n8 7\nWhy"],
  ["as Magistral", "[THINK]5 5[/THINK]8 7"],
  ["as Kimi", "◁think▷5 5◁/think▷8 7"],
  ["as Seed", "<seed:think>5 5</seed:think>8 7"],
  ["as Command", "<|START_THINKING|>5 5<|END_THINKING|><|START_RESPONSE|>8 7<|END_RESPONSE|>"],
  ["and answers in tags", "<think>5 5</think>\n<answer>\n8 7\n</answer>"],
  ["as gpt-oss", "<|channel|>analysis<|message|>5 5<|end|><|start|>assistant<|channel|>final<|message|>8 7\nBecause<|return|>"],
  ["as gpt-oss without its marks", "analysisWe compare: 5 5assistantfinal8 7\nBecause"],
];

describe("a judge that thinks", () => {
  it.each(THINKING)("%s is read behind its thought", (_what, reply) => {
    expect(readVerdict(reply)).toEqual([8, 7]);
    expect(spoken(reply).thought).toBe(true);
  });

  it.each([
    "<think>5 5",
    "<think>\n5 5\n8 7",
    "<reasoning>8 7",
    "[THINK]8 7",
    "<|channel|>analysis<|message|>8 7",
    "<think>8 7</think>",
    "<think>8 7</think>I would say the first.",
    "<thinker>8 7</thinker> 8 7",
  ])("has said nothing in %j", (reply) => {
    expect(readVerdict(reply)).toBeNull();
  });

  it("is not one that quotes such marks behind its scores", () => {
    expect(readVerdict("8 7\nThe second answer ends in </think> and\n1 2")).toEqual([8, 7]);
    expect(spoken("8 7").thought).toBe(false);
  });

  const message = (response: ServerResponse, message: unknown, finish_reason = "stop"): void =>
    json(response, 200, { choices: [{ index: 0, finish_reason, message }] });

  it.each<[string, (scores: string) => unknown]>([
    ["in a field of its own", (content) => ({ content, reasoning_content: "5 5" })],
    ["in another", (content) => ({ content, reasoning: "5 5" })],
    [
      "in parts",
      (text) => ({
        content: [
          { type: "thinking", thinking: [{ type: "text", text: "5 5" }] },
          { type: "text", text },
        ],
      }),
    ],
  ])("%s is understood", async (_what, shape) => {
    const server = await serve((_asked, response) => message(response, shape("8 8\nAlike.")));
    expect(await run(server.url)).toMatchObject({ tie: PROMPTS, unreadable: 0 });
    expect(server.asked).toHaveLength(PROMPTS);
  });

  it.each<[string, unknown, string]>([
    ["unclosed", { content: "<think>Hmm, 5 5" }, "length"],
    ["in a field of its own", { content: null, reasoning_content: "Hmm" }, "length"],
    ["hidden", { content: "" }, "length"],
    ["hidden, as if it had ended", { content: null, reasoning_content: "Hmm" }, "stop"],
    ["up to the middle of the scores", { content: "<think>Hmm</think>\n8 1" }, "length"],
    ["without its beginning", { content: "", reasoning: "Hmm" }, "max_tokens"],
  ])("and has no room left gets more, once for all: %s", async (_what, cut, reason) => {
    const server = await serve((asked, response, ...others) => {
      if (((asked as Body).max_tokens ?? 0) < 8192) return message(response, cut, reason);
      longerWins(asked, response, ...others);
    });
    const result = await run(server.url, { concurrency: 1 });
    expect(result).toMatchObject({ win: PROMPTS, failed: 0, changes: ["8192 tokens a reply"] });
    expect(server.asked.map((asked) => (asked as Body).max_tokens)).toEqual([512, ...Array<number>(PROMPTS).fill(8192)]);
  });

  it("gets as much as its model has", async () => {
    const server = await serve((asked, response, ...others) => {
      const { max_tokens = 0 } = asked as Body;
      if (max_tokens > 3000)
        return json(response, 400, openAi(`max_tokens: ${max_tokens} > 3000, which is the maximum allowed number of output tokens`));
      if (max_tokens < 1000) return message(response, { content: "<think>" }, "length");
      longerWins(asked, response, ...others);
    });
    expect(await run(server.url, { concurrency: 1 })).toMatchObject({ win: PROMPTS, failed: 0, changes: ["2048 tokens a reply"] });
    expect(server.asked.slice(0, 4).map((asked) => (asked as Body).max_tokens)).toEqual([512, 8192, 4096, 2048]);
  });

  it("gets it though one long question has no room for so much", async () => {
    const server = await serve((asked, response, ...others) => {
      const { max_tokens = 0, messages } = asked as Body;
      const room = messages[1]?.content.includes("Question 2\n") ? 1500 : 10_000;
      const says = `'max_tokens' or 'max_completion_tokens' is too large: ${max_tokens}. This model's maximum context length is 10000 tokens`;
      if (max_tokens > room) return json(response, 400, openAi(says));
      if (max_tokens < 1000) return message(response, { content: "<think>" }, "length");
      longerWins(asked, response, ...others);
    });
    expect(await run(server.url, { concurrency: 1 })).toMatchObject({ win: PROMPTS, failed: 0, changes: ["8192 tokens a reply"] });
    const limits = server.asked.map((asked) => (asked as Body).max_tokens);
    expect(limits).toEqual([512, 8192, 8192, 8192, 4096, 2048, 1024, 8192, 8192, 8192]);
  });

  it("and comes to no verdict at all counts as without reply, and is asked again later", async () => {
    const server = await serve((_asked, response) => message(response, { content: "<think>Hmm" }, "length"));
    const cache = await openVerdicts(undefined);
    const result = await run(server.url, { concurrency: 1, maxTokens: 4000 }, cache);
    expect(result).toMatchObject({
      unreadable: 0,
      failed: PROMPTS,
      failures: [{ message: "the judge did not come to a verdict within 16000 tokens", count: PROMPTS }],
    });
    expect(server.asked).toHaveLength(PROMPTS + 1);
    server.become(longerWins);
    expect(await run(server.url, {}, cache)).toMatchObject({ win: PROMPTS, failed: 0 });
  });

  it("is not one that talks on and on", async () => {
    const server = await serve((_asked, response) => message(response, { content: "I think that the first" }, "length"));
    expect(await run(server.url)).toMatchObject({ unreadable: PROMPTS, failed: 0, unreadableReply: "I think that the first" });
    expect(server.asked).toHaveLength(PROMPTS);
  });
});

describe("what an endpoint takes", () => {
  it("is learned once, by all that were under way", () => {
    const dialect = new Dialect("m", 512);
    const sent = [1, 2].map(() => dialect.body(judgeMessages({ prompt: "Q", answer: "a", baseline: "b", swapped: false })));
    for (const body of sent) expect(dialect.learn(body, 400, "max_tokens is not supported")).toBe(true);
    expect(dialect.body([])).toMatchObject({ max_completion_tokens: 512 });
    expect(dialect.learn(dialect.body(sent[0]?.messages ?? []), 400, "max_tokens is not supported")).toBe(false);
  });

  it("changes nothing about what a question is kept under", () => {
    const messages = judgeMessages({ prompt: "Q", answer: "a", baseline: "b", swapped: false });
    expect(verdictKey("m", messages)).toBe("9b44e1ae3e1f548b3a1f7ad01465bc27f1054ae1de029962d93c25da49e4caf8");
  });

  it("is no empty text", async () => {
    const server = await serve((_asked, response) => say(response, " \n"));
    expect(await run(server.url)).toMatchObject({
      unreadable: 0,
      failed: PROMPTS,
      failures: [{ message: "the answer holds no text", count: PROMPTS }],
    });
  });
});
