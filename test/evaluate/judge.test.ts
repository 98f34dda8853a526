import { getEventListeners } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { judgeClient } from "../../src/evaluate/judge/client.js";
import { type JudgeRequest, type JudgeResult, judge } from "../../src/evaluate/judge/judge.js";
import type { JudgeEstimate, JudgeOptions } from "../../src/evaluate/judge/options.js";
import { openVerdicts } from "../../src/evaluate/judge/verdicts.js";
import type { EvaluatedResponse } from "../../src/evaluate/response.js";
import { json, longerWins, nowhere, refuse, say, serve } from "./judge-server.js";
import { responseOf } from "./responses.js";

const PROMPTS = 8;

/** The guided answers are the longer ones. */
function responsesTo(prompts: number): Map<string, EvaluatedResponse[]> {
  const answer = (method: string) => (_: unknown, index: number) =>
    responseOf({ method, index, prompt: `Question ${index}`, response: `${method} ${index}` });
  return new Map(["args-greedy", "greedy"].map((method) => [method, Array.from({ length: prompts }, answer(method))]));
}

interface Run extends Partial<Pick<JudgeRequest, "cache" | "signal" | "responses" | "pairs" | "onProgress">> {
  options?: Partial<JudgeOptions>;
}

async function runAll(url: string, { options, cache, ...request }: Run = {}): Promise<JudgeResult[]> {
  const full: JudgeOptions = { url, model: "m", concurrency: 2, retries: 2, timeout: 2000, ...options };
  return judge(full, {
    ask: judgeClient(full),
    responses: responsesTo(PROMPTS),
    pairs: [["args-greedy", "greedy"]],
    seed: 5,
    cache: cache ?? (await openVerdicts(undefined)),
    signal: undefined,
    onProgress: () => {},
    ...request,
  });
}

/** Of the one pair; undefined when there is no verdict to show. */
async function run(url: string, request: Run = {}): Promise<JudgeResult | undefined> {
  return (await runAll(url, request))[0];
}

