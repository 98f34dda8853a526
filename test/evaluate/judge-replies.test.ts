/** What stands behind a good status where no completion does. */
import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { judgeClient } from "../../src/evaluate/judge/client.js";
import type { Reply } from "../../src/evaluate/judge/reply.js";
import { judgeMessages } from "../../src/evaluate/judge/scheme.js";
import { serve } from "./judge-server.js";

const COMPLETION = JSON.stringify({ choices: [{ message: { role: "assistant", content: "7 5" } }] });

async function ask(type: string, bodies: readonly string[], retries = 0): Promise<{ reply: Reply; requests: number }> {
  const answer = (response: ServerResponse, body: string): void => void response.writeHead(200, { "content-type": type }).end(body);
  const server = await serve((_asked, response, count) => answer(response, bodies[Math.min(count, bodies.length) - 1] as string));
  const client = judgeClient({ url: server.url, model: "m", retries, timeout: 5000 });
  const reply = await client(
    judgeMessages({ prompt: "Q", answer: "a", baseline: "b", swapped: false }),
    undefined,
    new AbortController().signal,
  );
  return { reply, requests: server.asked.length };
}

const JSON_TYPE = "application/json";

describe("an answer without a completion", () => {
  const limited = JSON.stringify({ error: { message: "Provider returned error: rate limited", code: 429 } });

  it.each([
    ["an error", limited, /^429 Provider returned error: rate limited$/],
    ["an error beside nothing", '{"choices":null,"error":{"message":"upstream is down","code":502}}', /^502 upstream is down$/],
    ["an error of the choice", '{"choices":[{"error":{"message":"overloaded"},"message":{"content":""}}]}', /^502 overloaded$/],
    ["an error in a word", '{"error":"no model is loaded"}', /^502 no model is loaded$/],
  ])("but %s is that error, asked again as one", async (_what, body, failure) => {
    const { reply } = await ask(JSON_TYPE, [body]);
    expect(reply).toMatchObject({ failure: expect.stringMatching(failure), concerns: "question", again: null });
    expect(await ask(JSON_TYPE, [body, COMPLETION], 1)).toEqual({ reply: { content: "7 5" }, requests: 2 });
  });

  it("but an error that another try does not mend is not asked again", async () => {
    const body = JSON.stringify({ error: { message: "no credits", code: 402 } });
    const { reply, requests } = await ask(JSON_TYPE, [body], 3);
    expect({ reply, requests }).toEqual({
      reply: expect.objectContaining({ failure: "402 no credits", concerns: "endpoint" }),
      requests: 1,
    });
  });

  it.each([
    [
      "a refusal",
      JSON_TYPE,
      '{"choices":[{"message":{"content":null,"refusal":"I cannot judge that."}}]}',
      "the judge refuses: I cannot judge that.",
    ],
    ["a page", "text/html", "<!DOCTYPE html>\n<p>Log in</p>", "the answer is no completion: <!DOCTYPE html> <p>Log in</p>"],
    [
      "a stream",
      "text/event-stream",
      'data: {"choices":[]}\n\ndata: [DONE]\n',
      'the answer is no completion: data: {"choices":[]} data: [DONE]',
    ],
    ["an empty body", "text/plain", "", "the answer holds no text"],
    ["no choices", JSON_TYPE, "{}", "the answer holds no text"],
  ])("but %s says so", async (_what, type, body, failure) => {
    expect((await ask(type, [body])).reply).toMatchObject({ failure });
  });

  it.each(["text/plain", "text/html; charset=utf-8"])("is none where only the label is wrong: %s", async (type) => {
    expect((await ask(type, [COMPLETION])).reply).toEqual({ content: "7 5" });
  });
});
