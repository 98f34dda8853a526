/** What reaches the endpoint of a question, and when it is asked again. */
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { judgeClient } from "../../src/evaluate/judge/client.js";
import type { JudgeOptions } from "../../src/evaluate/judge/options.js";
import type { Reply } from "../../src/evaluate/judge/reply.js";
import { judgeMessages } from "../../src/evaluate/judge/scheme.js";
import { expectError } from "../errors/expect-error.js";
import { type Handler, say, serve } from "./judge-server.js";

function ask(options: Partial<JudgeOptions> & { url: string }): Promise<Reply> {
  const messages = judgeMessages({ prompt: "Q", answer: "a", baseline: "b", swapped: false });
  return judgeClient({ model: "m", timeout: 5000, ...options })(messages, undefined, new AbortController().signal);
}

interface Seen {
  path: string | undefined;
  headers: IncomingHttpHeaders;
}

async function seen(options: Partial<JudgeOptions> = {}, path = ""): Promise<Seen> {
  const requests: Seen[] = [];
  const server = await serve((_asked, response, _count, { url, headers }) => {
    requests.push({ path: url, headers });
    say(response, "7 5");
  });
  expect(await ask({ ...options, url: `${server.url}${path}` })).toEqual({ content: "7 5" });
  return requests[0] as Seen;
}

const VARIABLES = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"];

beforeEach(() => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
});
afterEach(() => void vi.unstubAllEnvs());

describe("a request", () => {
  it("goes to the chat completions below the URL, whatever else that says", async () => {
    vi.stubEnv("OPENAI_BASE_URL", "http://127.0.0.1:1/elsewhere");
    for (const end of ["", "/"]) expect((await seen({}, end)).path).toBe("/v1/chat/completions");
    expect((await seen({}, "/deployments/m?api-version=1")).path).toBe("/v1/deployments/m/chat/completions?api-version=1");
  });

  it("says who asks, and names no key where there is none", async () => {
    const { headers } = await seen();
    expect(headers).toMatchObject({
      accept: "application/json",
      "content-type": "application/json",
      "user-agent": expect.stringMatching(/^argsearch\/\d/),
    });
    expect(Object.keys(headers).filter((name) => /^(?:authorization|openai-)/.test(name))).toEqual([]);
  });

  it("bears what the environment says of key, organisation, project and further headers", async () => {
    vi.stubEnv("OPENAI_API_KEY", "key");
    vi.stubEnv("OPENAI_ORG_ID", "org");
    vi.stubEnv("OPENAI_PROJECT_ID", "project");
    vi.stubEnv("OPENAI_CUSTOM_HEADERS", "api-key: a:b\nno header\r\nx-trace : 1");
    expect((await seen()).headers).toMatchObject({
      authorization: "Bearer key",
      "openai-organization": "org",
      "openai-project": "project",
      "api-key": "a:b",
      "x-trace": "1",
    });
  });

  it("is not sent with a key that no header can hold, nor is the key shown", async () => {
    const url = "http://127.0.0.1:1";
    await expectError(() => ask({ url, apiKey: "geheim\u20ac" }), "OPTION_INVALID", /^judge\.apiKey, or OPENAI_API_KEY, (?!.*geheim)/);
  });
});

describe("another try", () => {
  const first = (status: number, headers: Record<string, string>): Handler => {
    const refusal = (response: ServerResponse): void => void response.writeHead(status, headers).end('{"error":{"message":"no"}}');
    return (_asked, response, count) => (count === 1 ? refusal(response) : say(response, "7 5"));
  };
  const soon = { "retry-after-ms": "1" };

  it.each([
    [418, { ...soon, "x-should-retry": "true" }, { content: "7 5" }],
    [418, soon, { failure: "418 no" }],
    [500, { ...soon, "x-should-retry": "false" }, { failure: "500 no" }],
    [500, soon, { content: "7 5" }],
    [429, { "retry-after": "0" }, { content: "7 5" }],
    [429, { "retry-after": new Date(Date.now() - 1000).toUTCString(), ...soon }, { content: "7 5" }],
  ])("after a %i with %j", async (status, headers, reply) => {
    const server = await serve(first(status, headers));
    expect(await ask({ url: server.url, retries: 3 })).toMatchObject(reply);
    expect(server.asked).toHaveLength("content" in reply ? 2 : 1);
  });
});

describe("an error is told in the endpoint's words", () => {
  it.each([
    ["in a list, as Google's", '[{"error":{"code":400,"message":"API key not valid."}}]', "400 API key not valid."],
    ["of words alone", "no such model", "400 no such model"],
    ["of a JSON that is no object", '"no such model"', '400 "no such model"'],
    ["without any", "", "400 status code (no body)"],
    ["in a form that is not known", '{"reason":"too long"}', "400 {}"],
  ])("%s", async (_what, body, failure) => {
    const server = await serve((_asked, response) => response.writeHead(400).end(body));
    expect(await ask({ url: server.url })).toMatchObject({ failure, concerns: "request" });
  });
});
