import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { judgeClient } from "../../src/evaluate/judge/client.js";
import { type JudgeResult, judge } from "../../src/evaluate/judge/judge.js";
import type { JudgeEstimate, JudgeOptions } from "../../src/evaluate/judge/options.js";
import { isSwapped, judgeMessages } from "../../src/evaluate/judge/scheme.js";
import { readVerdict } from "../../src/evaluate/judge/verdict.js";
import { VerdictCache } from "../../src/evaluate/judge/verdicts.js";
import { responseOf } from "./responses.js";

interface Asked {
  model: string;
  messages: { role: string; content: string }[];
}

type Handler = (asked: Asked, response: ServerResponse, count: number, request: IncomingMessage) => void;

/** A server that speaks as much of the protocol as a judge needs; counts what it is asked. */
async function serve(handler: Handler): Promise<{ url: string; asked: Asked[]; most: () => number }> {
  const asked: Asked[] = [];
  let open = 0;
  let most = 0;
  const server = createServer((request, response) => {
    most = Math.max(most, ++open);
    response.on("close", () => open--);
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const parsed = JSON.parse(body) as Asked;
      asked.push(parsed);
      handler(parsed, response, asked.length, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked, most: () => most };
}

function say(response: ServerResponse, content: string): void {
  const choices = [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }];
  json(response, 200, { id: "1", object: "chat.completion", created: 0, model: "m", choices });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "retry-after-ms": "1" }).end(JSON.stringify(body));
}

const PROMPTS = 8;
const responses = new Map(
  ["args-greedy", "greedy"].map((method) => [
    method,
    Array.from({ length: PROMPTS }, (_, index) =>
      responseOf({ method, index, prompt: `Question ${index}`, response: `${method} ${index}` }),
    ),
  ]),
);

interface Run {
  options?: Partial<JudgeOptions>;
  cache?: VerdictCache;
  signal?: AbortSignal;
}

async function run(url: string, { options, cache, signal }: Run = {}): Promise<JudgeResult> {
  const full: JudgeOptions = { url, model: "m", concurrency: 2, retries: 2, timeout: 2000, ...options };
  const [result] = await judge(full, {
    ask: await judgeClient(full),
    responses,
    pairs: [["args-greedy", "greedy"]],
    seed: 5,
    cache: cache ?? (await VerdictCache.open(undefined)),
    signal,
    onProgress: () => {},
  });
  if (result === undefined) throw new Error("one pair gives one result");
  return result;
}

/** 9 for the guided answer, whichever side it is on. */
const fair: Handler = ({ messages }, response) => {
  const first = messages[1]?.content.split("[Answer of assistant 2]")[0] ?? "";
  say(response, first.includes("args-greedy") ? "9 3\nThe first is better." : "3 9\nThe second is better.");
};

describe("verdicts", () => {
  it.each([
    ["8 7", [8, 7]],
    ["\n\n 8.5, 10 \nbecause", [8.5, 10]],
    ["8,7", [8, 7]],
    ["1\t10\r\nWhy", [1, 10]],
  ])("of %j are read", (reply, scores) => {
    expect(readVerdict(reply)).toEqual(scores);
  });

  it.each(["", "8", "8 7 6", "8/10 7/10", "Scores: 8 7", "11 3", "0 5", "eight seven", "The first.\n8 7", "8 - 7", "8 7."])(
    "of %j are not guessed",
    (reply) => {
      expect(readVerdict(reply)).toBeNull();
    },
  );
});

describe("the scheme", () => {
  it("puts both answers into one prompt, on sides that the seed decides", () => {
    const sides = Array.from({ length: 200 }, (_, index) => isSwapped(1, index, "a", "b"));
    expect(sides).toEqual(Array.from({ length: 200 }, (_, index) => isSwapped(1, index, "a", "b")));
    expect(sides.filter(Boolean).length).toBeGreaterThan(70);
    expect(sides.filter(Boolean).length).toBeLessThan(130);
    expect(sides).not.toEqual(Array.from({ length: 200 }, (_, index) => isSwapped(2, index, "a", "b")));
    const [, question] = judgeMessages({ prompt: "Q", answer: "ours", baseline: "theirs", swapped: true });
    expect(question?.content).toMatch(/Q[\s\S]*theirs[\s\S]*ours/);
  });
});

