import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { bannedWords, loadReward, type RewardModel, type ScoredLine, type ScoreFileOptions, scoreFile } from "../../src/index.js";
import { modelFolder } from "../helpers/model-folder.js";

const models = modelFolder();
const judge = models.write({ seed: 3, labels: ["reward"] });
const other = models.write({ seed: 4, labels: ["kind", "brief"] });
const CPU = { gpu: false, threads: 1 } as const;

let model: RewardModel;
let several: RewardModel;
let folder = 0;

beforeAll(async () => {
  model = await loadReward({ reward: judge.path, ...CPU });
  const terms = [
    { reward: judge.path, weight: 0.7 },
    { reward: other.path, weight: 0.3, labels: { brief: 2 } },
  ];
  several = await loadReward({ reward: terms, ...CPU });
});

afterAll(async () => {
  await model.dispose();
  await several.dispose();
});

/** A file of lines in a folder of its own. */
function fileOf(...lines: unknown[]): string {
  const path = join(dirname(judge.path), `score-${++folder}`);
  mkdirSync(path);
  const file = join(path, "in.jsonl");
  writeFileSync(file, lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
  return file;
}

async function scored(source: string | Readable, options: ScoreFileOptions = {}, by: RewardModel = model) {
  const lines: ScoredLine[] = [];
  const bad: number[] = [];
  const summary = await scoreFile(by, source, {
    onLine: (line) => void lines.push(line),
    onBadLine: ({ number }) => void bad.push(number),
    ...options,
  });
  return { lines, bad, summary };
}

const outOf = (file: string): string => join(dirname(file), "out.jsonl");
const rewardOf = async (text: string): Promise<number> => (await model.score({ text })).reward;
const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });

