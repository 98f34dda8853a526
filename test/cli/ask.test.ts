/** Rewards in plain words on the command line. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadReward } from "../../src/index.js";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";
import { json, serve } from "../remote/server.js";
import { argsearch, scratch } from "./run.js";

const QUESTION = "Is it polite?";
const SHAPE = { vocabulary: ALL_BYTES, layers: 1, embedding: 32, heads: 2, kvHeads: 1, feedForward: 32, contextLength: 512 };
const chatTemplate =
  "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";
const folder = modelFolder();
const judge = folder.write({ seed: 3, ...SHAPE, chatTemplate });
const policy = folder.write({ seed: 4, ...SHAPE, chatTemplate });
const CPU = ["--gpu", "off", "--threads", "1"];

describe("--ask", () => {
  it("scores by the model that is named, weighted beside another question", async () => {
    const args = [
      "score",
      "--ask",
      `${QUESTION}=2`,
      "--ask",
      "Is 1=1?",
      "--ask-model",
      judge.path,
      "--prompt",
      "Hi",
      "--response",
      "Ahoy",
      "--json",
      ...CPU,
    ];
    const { code, stdout, stderr } = await argsearch(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await using model = await loadReward({
      reward: [
        { reward: { ask: QUESTION, model: judge.path }, weight: 2 },
        { ask: "Is 1=1?", model: judge.path },
      ],
      gpu: false,
      threads: 1,
    });
    const wanted = await model.score({ prompt: "Hi", response: "Ahoy" });
    expect(Object.keys(wanted.objectives)).toEqual([QUESTION, "Is 1=1?"]);
    expect(JSON.parse(stdout).reward).toBeCloseTo(wanted.reward, 6);
  });

  it("guides blocks by the policy's own answers, isolated as well", async () => {
    const args = [
      "generate",
      "Hi",
      "--policy",
      policy.path,
      "--ask",
      QUESTION,
      "--method",
      "blocks",
      "--block",
      "4",
      "--drafts",
      "2",
      "-n",
      "4",
      "-s",
      "1",
      "--json",
      ...CPU,
    ];
    const [here, apart] = [await argsearch(args), await argsearch([...args, "--isolate"])];
    expect([here.code, here.stderr]).toEqual([0, ""]);
    const result = JSON.parse(here.stdout);
    expect(result.reward).toBeGreaterThan(0);
    expect(JSON.parse(apart.stdout)).toMatchObject({ text: result.text, reward: result.reward });
  });

  it("asks a server, with the key of the environment", async () => {
    const server = await serve((_, response) => {
      const top_logprobs = [
        { token: "Yes", logprob: Math.log(0.6) },
        { token: "No", logprob: Math.log(0.2) },
      ];
      json(response, 200, { choices: [{ logprobs: { content: [{ top_logprobs }] } }] });
    });
    const args = ["score", "--ask", QUESTION, "--ask-url", server.url, "--ask-model", "m", "--prompt", "Hi", "--response", "Ahoy"];
    const { code, stdout } = await argsearch(args, { env: { ARGSEARCH_REWARD_API_KEY: "secret" } });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "reward 0.7500\n" });
    expect(server.asked[0]).toMatchObject({ headers: { authorization: "Bearer secret" }, body: { model: "m" } });
  });

  it("is evaluated by, and known again: another question or judge is another evaluation", async () => {
    const dir = await scratch();
    const data = join(dir, "prompts.jsonl");
    await writeFile(data, '{"prompt":"Hi"}\n{"prompt":"Ahoy"}\n');
    const run = (...more: string[]) =>
      argsearch([
        "eval",
        "--data",
        data,
        "--policy",
        policy.path,
        "--methods",
        "greedy",
        "-n",
        "3",
        "--out",
        join(dir, "out"),
        "--json",
        "--no-report",
        ...CPU,
        ...more,
      ]);
    const first = await run("--ask", QUESTION);
    expect([first.code, first.stderr]).toEqual([0, expect.any(String)]);
    const { settings, methods } = JSON.parse(first.stdout);
    expect(JSON.stringify(settings.models)).toContain(QUESTION);
    expect(methods.greedy.reward).toMatchObject({ count: 2, mean: expect.closeTo(0.5, 0) as number });
    expect(await run("--ask", QUESTION)).toMatchObject({ code: 0 });
    for (const other of [
      ["--ask", "Is it brief?"],
      ["--ask", QUESTION, "--ask-model", judge.path],
    ]) {
      const { code, stderr } = await run(...other);
      expect(code).toBe(2);
      expect(stderr).toMatch(/models/);
    }
  });

  it.each([
    [["score", "--prompt", "a", "--response", "b", "--ask-model", "m.gguf"], "need the --ask that they answer"],
    [["score", "--prompt", "a", "--response", "b", "--ask", " =2"], "No question"],
    [["score", "--prompt", "a", "--response", "b", "--ask", QUESTION], "--ask needs --ask-model here"],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await argsearch(args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });

  it("shows how in the help", async () => {
    for (const command of ["generate", "score", "chat", "serve", "tune", "eval"]) {
      const { stdout } = await argsearch([command, "--help"]);
      expect(stdout, command).toMatch(/--ask <question\[=weight\]>[\s\S]*--ask-model <file>[\s\S]*--ask-url <url>/);
    }
    expect((await argsearch(["generate", "--help"])).stdout).toMatch(
      /generate Hello .*--ask "Is the reply polite and to the point\?" --method blocks/,
    );
  });
});
