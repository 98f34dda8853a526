/** Files of scores and of responses in parts: together they are the whole, to the byte. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Decoder,
  type GenerateFileOptions,
  generateFile,
  load,
  loadReward,
  mergeResponses,
  mergeScores,
  type RewardModel,
  type ScoreFileOptions,
  type Shard,
  scoreFile,
} from "../../src/index.js";
import { argsearch } from "../cli/run.js";

const dir = mkdtempSync(join(tmpdir(), "argsearch-shards-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The embedded pair is F16, which rounds by who shares a batch. */
let decoder: Decoder;
let model: RewardModel;
beforeAll(async () => {
  decoder = await load({ slots: 2, threads: 1 });
  model = await loadReward({ threads: 1 });
});
afterAll(() => Promise.all([decoder.dispose(), model.dispose()]));

let files = 0;
const newFile = (): string => join(dir, `file-${++files}.jsonl`);
function fileOf(lines: readonly unknown[]): string {
  const path = newFile();
  writeFileSync(path, lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
  return path;
}

const QUESTIONS = ["How do I bake bread?", "Help me plan a trip.", "Hello?", "What is a prime number, and why?"];
const scorable = (count: number): unknown[] =>
  Array.from({ length: count }, (_, at) => ({ id: at, prompt: QUESTIONS[at % 4], response: `Well, ${"so ".repeat(at % 7)}${at}.` }));

const content = (path: string): string => readFileSync(path, "utf8");

async function scoreShards(source: string, count: number, options: ScoreFileOptions = {}): Promise<string[]> {
  const parts: string[] = [];
  for (let index = 1; index <= count; index++) {
    const out = newFile();
    await scoreFile(model, source, { ...options, out, shard: { index, count } });
    parts.push(out);
  }
  return parts;
}

const refusal = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

describe("shards of scores", () => {
  const lines = scorable(75);
  lines.splice(40, 0, "{ torn");
  lines.splice(70, 0, { nothing: true });

  it.each([1, 2, 4])("%i of them are the unsharded file, and its summary", async (count) => {
    const source = fileOf(lines);
    const whole = newFile();
    const expected = await scoreFile(model, source, { out: whole });
    expect(expected).toMatchObject({ count: 75, failed: 2 });
    const out = newFile();
    const summary = await mergeScores((await scoreShards(source, count)).reverse(), { out });
    expect(content(out)).toBe(content(whole));
    expect(summary).toEqual(expected);
  });

  it("refuses what is missing, twice there, of other data or settings, changed or unfinished, and leaves no file", async () => {
    const source = fileOf(lines);
    const [one, two] = (await scoreShards(source, 2)) as [string, string];
    const [, third] = await scoreShards(fileOf(lines.slice(1)), 3);
    const [, terse] = await scoreShards(source, 2, { tokens: false });
    const out = newFile();
    for (const [parts, message] of [
      [[two], /of 2 shards 1 is missing/],
      [[one, one, two], /both shard 1\/2/],
      [[one, third], /other models, data or settings/],
      [[one, terse], /other models, data or settings/],
      [[one, source], /is no finished shard/],
    ] as [string[], RegExp][]) {
      expect(await refusal(mergeScores(parts, { out }))).toMatchObject({ code: "INPUT_INVALID", message: expect.stringMatching(message) });
    }
    expect(await refusal(mergeResponses([one, two], { out }))).toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringMatching(/made by score/),
    });
    expect(await refusal(mergeScores([one, two], { out: one }))).toMatchObject({ code: "OPTION_INVALID" });
    writeFileSync(two, content(two).replace("Well", "Bell"));
    expect(await refusal(mergeScores([one, two], { out }))).toMatchObject({ message: expect.stringMatching(/run that shard again/) });
    expect(() => content(out)).toThrow();
  });

  it("takes a file to write, and one to read", async () => {
    const shard: Shard = { index: 1, count: 2 };
    expect(await refusal(scoreFile(model, fileOf(lines), { shard }))).toMatchObject({ code: "OPTION_INVALID", option: "shard" });
  });
});

describe("shards of responses", () => {
  const DRAWN = { method: "sample", temperature: 1.5, maxTokens: 6 } as const satisfies GenerateFileOptions;
  const lines = Array.from({ length: 19 }, (_, at) => ({ id: at, prompt: `${QUESTIONS[at % 4]} (${at})` }));

  it.each([
    [2, undefined],
    [3, 2],
  ])("%i of them are the unsharded file, n = %s", async (count, n) => {
    const source = fileOf([...lines, "{ torn"]);
    const whole = newFile();
    const expected = await generateFile(decoder, source, { ...DRAWN, n, seed: 5, out: whole });
    const parts: string[] = [];
    for (let index = 1; index <= count; index++) {
      parts.push(newFile());
      await generateFile(decoder, source, { ...DRAWN, n, seed: 5, out: parts.at(-1), shard: { index, count } });
    }
    const out = newFile();
    expect(await mergeResponses(parts, { out })).toEqual(expected);
    expect(content(out)).toBe(content(whole));
  });

  it("of decoders with other slots do not go together", async () => {
    const source = fileOf(lines);
    const parts = [newFile(), newFile()];
    await generateFile(decoder, source, { ...DRAWN, out: parts[0], shard: { index: 1, count: 2 } });
    await using other = await load({ slots: 3, threads: 1 });
    await generateFile(other, source, { ...DRAWN, out: parts[1], shard: { index: 2, count: 2 } });
    expect(await refusal(mergeResponses(parts, { out: newFile() }))).toMatchObject({ code: "INPUT_INVALID" });
  });
});

describe("the command line", () => {
  it("scores shards and merges them", async () => {
    const source = fileOf(scorable(40));
    const [whole, out] = [newFile(), newFile()];
    expect((await argsearch(["score", "--input", source, "--out", whole])).code).toBe(0);
    const parts = [newFile(), newFile()];
    for (const [at, part] of parts.entries()) {
      expect((await argsearch(["score", "--input", source, "--shard", `${at + 1}/2`, "--out", part])).code).toBe(0);
    }
    const merged = await argsearch(["merge", ...parts, "--out", out, "--json"]);
    expect(JSON.parse(merged.stdout)).toMatchObject({ count: 40, failed: 0 });
    expect(content(out)).toBe(content(whole));
    expect(await argsearch(["merge", parts[0] as string, "--out", newFile()])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/2 is missing/),
    });
    expect(await argsearch(["score", "--input", source, "--shard", "3", "--out", newFile()])).toMatchObject({
      stderr: expect.stringMatching(/2\/8/),
    });
  });
});
