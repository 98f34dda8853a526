/** A reward model that rates every answer: whose answers win, and what is kept of it. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type EvaluatedResponse, type EvaluateOptions, evaluate, writeReport } from "../../src/evaluate/index.js";
import { countWins } from "../../src/evaluate/reward-judge/result.js";
import { EMBEDDED, loadReward } from "../../src/index.js";
import { parseLines } from "../cli/run.js";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";

const PROMPTS = ["Can you help me set up a light show?", "How do I bake bread?", "Help me plan a city trip."];
const SMALL: EvaluateOptions = { data: PROMPTS, methods: ["greedy", "top-p", "args-greedy"], maxTokens: 8, slots: 2, threads: 1 };

/** Another trunk, and a vocabulary of bytes, which the embedded pair does not have. */
const SHAPE = { vocabulary: ALL_BYTES, layers: 2, embedding: 32, heads: 2, kvHeads: 1, feedForward: 64, contextLength: 512 };
const pair = modelFolder().writePair(7, SHAPE, SHAPE);
const [judge, headless] = [pair.reward.path, pair.policy.path];

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "argsearch-reward-judge-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return join(dir, "out");
}

async function lines<T>(dir: string, name: string): Promise<T[]> {
  return parseLines<T>(await readFile(join(dir, name), "utf8"));
}