describe("judging", () => {
  it("counts wins whichever side they were on", async () => {
    const server = await serve(longerWins);
    const result = await run(server.url);
    expect(result).toMatchObject({ win: PROMPTS, tie: 0, loss: 0, unreadable: 0, failed: 0, unasked: 0, failures: [], stopped: null });
    expect(result?.winTie).toMatchObject({ mean: 1, count: PROMPTS });
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
      return longerWins(asked, response, count, request);
    });
    expect(await run(server.url, { options: { retries: 5 } })).toMatchObject({ win: PROMPTS, failed: 0, stopped: null });
    expect(server.asked).toHaveLength(PROMPTS + 5);
  });

  it("counts questions that get no reply with the reasons, and goes on", async () => {
    const server = await serve((asked, response, count, request) => {
      if (asked.messages[1]?.content.includes("Question 2\n")) return json(response, 500, { error: { message: "never" } });
      if (asked.messages[1]?.content.includes("Question 3\n")) return json(response, 500, { error: { message: "never" } });
      if (asked.messages[1]?.content.includes("Question 4\n")) return json(response, 200, { choices: [] });
      if (asked.messages[1]?.content.includes("Question 5\n")) return response.writeHead(200, { "content-type": "text/html" }).end("<p>Hi");
      // A question that is too long for the model says nothing of the others.
      if (asked.messages[1]?.content.includes("Question 6\n")) return json(response, 400, { error: { message: "context\n exceeded" } });
      return longerWins(asked, response, count, request);
    });
    const result = await run(server.url);
    expect(result).toMatchObject({ win: PROMPTS - 5, failed: 5, unreadable: 0, unasked: 0, stopped: null });
    expect(result?.failures).toEqual([
      { message: "500 never", count: 2 },
      { message: "the answer holds no text", count: 1 },
      { message: "the answer is no completion: <p>Hi", count: 1 },
      { message: "400 context exceeded", count: 1 },
    ]);
  });

  it("counts an answer that does not end as lost, before its headers and behind them", async () => {
    const server = await serve((asked, response, count, request) => {
      if (asked.messages[1]?.content.includes("Question 1\n")) return;
      if (asked.messages[1]?.content.includes("Question 2\n"))
        return response.writeHead(200, { "content-type": "application/json" }).write("{");
      return longerWins(asked, response, count, request);
    });
    const started = performance.now();
    const result = await run(server.url, { options: { timeout: 500, retries: 0 } });
    expect(result).toMatchObject({
      win: PROMPTS - 2,
      failed: 2,
      failures: [{ message: "no answer within 0.5 s", count: 2 }],
      stopped: null,
    });
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("says how far it is and how long the rest will take", async () => {
    const server = await serve((asked, response, count, request) => void setTimeout(longerWins, 20, asked, response, count, request));
    const seen: (readonly [done: number, total: number, secondsLeft: number | null])[] = [];
    await run(server.url, { onProgress: (...progress) => seen.push(progress) });
    expect(seen.map(([done, total]) => [done, total])).toEqual(Array.from({ length: PROMPTS + 1 }, (_, done) => [done, PROMPTS]));
    expect(seen[0]?.[2]).toBeNull();
    // Two at once, 20 ms each: what is left shrinks from about 70 ms to none.
    expect(seen[1]?.[2]).toBeGreaterThan(0.06);
    expect(seen[PROMPTS]?.[2]).toBe(0);
  });

  it("asks what is the same only once, and says so before", async () => {
    const twice: [string, string][] = [
      ["args-greedy", "greedy"],
      ["args-greedy", "greedy"],
    ];
    const server = await serve(longerWins);
    const estimates: JudgeEstimate[] = [];
    const results = await runAll(server.url, { pairs: twice, options: { onEstimate: (found) => void estimates.push(found) } });
    expect(results.map(({ win }) => win)).toEqual([PROMPTS, PROMPTS]);
    expect(server.asked).toHaveLength(PROMPTS);
    expect(estimates).toEqual([expect.objectContaining({ verdicts: 2 * PROMPTS, requests: PROMPTS, outputTokens: PROMPTS * 512 })]);
  });

  it("leaves no listener on the signal", async () => {
    const warnings: string[] = [];
    const listen = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", listen);
    onTestFinished(() => void process.off("warning", listen));
    const server = await serve((asked, response, count, request) =>
      count < 20 ? json(response, 500, { error: { message: "oops" } }) : longerWins(asked, response, count, request),
    );
    const { signal } = new AbortController();
    expect(await run(server.url, { signal, options: { retries: 20 } })).toMatchObject({ win: PROMPTS });
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, "abort").length).toBeLessThanOrEqual(1);
  });

  it("asks nothing when the estimate is refused, and then has no verdict to show", async () => {
    const server = await serve(longerWins);
    const estimates: JudgeEstimate[] = [];
    const onEstimate = (estimate: JudgeEstimate): boolean => {
      estimates.push(estimate);
      return false;
    };
    const price = { input: 10, output: 20 };
    expect(await run(server.url, { options: { onEstimate, price } })).toBeUndefined();
    expect(server.asked).toHaveLength(0);
    expect(estimates[0]).toMatchObject({ verdicts: PROMPTS, requests: PROMPTS, outputTokens: PROMPTS * 512 });
    expect(estimates[0]?.cost).toBeCloseTo(((estimates[0]?.inputTokens ?? 0) * 10 + PROMPTS * 512 * 20) / 1e6, 12);
  });

  it("ends when it is aborted, also while it waits to try again", async () => {
    const controller = new AbortController();
    const server = await serve(() => controller.abort());
    await expect(run(server.url, { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    const waiting = new AbortController();
    server.become((_asked, response) => {
      response.writeHead(429, { "retry-after": "30" }).end();
      setTimeout(() => waiting.abort(), 50);
    });
    const started = performance.now();
    await expect(run(server.url, { signal: waiting.signal })).rejects.toMatchObject({ code: "ABORTED" });
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("verdicts that cannot be kept", () => {
  it("end the judging, with nothing left under way", async () => {
    const dir = await mkdtemp(join(tmpdir(), "argsearch-judge-"));
    const cache = await openVerdicts(join(dir, "judge.jsonl"));
    await rm(dir, { recursive: true });
    const server = await serve((asked, response, count, request) => {
      if (count === 3) longerWins(asked, response, count, request);
    });
    const full = run(server.url, { cache, options: { concurrency: 3, timeout: 60_000 } });
    await expect(full).rejects.toMatchObject({ code: "FILE_UNWRITABLE", message: expect.stringContaining("judge.jsonl") });
    await expect.poll(server.open).toBe(0);
    expect(server.asked).toHaveLength(3);
  });
});

describe("judging stops", () => {
  it("when the endpoint is not there", async () => {
    const gone = await run(await nowhere(), { options: { retries: 0 } });
    expect(gone).toMatchObject({ win: 0, winTie: null, stopped: expect.stringMatching(/127\.0\.0\.1:.* cannot be used: .*ECONNREFUSED/) });
    expect((gone?.failed ?? 0) + (gone?.unasked ?? 0)).toBe(PROMPTS);
  });

  it.each([
    [401, "bad key"],
    [402, "no credit"],
    [403, "not for you"],
    [404, "no such model"],
    [400, "no such model"],
    [422, "no such field"],
  ])("at once after a %i that every question would get", async (status, message) => {
    const server = await serve(refuse(status, message));
    const result = await run(server.url, { options: { apiKey: "a key" } });
    expect(result?.stopped).toBe(`${server.url} cannot be used: ${status} ${message}`);
    expect(result).toMatchObject({ failures: [{ message: `${status} ${message}`, count: server.asked.length }] });
    expect(server.asked.length).toBeLessThanOrEqual(2);
  });

  it("when the quota is used up, without trying again", async () => {
    const server = await serve(refuse(429, "quota exceeded", { code: "insufficient_quota" }));
    expect((await run(server.url))?.stopped).toContain("quota exceeded");
    expect(server.asked.length).toBeLessThanOrEqual(2);
  });

  it("when the server asks for more patience than a minute", async () => {
    const server = await serve((_asked, response) => response.writeHead(429, { "retry-after": "3600" }).end());
    const result = await run(server.url, { options: { concurrency: 1 } });
    expect(result).toMatchObject({ failed: PROMPTS, failures: [{ message: expect.stringContaining("try again in 3600 s") }] });
    expect(server.asked).toHaveLength(PROMPTS);
  });

  it("after eight failures of one sort in a row, and keeps what is there", async () => {
    const many = responsesTo(20);
    const server = await serve((asked, response, count, request) => {
      if (count <= 3) return longerWins(asked, response, count, request);
      return json(response, 500, { error: { message: `oops, request ${count}` } });
    });
    const options = { retries: 0, concurrency: 1 };
    const result = await run(server.url, { options, responses: many });
    expect(result).toMatchObject({ win: 3, failed: 8, unasked: 9, winTie: { count: 3 } });
    expect(result?.stopped).toBe("8 questions in a row got no reply: 500 oops, request 11");
    expect(server.asked).toHaveLength(11);
  });

  it("with a word about the key when the server wants one and there is none", async () => {
    vi.stubEnv("OPENAI_API_KEY", "");
    onTestFinished(() => void vi.unstubAllEnvs());
    const keys: (string | undefined)[] = [];
    const server = await serve((asked, response, count, request) => {
      keys.push(request.headers.authorization);
      longerWins(asked, response, count, request);
    });
    expect(await run(server.url)).toMatchObject({ win: PROMPTS });
    await run(server.url, { options: { apiKey: "secret" } });
    expect(keys.at(-1)).toBe("Bearer secret");
    vi.stubEnv("OPENAI_API_KEY", "from the environment");
    await run(server.url, { options: { apiKey: "" } });
    expect(keys.at(-1)).toBe("Bearer from the environment");
    vi.stubEnv("OPENAI_API_KEY", "");
    server.become(refuse(401, "who are you?"));
    expect((await run(server.url))?.stopped).toContain("asks for a key: set OPENAI_API_KEY (401 who are you?)");
  });
});

describe("the cache", () => {
  it("asks nothing twice, also after a torn line", async () => {
    const dir = await mkdtemp(join(tmpdir(), "argsearch-judge-"));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const path = join(dir, "judge.jsonl");
    const server = await serve(longerWins);
    const first = await run(server.url, { cache: await openVerdicts(path) });
    expect(await run(server.url, { cache: await openVerdicts(path) })).toEqual(first);
    expect(server.asked).toHaveLength(PROMPTS);
    const content = await readFile(path, "utf8");
    await writeFile(path, content.slice(0, -20));
    expect(await run(server.url, { cache: await openVerdicts(path) })).toEqual(first);
    expect(server.asked).toHaveLength(PROMPTS + 1);
    expect(await run(server.url, { cache: await openVerdicts(path) })).toEqual(first);
    expect(server.asked).toHaveLength(PROMPTS + 1);
  });
});
