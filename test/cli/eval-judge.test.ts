import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { json, longerWins, refuse, say, serve } from "../evaluate/judge-server.js";
import { argsearch, type Outcome, scratch } from "./run.js";

const PROMPTS = ["How do I bake bread?", "Help me plan a trip.", "How can I fix a bike?"];

/** Runs eval with a judge in one directory; without a key in the environment. */
async function evaluation(): Promise<(url: string, ...more: string[]) => Promise<Outcome & { out: string }>> {
  const folder = await scratch();
  const data = join(folder, "prompts.jsonl");
  await writeFile(data, PROMPTS.map((prompt) => `${JSON.stringify({ prompt })}\n`).join(""));
  const quick = ["--max-tokens", "6", "--threads", "1", "--slots", "1", "--methods", "greedy,args-greedy", "--judge-retries", "0"];
  const out = join(folder, "out");
  return async (url, ...more) => {
    const args = ["eval", "--data", data, "--out", out, ...quick, "--judge-url", url, "--judge-model", "m", ...more];
    return { ...(await argsearch(args, { env: { OPENAI_API_KEY: "" } })), out };
  };
}

describe("eval with a judge", () => {
  it("says why there are no verdicts and ends with 1; with 0 once they are there", async () => {
    const run = await evaluation();
    const server = await serve(refuse(400, "there is no model m"));
    const refused = await run(server.url);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/^args-greedy against greedy: win-tie - \(0 \/ 0 \/ 0; 0 unreadable, \d without reply/m);
    expect(refused.stderr).toMatch(/judge: \d questions? without reply: 400 there is no model m/);
    expect(refused.stderr).toContain("judging stopped:");

    server.become((asked, response, count, request) =>
      asked.messages[1]?.content.includes("bread")
        ? json(response, 500, { error: { message: "oops" } })
        : longerWins(asked, response, count, request),
    );
    const partly = await run(server.url);
    expect(partly.code).toBe(1);
    expect(partly.stderr).toContain("judge: 1 question without reply: 500 oops");
    expect(partly.stderr).not.toContain("stopped");

    server.become(longerWins);
    const whole = await run(server.url);
    expect(whole).toMatchObject({ code: 0, stderr: expect.stringMatching(/^judge: 3 verdicts, 1 question to ask: [^\n]*\n$/) });
    expect(whole.stdout).toMatch(/0 unreadable, 0 without reply\)\n$/);
  });

  it("ends with 1 when not one reply could be read, and says so, here and in the report; asks nothing of that again", async () => {
    const run = await evaluation();
    const server = await serve((_asked, response) => say(response, "Both are fine.\nReally."));
    for (const requests of [3, 0]) {
      const { code, stderr, out } = await run(server.url);
      expect(code).toBe(1);
      expect(stderr).toContain(`judge: 3 verdicts, ${requests} questions to ask`);
      expect(stderr).toContain(
        'judge: none of 3 replies on args-greedy against greedy could be read: they do not begin with two scores. The first: "Both are fine. Really."',
      );
      const report = await readFile(join(out, "report.md"), "utf8");
      expect(report).toContain(
        "No reply on args-greedy against greedy could be read: none begins with two scores. The first: Both are fine. Really.",
      );
    }
    expect(server.asked).toHaveLength(3);
  });

  it("goes on otherwise where the server refuses a parameter, and says so", async () => {
    const run = await evaluation();
    const server = await serve((asked, response, count, request) => {
      if ("temperature" in asked) return json(response, 400, { error: { message: "`temperature` is deprecated for this model." } });
      longerWins(asked, response, count, request);
    });
    const { code, stdout, stderr, out } = await run(server.url, "--judge-max-tokens", "100");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^args-greedy against greedy: win-tie [\d.]+ % \[[\d.]+, [\d.]+\] \(\d \/ \d \/ \d; 0 unreadable, 0 without reply\)$/m,
    );
    expect(stderr).toContain("judge: asked with no temperature: it takes no other\n");
    expect(server.asked.at(-1)).toMatchObject({ max_tokens: 100 });
    expect(await readFile(join(out, "report.md"), "utf8")).toContain("The judge was asked with no temperature");
    await run(server.url);
    expect(await readFile(join(out, "report.md"), "utf8")).toContain("The judge was asked with no temperature");
  });

  it("with --judge-estimate asks nothing and ends with 0", async () => {
    const run = await evaluation();
    const server = await serve(refuse(500, "not to be asked"));
    const { code, stdout, stderr } = await run(server.url, "--judge-estimate", "--judge-price", "30,60");
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^judge: 3 verdicts, 3 questions to ask: about \d+ tokens in, at most 1536 out, at most 0\.\d\d at the given price\n$/,
    );
    expect(stdout).not.toContain("win-tie");
    expect(server.asked).toEqual([]);
  });

  it("gives up on a server that hangs, after --judge-timeout seconds, and needs both URL and model", async () => {
    const run = await evaluation();
    const server = await serve(() => {});
    const hung = await run(server.url, "--judge-timeout", "0.1");
    expect(hung).toMatchObject({ code: 1, stderr: expect.stringContaining("judge: 3 questions without reply: no answer within 0.1 s") });
    expect(await argsearch(["eval", "--data", "x.jsonl", "--judge-estimate"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--judge-url and --judge-model"),
    });
  });
});