describe("judging", () => {
  it("counts wins whichever side they were on", async () => {
    const server = await serve(fair);
    const result = await run(server.url);
    expect(result).toMatchObject({ win: PROMPTS, tie: 0, loss: 0, unreadable: 0, failed: 0, stopped: null });
    expect(result.winTie).toMatchObject({ mean: 1, count: PROMPTS });
    expect(server.most()).toBeLessThanOrEqual(2);
    expect(new Set(server.asked.map(({ messages }) => messages[1]?.content.indexOf("args-greedy"))).size).toBeGreaterThan(1);
  });

  it("counts ties as not lost, and leaves out what it cannot read", async () => {
    const replies = ["5 5", "7 7", "nonsense", "I would rather not say.", "6 6", "11 4", "8 8", "5 5"];
    const server = await serve((_asked, response, count) => say(response, replies[count - 1] ?? ""));
    expect(await run(server.url)).toMatchObject({ tie: 5, unreadable: 3, failed: 0, winTie: { mean: 1, count: 5 } });
  });

  it("tries again after 429, 500, torn and broken answers", async () => {
    const server = await serve((asked, response, count, request) => {
      if (count === 1) return json(response, 429, { error: { message: "slow down" } });
      if (count === 2) return json(response, 500, { error: { message: "oops" } });
      if (count === 3) return request.socket.destroy();
      if (count === 4) {
        response.writeHead(200, { "content-type": "application/json", "content-length": "900" });
        response.write('{"choices":[{"mess');
        return response.destroy();
      }
      if (count === 5) return response.writeHead(200, { "content-type": "application/json" }).end('{"choices":[{"mess');
      return fair(asked, response, count, request);
    });
    expect(await run(server.url, { options: { retries: 5 } })).toMatchObject({ win: PROMPTS, failed: 0, stopped: null });
    expect(server.asked).toHaveLength(PROMPTS + 5);
  });

  it("counts questions that get no reply, and goes on", async () => {
    const server = await serve((asked, response, count, request) => {
      if (asked.messages[1]?.content.includes("Question 3\n")) return json(response, 500, { error: { message: "never" } });
      if (asked.messages[1]?.content.includes("Question 4\n")) return json(response, 200, { choices: [] });
      if (asked.messages[1]?.content.includes("Question 5\n")) return response.writeHead(200, { "content-type": "text/html" }).end("<p>Hi");
      return fair(asked, response, count, request);
    });
    expect(await run(server.url)).toMatchObject({ win: PROMPTS - 3, failed: 3, unreadable: 0, stopped: null });
  });

  it("stops when the endpoint is not there, or refuses the key", async () => {
    const gone = await run("http://127.0.0.1:9/v1", { options: { retries: 0 } });
    expect(gone).toMatchObject({ win: 0, winTie: null, stopped: expect.stringContaining("127.0.0.1:9") });
    const server = await serve((_asked, response) => json(response, 401, { error: { message: "bad key" } }));
    expect((await run(server.url)).stopped).toContain("bad key");
    expect(server.asked.length).toBeLessThanOrEqual(2);
  });

  it("sends the key, and asks nothing when the estimate is refused", async () => {
    let key: string | undefined;
    const server = await serve((asked, response, count, request) => {
      key = request.headers.authorization;
      fair(asked, response, count, request);
    });
    const estimates: JudgeEstimate[] = [];
    const onEstimate = (estimate: JudgeEstimate): boolean => {
      estimates.push(estimate);
      return false;
    };
    const price = { input: 10, output: 20 };
    expect(await run(server.url, { options: { onEstimate, price } })).toMatchObject({ win: 0, winTie: null });
    expect(server.asked).toHaveLength(0);
    expect(estimates[0]).toMatchObject({ verdicts: PROMPTS, requests: PROMPTS, outputTokens: PROMPTS * 512 });
    expect(estimates[0]?.cost).toBeCloseTo(((estimates[0]?.inputTokens ?? 0) * 10 + PROMPTS * 512 * 20) / 1e6, 12);
    await run(server.url, { options: { apiKey: "secret" } });
    expect(key).toBe("Bearer secret");
  });

  it("ends when it is aborted", async () => {
    const controller = new AbortController();
    const server = await serve(() => controller.abort());
    await expect(run(server.url, { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("the cache", () => {
  it("asks nothing twice, also after a torn line", async () => {
    const dir = await mkdtemp(join(tmpdir(), "argsearch-judge-"));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const path = join(dir, "judge.jsonl");
    const server = await serve(fair);
    const first = await run(server.url, { cache: await VerdictCache.open(path) });
    expect(await run(server.url, { cache: await VerdictCache.open(path) })).toEqual(first);
    expect(server.asked).toHaveLength(PROMPTS);
    const content = await readFile(path, "utf8");
    await writeFile(path, content.slice(0, -20));
    expect(await run(server.url, { cache: await VerdictCache.open(path) })).toEqual(first);
    expect(server.asked).toHaveLength(PROMPTS + 1);
    expect(await run(server.url, { cache: await VerdictCache.open(path) })).toEqual(first);
    expect(server.asked).toHaveLength(PROMPTS + 1);
  });
});