describe("scoreFile()", () => {
  it("scores every kind of line as what it is", async () => {
    const hh = { chosen: "\n\nHuman: hi\n\nAssistant: yes", rejected: "\n\nHuman: hi\n\nAssistant: no" };
    const file = fileOf(
      { prompt: "say ", response: "yes" },
      { text: "say yes" },
      { messages: [user("hi"), assistant("yes")] },
      { prompt: "say ", chosen: "yes", rejected: "no" },
      hh,
    );
    const { lines, summary } = await scored(file, { template: "none" });
    const [yes, no] = [await rewardOf("say yes"), await rewardOf("say no")];
    const [hhYes, hhNo] = [await rewardOf(hh.chosen), await rewardOf(hh.rejected)];
    const close = (value: number) => expect.closeTo(value, 4);
    const text = (line: number, reward: number) => ({ line, fields, reward: close(reward), tokens: expect.any(Array) });
    const fields = expect.any(Object);
    expect(lines).toEqual([
      text(1, yes),
      text(2, yes),
      text(3, hhYes),
      { line: 4, fields, chosenReward: close(yes), rejectedReward: close(no), correct: yes > no },
      { line: 5, fields, chosenReward: close(hhYes), rejectedReward: close(hhNo), correct: hhYes > hhNo },
    ]);
    expect(lines[4]?.fields).toEqual(hh);
    const rewards = [yes, yes, hhYes, yes, no, hhYes, hhNo];
    const mean = rewards.reduce((a, b) => a + b) / rewards.length;
    expect(summary).toMatchObject({ count: 5, failed: 0, mean: close(mean), pairAccuracy: (Number(yes > no) + Number(hhYes > hhNo)) / 2 });
    expect(summary.deviation).toBeCloseTo(Math.sqrt(rewards.reduce((sum, each) => sum + (each - mean) ** 2, 0) / rewards.length), 4);
    expect(summary.histogram.counts.reduce((a, b) => a + b)).toBe(rewards.length);
  });

  it("reports bad lines, scores the rest and keeps places", async () => {
    const long = { prompt: "a".repeat(300), response: "b" };
    const { lines, bad, summary } = await scored(fileOf({ text: "a" }, "{", "", { prompt: "x" }, long, { text: "b" }));
    expect(lines.map(({ line }) => line)).toEqual([1, 6]);
    expect([...bad].sort()).toEqual([2, 3, 4, 5]);
    expect(summary).toMatchObject({ count: 2, failed: 4, pairAccuracy: null, low: null, high: null });
  });

  it("has nothing to say about an empty file", async () => {
    const { summary } = await scored(fileOf());
    expect(summary).toMatchObject({ count: 0, failed: 0, mean: null, deviation: null, histogram: { counts: [] } });
  });

  it("counts the records of gzip and of an array", async () => {
    const records = Array.from({ length: 40 }, (_, at) => ({ text: `a${at}` }));
    const plain = await scored(fileOf(...records));
    const zipped = fileOf();
    writeFileSync(zipped, gzipSync(readFileSync(fileOf(...records))));
    for (const file of [zipped, fileOf(JSON.stringify(records, null, 2))]) {
      const progress: string[] = [];
      expect(await scored(file, { out: outOf(file), onProgress: (done, total) => void progress.push(`${done}/${total}`) })).toEqual(plain);
      expect([progress[0], progress.at(-1)]).toEqual(["1/40", "40/40"]);
    }
  });

  it.skipIf(process.platform === "win32")("reads a named pipe, which can be read once", async () => {
    const pipe = fileOf();
    rmSync(pipe);
    execFileSync("mkfifo", [pipe]);
    const progress: string[] = [];
    const writing = writeFile(pipe, '{"text":"a"}\n{"text":"b"}\n');
    const { lines } = await scored(pipe, { out: outOf(pipe), onProgress: (done, total) => void progress.push(`${done}/${total}`) });
    await writing;
    expect(lines.map(({ line }) => line)).toEqual([1, 2]);
    expect(progress).toEqual(["1/0", "2/0"]);
  });

  it("leaves out a line that is nested too deeply, and scores one that is not, with a template that shows it", async () => {
    const deep = (levels: number): string => `{"prompt":"a","response":"b","tools":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    const chatTemplate = "{{ tools | tojson | length }}{% for m in messages %}{{ m.content }}{% endfor %}";
    const showing = await loadReward({ reward: { reward: judge.path, chatTemplate }, ...CPU });
    onTestFinished(() => showing.dispose());
    const { lines, bad } = await scored(fileOf({ prompt: "a", response: "b" }, deep(3000), deep(499)), {}, showing);
    expect(lines.map(({ line }) => line)).toEqual([1, 3]);
    expect(bad).toEqual([2]);
    const endless = JSON.parse(deep(30_000)) as { tools: unknown[] };
    const found = showing.score({ prompt: { messages: "a", tools: endless.tools }, response: "b" });
    await expect(found).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });

  it("reads streams, counts progress and can be aborted", async () => {
    const file = fileOf(...Array.from({ length: 70 }, (_, index) => ({ prompt: "say ", response: `a${"b".repeat(index % 9)}` })));
    const progress: string[] = [];
    const fromFile = await scored(file, { onProgress: (done, total) => void progress.push(`${done}/${total}`) });
    expect(progress.at(-1)).toBe("70/70");
    expect((await scored(Readable.from([readFileSync(file)]))).lines).toEqual(fromFile.lines);
    await expect(scored(file, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("reports each objective, per token and at the end", async () => {
    const { lines } = await scored(fileOf({ text: "sail on" }), {}, several);
    const [line] = lines;
    if (!("tokens" in line) || line.tokens === undefined) throw new Error("a text has tokens");
    expect(several.info.weights).toEqual([0.7, 0, 0.6]);
    expect(line.objectives).toEqual(line.tokens.at(-1)?.objectives);
    for (const { reward, objectives } of line.tokens) {
      const { reward: first, brief } = objectives ?? {};
      expect(Object.keys(objectives ?? {})).toEqual(["reward", "kind", "brief"]);
      expect(reward).toBeCloseTo(0.7 * first + 0.6 * brief, 5);
    }
  });
});

describe("fields of the line", () => {
  const texts = async (line: string, options: ScoreFileOptions = {}): Promise<string> => {
    const given: string[] = [];
    await scoreFile(model, fileOf(line), { onLine: (_, json) => void given.push(json), ...options });
    return given.join("\n");
  };

  it("pass through as they are written, with every digit and escape", async () => {
    const line = String.raw`{ "id" : 12345678901234567890, "text":"a", "n": [1.0, 1e3, -0 , {"a\"b" : "c\\", "d":[]}], "t": "\u00e9 \ud83d\ude00", "": null, "2": {} }`;
    const json = await texts(line, { tokens: false });
    expect(json).toMatch(/^{"line":1,.*,"reward":-?[\d.e-]+}$/);
    const kept = String.raw`"id":12345678901234567890,"text":"a","n":[1.0,1e3,-0,{"a\"b":"c\\","d":[]}],"t":"\u00e9 \ud83d\ude00","":null,"2":{}`;
    expect(json).toContain(`{"line":1,${kept},"reward":`);
  });

  it("with the name of a result stand below input, whether the line has that result or not", async () => {
    const line = { line: 7, text: "a", reward: "mine", input: { deep: true }, correct: null, index: 3 };
    const { reward, ...rest } = JSON.parse(await texts(JSON.stringify(line), { tokens: false })) as Record<string, unknown>;
    expect(reward).toBeTypeOf("number");
    const input = { line: 7, reward: "mine", input: { deep: true }, correct: null };
    expect(rest).toEqual({ line: 1, text: "a", index: 3, input });
  });

  it("of which one is there twice: the later one, as it was scored", async () => {
    const both = await texts('{"text":"a","text":"b","id":1,"id":2}', { tokens: false });
    expect(both).toBe(await texts('{"text":"b","id":2}', { tokens: false }));
    expect(both.match(/"id"/g)).toHaveLength(1);
  });

  it("may be a conversation beside an answer to it", async () => {
    const [message] = [user("hi")];
    const { lines: found } = await scored(
      fileOf(
        { messages: [message], response: "yes" },
        { messages: [message, assistant("no")], response: "yes" },
        { prompt: [message], response: "yes" },
      ),
      { template: "none" },
    );
    const rewards = found.map((line) => ("reward" in line ? line.reward : Number.NaN));
    for (const reward of rewards) expect(reward).toBeCloseTo(rewards[2] ?? Number.NaN, 5);
  });

  it("stand without the tokens' rewards if nobody wants those, and only then go on with such a file", async () => {
    const file = fileOf(...Array.from({ length: 40 }, () => ({ text: "a" })));
    const stop = new AbortController();
    const onLine = (): void => stop.abort();
    await expect(scored(file, { out: outOf(file), onLine, signal: stop.signal })).rejects.toMatchObject({ code: "ABORTED" });
    expect((await scored(file, { out: outOf(file), tokens: false })).lines).toHaveLength(40);
    expect(readFileSync(outOf(file), "utf8")).not.toContain("tokens");
    await expect(scored(file, { tokens: 1 as never })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});

describe("with out", () => {
  const lines = Array.from({ length: 100 }, (_, index) => ({ prompt: "say ", chosen: "y".repeat(1 + (index % 5)), rejected: "n" }));
  const parsed = (path: string): Record<string, unknown>[] =>
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  /** As the file has it where no field has the name of a result. */
  const flat = (scoredLines: readonly ScoredLine[]) => scoredLines.map(({ fields, ...rest }) => ({ ...fields, ...rest }));

  /** Scores until the n-th line; returns the name of what is left. */
  async function interrupted(file: string, after: number): Promise<string> {
    const stop = new AbortController();
    let seen = 0;
    const onLine = (): void => {
      if (++seen === after) stop.abort();
    };
    await expect(scored(file, { out: outOf(file), onLine, signal: stop.signal })).rejects.toMatchObject({ code: "ABORTED" });
    const [partial] = readdirSync(dirname(file)).filter((name) => name.startsWith("out.jsonl."));
    return join(dirname(file), partial);
  }

  it("the file appears when it is whole", async () => {
    const file = fileOf(...lines);
    const { lines: given } = await scored(file, { out: outOf(file) });
    expect(parsed(outOf(file))).toEqual(flat(given));
    expect(readdirSync(dirname(file)).sort()).toEqual(["in.jsonl", "out.jsonl"]);
  });

  it("an interrupted run goes on, over a torn line too", async () => {
    const file = fileOf(...lines, "{");
    const unbroken = await scored(file);
    const partial = await interrupted(file, 32);
    appendFileSync(partial, '{"line":34,"cho');
    const rest = await scored(file, { out: outOf(file) });
    expect(rest.lines).toHaveLength(68);
    expect(rest.bad).toEqual([101]);
    expect(parsed(outOf(file)).map(({ line }) => line)).toEqual(lines.map((_, at) => at + 1));
    expect(rest.summary).toMatchObject({ count: 100, failed: 1, pairAccuracy: unbroken.summary.pairAccuracy });
    expect(rest.summary.mean).toBeCloseTo(unbroken.summary.mean ?? Number.NaN, 4);
    expect(readdirSync(dirname(file)).sort()).toEqual(["in.jsonl", "out.jsonl"]);
  });

  it.each([
    ["no JSON", (text: string) => text.replace(/\n.{5}/, "\n#####")],
    ["no line of ours", (text: string) => text.replace(/\n.*\n/, '\n{"line":2}\n')],
    ["two writers' lines, one in the other", (text: string) => text.replace(/\n(.*)\n/, "\n$1$1\n")],
    ["a line twice", (text: string) => text.replace(/\n(.*)\n/, "\n$1\n$1\n")],
    ["a line in another spelling", (text: string) => text.replace(/\n(.*?),/, "\n$1, ")],
    ["no UTF-8", (text: string) => Buffer.from(text.replace(/\n.{5}/, "\n\xfc####"), "latin1")],
    ["a byte of nothing", (text: string) => text.replace(/\n.{5}/, "\n\0\0\0\0\0")],
  ])("an interrupted run goes on from before what is damaged: %s", async (_name, damage) => {
    const file = fileOf(...lines);
    const unbroken = await scored(file);
    const partial = await interrupted(file, 32);
    writeFileSync(partial, damage(readFileSync(partial, "utf8")));
    const rest = await scored(file, { out: outOf(file) });
    expect(rest.lines.map(({ line }) => line)).toContain(3);
    expect(parsed(outOf(file)).map(({ line }) => line)).toEqual(lines.map((_, at) => at + 1));
    expect(rest.summary).toMatchObject({ count: 100, failed: 0, pairAccuracy: unbroken.summary.pairAccuracy });
  });

  it("a template that writes the time writes one for all that a file's runs read", async () => {
    const chatTemplate = "{{ strftime_now('%Y %m %d %H:%M:%S.%f') }}{% for m in messages %}{{ m.content }}{% endfor %}";
    const dated = await loadReward({ reward: [{ reward: judge.path, chatTemplate }], ...CPU });
    const day = new Date();
    const file = fileOf({ prompt: "say ", response: "yes" });
    const { lines: found } = await scored(file, { out: outOf(file) }, dated);
    day.setHours(0, 0, 0, 0);
    expect(found).toEqual((await scored(file, { date: day }, dated)).lines);
    expect(found).not.toEqual((await scored(file, { date: "2020-01-01" }, dated)).lines);
    await dated.dispose();
  });

  it("an interrupted run of texts with line ends of all kinds goes on", async () => {
    const texts = Array.from({ length: 70 }, (_, at) => ({ text: `a\u2028${at}\u2029b\u0085c\r\n\v` }));
    const file = fileOf(...texts);
    const unbroken = await scored(file);
    await interrupted(file, 33);
    expect((await scored(file, { out: outOf(file) })).lines.length).toBeLessThan(40);
    expect(parsed(outOf(file))).toEqual(flat(unbroken.lines));
  });

  it("lines of another model, file or template are not gone on with", async () => {
    const file = fileOf(...lines);
    await interrupted(file, 32);
    const fresh = await scored(file, { out: outOf(file), template: "none" });
    expect(fresh.lines).toHaveLength(100);
  });

  it.each([{ kvType: "f16" }, { batchSize: 256 }, { gpuLayers: 1 }, { contextSize: 128 }] as const)(
    "lines of a model that computes otherwise are not gone on with: %o",
    async (options) => {
      const file = fileOf(...lines);
      await interrupted(file, 32);
      const otherwise = await loadReward({ reward: judge.path, ...CPU, ...options });
      try {
        const fresh = await scored(file, { out: outOf(file) }, otherwise);
        expect(fresh.lines).toHaveLength(100);
        expect(readdirSync(dirname(file)).sort()).toEqual(["in.jsonl", "out.jsonl"]);
      } finally {
        await otherwise.dispose();
      }
    },
  );

  it.skipIf(process.platform === "win32")("may be a pipe, which stays", async () => {
    const file = fileOf({ text: "a" }, { text: "b" });
    execFileSync("mkfifo", [outOf(file)]);
    const read = readFile(outOf(file), "utf8");
    const { lines: given } = await scored(file, { out: outOf(file) });
    expect(JSON.parse(`[${(await read).trimEnd().replaceAll("\n", ",")}]`)).toEqual(flat(given));
    expect(readdirSync(dirname(file)).sort()).toEqual(["in.jsonl", "out.jsonl"]);
  });

  it("refuses to write over what it reads, or where no file can be", async () => {
    const file = fileOf({ text: "a" });
    const link = process.platform === "win32" ? file : outOf(file); // Windows lets hardly anyone make one
    if (link !== file) symlinkSync(file, link);
    await expect(scored(file, { out: link })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(scored(file, { out: dirname(file) })).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    await expect(scored(file, { out: file })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(scored(file, { out: "/nowhere/out.jsonl" })).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    await expect(scored("missing.jsonl")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    expect(readFileSync(file, "utf8")).toBe('{"text":"a"}\n');
  });
});

it("counts bans of reward functions apart", async () => {
  const unkind = bannedWords(["unkind"]);
  const strict = await loadReward({ reward: [judge.path, unkind], ...CPU });
  const file = fileOf({ prompt: "p", response: "kind" }, { prompt: "p", response: "unkind" }, { prompt: "p", response: "mild" });
  const banned = await scoreFile(strict, file);
  const plain = await scoreFile(model, fileOf({ prompt: "p", response: "kind" }, { prompt: "p", response: "mild" }));
  expect(banned).toMatchObject({ count: 3, banned: 1 });
  expect(plain).toMatchObject({ count: 2, banned: 0 });
  expect(banned.mean).toBeCloseTo(plain.mean ?? Number.NaN, 5);
  expect(banned.histogram.counts.reduce((a, b) => a + b)).toBe(2);
  await strict.dispose();
});
