/** Servers' policies and rewards on the command line. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { argsearch, parseLines, scratch } from "../cli/run.js";
import { choices, classifies, json, numberOf, serve } from "./server.js";

describe("argsearch", () => {
  it("generates by a server's policy and a server's reward, with keys from the environment", async () => {
    const policy = await serve(({ body }, response) => {
      choices(
        response,
        Array.from({ length: body.n ?? 1 }, (_, at) => ({ text: ` ${body.seed % 97}-${at}`, finish_reason: "length" })),
      );
    });
    const reward = await serve(classifies);
    const flags = [
      "--policy-url",
      policy.url,
      "--policy-model",
      "p",
      "--reward-url",
      reward.url,
      "--reward-model",
      "rm",
      "--template",
      "none",
    ];
    const args = ["generate", "Hello", ...flags, "--drafts", "2", "--block", "2", "-n", "4", "-s", "1", "--json"];
    const env = { ARGSEARCH_POLICY_API_KEY: "one", ARGSEARCH_REWARD_API_KEY: "two" };
    const { code, stdout, stderr } = await argsearch(args, { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      finishReason: "length",
      reward: numberOf(`Hello${result.text}`),
      objectives: { rm: [expect.any(Number), result.reward] },
    });
    for (const [server, key] of [
      [policy, "one"],
      [reward, "two"],
    ] as const) {
      expect(server.asked.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill(`Bearer ${key}`));
    }
  });

  it("goes through files of prompts and of responses by servers", async () => {
    const policy = await serve(({ body }, response) => {
      choices(
        response,
        Array.from({ length: body.n ?? 1 }, (_, at) => ({ text: `${at}`, finish_reason: "length" })),
      );
    });
    const reward = await serve(classifies);
    const by = ["--policy-url", policy.url, "--policy-model", "p", "--reward-url", reward.url, "--drafts", "2", "--block", "1", "-n", "2"];
    const input = '{"prompt":"a"}\n{"prompt":"b"}\n';
    const out = join(await scratch(), "out.jsonl");
    const generated = await argsearch(["generate", "--input", "-", "--out", out, "--no-tokens", ...by], { input });
    expect(generated).toMatchObject({ code: 0 });
    const lines = (await readFile(out, "utf8")).trimEnd();
    expect(parseLines(lines)).toMatchObject(["a", "b"].map((prompt) => ({ prompt, response: expect.stringMatching(/^[01]{2}$/) })));
    const scored = await argsearch(["score", "--input", "-", "--reward-url", reward.url], { input: lines });
    expect(scored).toMatchObject({ code: 0 });
    const rewards = parseLines(scored.stdout) as { prompt: string; response: string; reward: number }[];
    for (const { prompt, response, reward } of rewards) expect(reward).toBe(numberOf(prompt + response));
    expect(rewards).toHaveLength(2);
  });

  it("scores by a server alone, and says what is wrong with one", async () => {
    const server = await serve(classifies);
    const args = ["score", "--reward-url", server.url, "--prompt", "a", "--response", "b"];
    expect(await argsearch(args)).toMatchObject({ code: 0, stdout: `reward ${numberOf("ab").toFixed(4)}\n` });
    server.become((_asked, response) => json(response, 400, { error: { message: "no such model" } }));
    const { code, stderr } = await argsearch(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/REMOTE_FAILED.*refuses: 400 no such model|refuses: 400 no such model.*REMOTE_FAILED/s);
  });

  it.each([
    [["generate", "x", "--policy-model", "p"], "--policy-model needs the --policy-url"],
    [["generate", "x", "--policy-url", "http://127.0.0.1:9"], "--policy-url needs --policy-model"],
    [["generate", "x", "--policy-url", "http://127.0.0.1:9", "--policy-model", "p", "--policy", "x.gguf"], "exclude each other"],
    [["score", "--prompt", "a", "--response", "b", "--reward-api", "vllm"], "need the --reward-url"],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await argsearch(args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });
});