describe("a reward model that judges", () => {
  it("rates every answer as score() does, and counts who wins against greedy decoding", async () => {
    const out = await scratch();
    const { methods, judgeReward = [], settings, comparisons } = await evaluate({ ...SMALL, judgeReward: judge, out });
    const responses = await lines<EvaluatedResponse>(out, "responses.jsonl");
    const model = await loadReward({ reward: judge, threads: 1 });
    onTestFinished(() => model.dispose());
    const rated = new Map<string, number>();
    for (const { method, index, prompt, response } of responses) {
      rated.set(`${method} ${index}`, (await model.score({ prompt, response: response || " " })).reward);
    }
    const of = (method: string): number[] => PROMPTS.map((_, index) => rated.get(`${method} ${index}`) ?? Number.NaN);
    for (const method of ["greedy", "top-p", "args-greedy"]) {
      const mean = of(method).reduce((sum, value) => sum + value, 0) / PROMPTS.length;
      expect(methods[method]?.judgeReward?.mean).toBeCloseTo(mean, 4);
    }
    expect(judgeReward.map(({ method, baseline }) => [method, baseline])).toEqual([
      ["top-p", "greedy"],
      ["args-greedy", "greedy"],
    ]);
    for (const { method, win, tie, loss, unrated, winTie } of judgeReward) {
      const differences = of(method).map((value, index) => value - (of("greedy")[index] ?? 0));
      expect({ win, loss, unrated }).toEqual({
        win: differences.filter((value) => value > 1e-5).length,
        loss: differences.filter((value) => value < -1e-5).length,
        unrated: 0,
      });
      expect(winTie).toMatchObject({ mean: (win + tie) / 3, count: 3 });
    }
    expect(settings.judgeReward).toMatchObject({ file: expect.stringMatching(/gguf$/), sha256: judgeReward[0]?.sha256 });
    expect(comparisons.some(({ metric }) => metric === "judgeReward")).toBe(true);
    await writeReport(out);
    const markdown = await readFile(join(out, "report.md"), "utf8");
    expect(markdown).toContain(`## Ratings of ${settings.judgeReward?.file}`);
    expect(markdown).toContain("shares that data's taste");
    expect(markdown).toMatch(/\| top-p against greedy \| [\d.]+ \\\[/);
  });

  it("without a chat template reads conversations as transcripts, as it was fitted", async () => {
    const out = await scratch();
    const data = PROMPTS.map((content) => [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content },
    ]);
    const { methods, judgeReward = [] } = await evaluate({ ...SMALL, data, methods: ["greedy", "args-greedy"], judgeReward: judge, out });
    expect(judgeReward).toMatchObject([{ unrated: 0 }]);
    const model = await loadReward({ reward: judge, threads: 1 });
    onTestFinished(() => model.dispose());
    const rewards: number[] = [];
    for (const { method, index, response } of await lines<EvaluatedResponse>(out, "responses.jsonl")) {
      const prompt = `\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: ${PROMPTS[index]}\n\nAssistant:`;
      if (method === "greedy") rewards.push((await model.score({ prompt, response: ` ${response || " "}` })).reward);
    }
    expect(methods.greedy?.judgeReward?.mean).toBeCloseTo(rewards.reduce((sum, value) => sum + value, 0) / rewards.length, 4);
  });

  it("is added to a directory later, rates an answer once, and stays in the results", async () => {
    const out = await scratch();
    const without = await evaluate({ ...SMALL, methods: ["greedy"], out });
    expect(without.judgeReward).toEqual([]);
    const stages: string[] = [];
    const judged = await evaluate({
      ...SMALL,
      methods: ["greedy", { name: "again", method: "greedy" }, { name: "still", method: "greedy" }],
      out,
      judgeReward: { reward: judge, pairs: [["again", "greedy"]] },
      onProgress: ({ stage }) => stages.push(stage),
    });
    // The same answers: three ratings for nine, and nobody wins.
    expect(await lines(out, "judge-reward.jsonl")).toHaveLength(3);
    expect(judged.judgeReward).toEqual([expect.objectContaining({ method: "again", win: 0, tie: 3, loss: 0 })]);
    expect(stages).toContain("judge's rewards");
    const before = await readFile(join(out, "judge-reward.jsonl"), "utf8");
    const again = await evaluate({ ...SMALL, methods: ["greedy"], out });
    expect(again.judgeReward).toEqual(judged.judgeReward);
    expect(again.methods.greedy?.judgeReward).toEqual(judged.methods.greedy?.judgeReward);
    expect(again.settings.judgeReward).toEqual(judged.settings.judgeReward);
    // A copy is the same judge.
    await copyFile(judge, `${out}.gguf`);
    const more = await evaluate({ ...SMALL, methods: ["greedy", { name: "still", method: "greedy" }], out, judgeReward: `${out}.gguf` });
    expect(await readFile(join(out, "judge-reward.jsonl"), "utf8")).toBe(before);
    expect(more.judgeReward?.map(({ method }) => method)).toEqual(["still", "again"]);
  });

  it("takes no results of another judge for its own", async () => {
    const out = await scratch();
    await evaluate({ ...SMALL, out, judgeReward: judge });
    const other = await evaluate({ ...SMALL, methods: ["greedy", "args-greedy"], out, judgeReward: EMBEDDED.reward });
    expect(other.judgeReward?.map(({ method, model }) => [method, model])).toEqual([["args-greedy", "reward.gguf"]]);
    expect(other.methods["top-p"]?.judgeReward?.mean).not.toBe(other.methods["top-p"]?.reward);
    expect(other.methods["top-p"]?.judgeReward?.mean).toBeCloseTo(other.methods["top-p"]?.reward?.mean ?? Number.NaN, 3);
  });

  it("goes on after a run that ended in the middle of rating", async () => {
    const [whole, broken] = [await scratch(), await scratch()];
    const unbroken = await evaluate({ ...SMALL, out: whole, judgeReward: judge });
    const controller = new AbortController();
    const onProgress: EvaluateOptions["onProgress"] = ({ stage, done }) => stage === "judge's rewards" && done === 2 && controller.abort();
    const stopped = evaluate({ ...SMALL, out: broken, judgeReward: judge, signal: controller.signal, onProgress });
    await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
    expect(await lines(broken, "judge-reward.jsonl")).toHaveLength(2);
    await writeFile(join(broken, "judge-reward.jsonl"), '{"key":"', { flag: "a" });
    const resumed = await evaluate({ ...SMALL, out: broken, judgeReward: judge });
    expect(resumed.judgeReward).toEqual(unbroken.judgeReward);
    expect(await readFile(join(broken, "judge-reward.jsonl"), "utf8")).toBe(await readFile(join(whole, "judge-reward.jsonl"), "utf8"));
  });

  it("leaves out what is too long for it, and says why", async () => {
    const short = modelFolder().writePair(8, { ...SHAPE, contextLength: 64 }, { ...SHAPE, contextLength: 64 }).reward.path;
    const data = ["Hello?", "a long question ".repeat(10)];
    const { judgeReward = [] } = await evaluate({ ...SMALL, data, methods: ["greedy", "top-p"], judgeReward: short });
    expect(judgeReward).toEqual([expect.objectContaining({ unrated: 1, unratedReason: expect.stringContaining("tokens") })]);
    expect(judgeReward[0]?.winTie?.count).toBe(1);
  });

  it("compares greedy decoding with the same samplers, where there is that", async () => {
    const methods = [
      "greedy",
      { name: "greedy-dry", method: "greedy", dryMultiplier: 0.8 },
      { name: "args-dry", method: "args", dryMultiplier: 0.8 },
      "args-greedy",
    ] as const;
    const { judgeReward = [] } = await evaluate({ ...SMALL, data: ["Hello?"], methods, judgeReward: judge });
    expect(judgeReward.map(({ method, baseline }) => [method, baseline])).toEqual([
      ["greedy-dry", "greedy"],
      ["args-dry", "greedy-dry"],
      ["args-greedy", "greedy"],
    ]);
  });

  it.each<[string, EvaluateOptions["judgeReward"], string]>([
    ["a file without a head", headless, "REWARD_HEAD_MISSING"],
    ["a file that is not there", "/nowhere.gguf", "FILE_NOT_FOUND"],
    ["no file", "", "OPTION_INVALID"],
    ["pairs of unknown methods", { reward: judge, pairs: [["a", "greedy"]] }, "OPTION_INVALID"],
    ["an unknown option", { reward: judge, pair: [] } as never, "OPTION_INVALID"],
  ])("refuses %s before anything is decoded", async (_what, judgeReward, code) => {
    const out = await scratch();
    await expect(evaluate({ ...SMALL, out, judgeReward })).rejects.toMatchObject({ code });
    await expect(readFile(join(out, "settings.json"))).rejects.toThrow();
  });
});

describe("wins", () => {
  it("are of the higher rating, ties of equal ones; where one is missing nobody's", () => {
    const ratings = (...values: (number | string)[]) =>
      new Map(values.map((value, index) => [index, typeof value === "number" ? { reward: value } : { failure: value }]));
    expect(countWins(ratings(2, 1, 1, "too long", 5), ratings(1, 1, 2, 0))).toMatchObject({
      ...{ win: 1, tie: 1, loss: 1, unrated: 1, unratedReason: "too long" },
      winTie: { mean: 2 / 3, count: 3 },
    });
    expect(countWins(new Map(), ratings(1))).toMatchObject({ winTie: null });
  });
});
