import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type EvaluateOptions, type EvaluationProgress, evaluate, type JudgeEstimate, writeReport } from "../../src/evaluate/index.js";
import { longerWins, nowhere, serve } from "./judge-server.js";

const PROMPTS = ["Can you help me set up a light show?", "How do I bake bread?", "Help me plan a city trip."];
const SMALL: EvaluateOptions = { data: PROMPTS, methods: ["greedy", "args-greedy"], maxTokens: 8, slots: 1, threads: 1 };

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "argsearch-judge-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return join(dir, "out");
}

async function report(out: string): Promise<string> {
  return readFile((await writeReport(out)).markdown, "utf8");
}

describe("an evaluation with a judge", () => {
  it("keeps everything when the judge cannot be reached, and takes its verdicts later", async () => {
    const out = await scratch();
    const gone = await evaluate({ ...SMALL, out, judge: { url: await nowhere(), model: "m", retries: 0 } });
    expect(gone.judge).toEqual([expect.objectContaining({ winTie: null, stopped: expect.stringContaining("ECONNREFUSED") })]);
    expect(gone.methods["args-greedy"]?.reward?.count).toBe(3);
    expect(await report(out)).toMatch(/stopped early: .*ECONNREFUSED/);
    const responses = await readFile(join(out, "responses.jsonl"), "utf8");

    const server = await serve(longerWins);
    const stages: EvaluationProgress[] = [];
    const judge = { url: server.url, model: "m" };
    const judged = await evaluate({ ...SMALL, out, judge, onProgress: (progress) => stages.push(progress) });
    expect(judged.judge).toEqual([
      expect.objectContaining({ failed: 0, unasked: 0, failures: [], stopped: null, winTie: expect.objectContaining({ count: 3 }) }),
    ]);
    expect(judged.methods).toEqual(gone.methods);
    expect(await readFile(join(out, "responses.jsonl"), "utf8")).toBe(responses);
    expect(await report(out)).toContain("## Verdicts of m");
    const [first, ...others] = stages.filter(({ stage }) => stage === "judge");
    expect(first).toMatchObject({ done: 0, total: 3, secondsLeft: null });
    expect(others.map(({ secondsLeft }) => typeof secondsLeft)).toEqual(["number", "number", "number"]);

    expect((await evaluate({ ...SMALL, out, judge })).judge).toEqual(judged.judge);
    expect(server.asked).toHaveLength(3);
  });

  it("only estimates when the estimate is refused: no verdicts, nothing stopped, those of earlier runs stay", async () => {
    const out = await scratch();
    const server = await serve(longerWins);
    const estimates: JudgeEstimate[] = [];
    const onEstimate = (estimate: JudgeEstimate): boolean => {
      estimates.push(estimate);
      return false;
    };
    const judge = { url: server.url, model: "m" };
    expect((await evaluate({ ...SMALL, out, judge: { ...judge, onEstimate } })).judge).toEqual([]);
    expect(estimates).toEqual([expect.objectContaining({ verdicts: 3, requests: 3 })]);
    expect(server.asked).toEqual([]);
    expect(await report(out)).not.toMatch(/Verdicts|stopped/);
    const judged = await evaluate({ ...SMALL, out, judge });
    expect((await evaluate({ ...SMALL, out, judge: { ...judge, onEstimate } })).judge).toEqual(judged.judge);
    expect(estimates[1]).toMatchObject({ verdicts: 3, requests: 0 });
  });

  it("asks once for what several variants answered alike", async () => {
    const server = await serve(longerWins);
    const estimates: JudgeEstimate[] = [];
    const same = ["one", "two"].map((name) => ({ name, method: "greedy" }) as const);
    const pairs = [
      ["one", "greedy"],
      ["two", "greedy"],
      ["one", "greedy"],
    ] as const;
    const judge = { url: server.url, model: "m", pairs, onEstimate: (found: JudgeEstimate) => void estimates.push(found) };
    const { judge: verdicts } = await evaluate({ ...SMALL, methods: ["greedy", ...same], judge });
    expect(verdicts.map(({ tie }) => tie)).toEqual([3, 3, 3]);
    const distinct = new Set(server.asked.map(({ messages }) => JSON.stringify(messages)));
    expect(server.asked).toHaveLength(distinct.size);
    expect(estimates).toEqual([expect.objectContaining({ verdicts: 9, requests: distinct.size })]);
  });

  it("does not wait for a server that hangs", async () => {
    const server = await serve(() => {});
    const judge = { url: server.url, model: "m", timeout: 50, retries: 0 };
    const { judge: verdicts } = await evaluate({ ...SMALL, judge });
    expect(verdicts).toEqual([expect.objectContaining({ failed: 3, failures: [{ message: "no answer within 0.05 s", count: 3 }] })]);
  });
});
