/** Files of prompts: each answered as generate() would, whatever the number of slots, and a run that goes on ends as an unbroken one. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  type Decoder,
  type GeneratedLine,
  type GenerateFileOptions,
  generateFile,
  generateLines,
  type LoadOptions,
  load,
} from "../../src/index.js";
import { ALL_BYTES } from "../helpers/byte-vocabulary.js";
import { modelFolder } from "../helpers/model-folder.js";

const SHAPE = { vocabulary: ALL_BYTES, layers: 2, embedding: 32, heads: 2, kvHeads: 1, feedForward: 64, contextLength: 256 };
const { policy, reward } = modelFolder().writePair(91, SHAPE, SHAPE);
const PAIR = { policy: policy.path, reward: reward.path, gpu: false, threads: 1 } as const;
/** Drawn, so that seeds matter; lengths differ, because the stop string is a likely character. */
const DRAWN = { template: "none", method: "sample", temperature: 2, topK: 40, maxTokens: 12, stop: ["e", "a", " "] } as const;

let decoder: Decoder;
let folder = 0;

beforeAll(async () => {
  decoder = await load({ ...PAIR, slots: 3 });
});
afterAll(() => decoder.dispose());

async function withDecoder<T>(options: LoadOptions, work: (other: Decoder) => Promise<T>): Promise<T> {
  await using other = await load({ ...PAIR, ...options });
  return await work(other);
}

/** A file of lines in a folder of its own. */
function fileOf(...lines: unknown[]): string {
  const path = join(dirname(policy.path), `batch-${++folder}`);
  mkdirSync(path);
  const file = join(path, "in.jsonl");
  writeFileSync(file, lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
  return file;
}

const outOf = (file: string): string => join(dirname(file), "out.jsonl");
const prompts = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `n${at}`, prompt: `say ${"ab".repeat(at % 5)}${at}` }));

async function answered(source: string | Readable, options: GenerateFileOptions = {}, by: Decoder = decoder) {
  const lines: GeneratedLine[] = [];
  const bad: string[] = [];
  const summary = await generateFile(by, source, {
    ...DRAWN,
    onLine: (line) => void lines.push(line),
    onBadLine: ({ number, error }) => void bad.push(`${number} ${error.code}`),
    ...options,
  });
  return { lines, bad, summary };
}

/** Decodes until the n-th response is written. */
async function interrupted(file: string, after: number, options: GenerateFileOptions = {}, by: Decoder = decoder): Promise<string> {
  const stop = new AbortController();
  let seen = 0;
  const onLine = (): void => {
    if (++seen === after) stop.abort();
  };
  const run = answered(file, { out: outOf(file), ...options, onLine, signal: stop.signal }, by);
  await expect(run).rejects.toMatchObject({ code: "ABORTED" });
  const [partial = ""] = readdirSync(dirname(file)).filter((name) => name.endsWith(".partial"));
  return join(dirname(file), partial);
}

describe("generateFile()", () => {
  it("answers every form of prompt as generate() does, with the line's fields", async () => {
    const tool = { type: "function", function: { name: "f" } };
    const chatTemplate = "{% if tools %}{{ tools | tojson }}{% endif %}{{ mood }}{% for m in messages %}{{ m.content }}{% endfor %}";
    await withDecoder({ slots: 2, chatTemplate, reward: null }, async (other) => {
      const options = { method: "greedy", maxTokens: 6, template: "auto" } as const;
      const user = (content: string) => ({ role: "user", content });
      const file = fileOf(
        { prompt: "a text" },
        { prompt: [user("a message")], extra: [1, { b: null }] },
        { messages: [user("asked"), { role: "assistant", content: "recorded" }] },
        { prompt: "with tools", tools: [tool] },
        { prompt: "in a mood", chat_template_kwargs: { mood: "gay" } },
        { prompt: "with a system", system: "be kind" },
        { chosen: "\n\nHuman: pairs\n\nAssistant: yes", rejected: "\n\nHuman: pairs\n\nAssistant: no" },
      );
      const { lines } = await answered(file, options, other);
      const asked = [
        "a text",
        [user("a message")],
        [user("asked")],
        { messages: "with tools", tools: [tool] },
        { messages: "in a mood", templateVariables: { mood: "gay" } },
        [{ role: "system", content: "be kind" }, user("with a system")],
        [user("pairs")],
      ];
      const single = [];
      for (const prompt of asked) single.push((await other.generate(prompt, options)).text);
      expect(lines.map(({ response }) => response)).toEqual(single);
      expect(lines[1]?.fields).toEqual({ prompt: [user("a message")], extra: [1, { b: null }] });
      expect(lines.map(({ line, reward }) => [line, reward])).toEqual(asked.map((_, at) => [at + 1, null]));
    });
  });

  it("gives responses that depend on seed, line and number, and on nothing else", async () => {
    const file = fileOf(...prompts(20));
    const { lines } = await answered(file, { n: 2, seed: 5 });
    expect(lines.map(({ line, number }) => [line, number])).toEqual(
      prompts(20).flatMap((_, at) => [0, 1].map((number) => [at + 1, number])),
    );
    expect(new Set(lines.map(({ seed }) => seed)).size).toBe(40);
    for (const slots of [1, 4, 7]) {
      await withDecoder({ slots }, async (other) => {
        const { lines: others } = await answered(file, { n: 2, seed: 5 }, other);
        const texts = ({ line, number, response, seed, finishReason, usage, tokens }: GeneratedLine) =>
          JSON.stringify({ line, number, response, seed, finishReason, usage, tokens });
        expect(others.map(texts)).toEqual(lines.map(texts));
      });
    }
    const { number: _, seed, response } = lines[7] ?? {};
    expect((await decoder.generate(prompts(20)[3]?.prompt ?? "", { ...DRAWN, seed })).text).toBe(response);
    const first = await answered(file, { seed: 5 });
    expect(first.lines).toHaveLength(20);
    expect(first.lines.map(({ response: text }) => text)).toEqual(
      lines.filter(({ number }) => number === 0).map(({ response: text }) => text),
    );
    expect(first.lines.every((line) => !("number" in line))).toBe(true);
    expect((await answered(file, { seed: 6 })).lines.map(({ seed: other }) => other)).not.toContain(seed);
  });

  it("reports bad lines once, answers the rest and keeps places", async () => {
    const long = { prompt: "a".repeat(300) };
    const progress: string[] = [];
    const file = fileOf({ prompt: "a" }, "{", long, { prompt: "" }, { prompt: "b" });
    const onProgress = (done: number, total: number) => void progress.push(`${done}/${total}`);
    const { lines, bad, summary } = await answered(file, { n: 2, onProgress });
    expect(lines.map(({ line, number }) => [line, number])).toEqual([1, 1, 5, 5].map((line, at) => [line, at % 2]));
    expect(bad.sort()).toEqual(["2 INPUT_INVALID", "3 PROMPT_TOO_LONG", "4 INPUT_INVALID"]);
    const tokens = lines.reduce((sum, { usage }) => sum + usage.completionTokens, 0);
    expect(summary).toMatchObject({ count: 4, failed: 3, completionTokens: tokens });
    expect(summary.ended).toBe(lines.filter(({ finishReason }) => finishReason === "stop" || finishReason === "eog").length);
    expect(progress.at(-1)).toBe("10/10");
  });

  it("leaves tokens out on request, and reads a stream", async () => {
    const file = fileOf({ prompt: "a" }, { prompt: "b" });
    const { lines } = await answered(file, { rewards: true });
    expect(lines[0]?.tokens).toHaveLength(lines[0]?.usage.completionTokens ?? -1);
    expect(lines[0]?.rewards).toHaveLength(lines[0]?.usage.completionTokens ?? -1);
    const without = await answered(Readable.from([readFileSync(file)]), { rewards: true, tokens: false });
    expect(without.lines).toEqual(lines.map(({ tokens: _t, logProbs: _l, rewards: _r, ...line }) => line));
  });

  it("refuses to look ahead by the clock", async () => {
    const file = fileOf({ prompt: "a" });
    await expect(answered(file, { method: "args", lookahead: "auto" })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      option: "lookahead",
    });
    const { lines } = await answered(file, { method: "args", lookahead: 2 });
    expect(lines).toEqual((await answered(file, { method: "args" })).lines);
  });

  it("gives the same in a process of its own", async () => {
    const file = fileOf(...prompts(8));
    const { lines } = await answered(file);
    await withDecoder({ slots: 3, isolate: true }, async (apart) => {
      expect((await answered(file, {}, apart)).lines).toEqual(lines);
    });
  });

  it.each([
    ["a name that is none", { slots: 2 }, "slots"],
    ["an option of single responses", { onStep: () => {} }, "onStep"],
    ["no count", { n: 0 }, "n"],
    ["a setting out of its range", { maxTokens: 0 }, "maxTokens"],
    ["a seed that is none", { seed: -1 }, "seed"],
  ])("refuses %s before anything is written", async (_name, options, option) => {
    const file = fileOf({ prompt: "a" });
    await expect(answered(file, { out: outOf(file), ...(options as object) })).rejects.toMatchObject({ code: "OPTION_INVALID", option });
    expect(readdirSync(dirname(file))).toEqual(["in.jsonl"]);
  });

  it("gives its slots back when it fails in the middle, and to who leaves early", async () => {
    const file = fileOf(...prompts(30));
    const onLine = () => {
      throw new Error("the disk is full");
    };
    await expect(answered(file, { onLine })).rejects.toThrow("the disk is full");
    for await (const { line } of generateLines(decoder, file, DRAWN)) if (line === 2) break;
    expect((await decoder.generateAll(["a", "b", "c"], DRAWN)).length).toBe(3);
  });
});

describe("with out", () => {
  /** Some cannot be answered: one in the beginning, two in a row, one at the end. */
  const tooLong = { prompt: "a".repeat(300) };
  const mixed = [tooLong, ...prompts(14), tooLong, tooLong, ...prompts(15), "{", ...prompts(4), tooLong];
  const BAD = ["1 PROMPT_TOO_LONG", "16 PROMPT_TOO_LONG", "17 PROMPT_TOO_LONG", "33 INPUT_INVALID", "38 PROMPT_TOO_LONG"];

  it.each([1, 2, 11, 12, 13, 25, 32])("a run that is interrupted after %i responses ends as an unbroken one", async (after) => {
    const [whole, file] = [fileOf(...mixed), fileOf(...mixed)];
    const unbroken = await answered(whole, { out: outOf(whole) });
    const partial = await interrupted(file, after);
    appendFileSync(partial, '{"line":30,"respo');
    const rest = await answered(file, { out: outOf(file) });
    expect(rest.lines.length).toBeLessThanOrEqual(33 - after);
    expect(readFileSync(outOf(file), "utf8")).toBe(readFileSync(outOf(whole), "utf8"));
    expect(rest.summary).toEqual(unbroken.summary);
    expect(rest.bad.sort()).toEqual(BAD.sort());
    expect(readdirSync(dirname(file)).sort()).toEqual(["in.jsonl", "out.jsonl"]);
  });

  it("so does one with several responses a line, and one that is interrupted twice", async () => {
    const [whole, file] = [fileOf(...mixed), fileOf(...mixed)];
    await answered(whole, { out: outOf(whole), n: 3 });
    await interrupted(file, 40, { n: 3 });
    await interrupted(file, 7, { n: 3 });
    await answered(file, { out: outOf(file), n: 3 });
    expect(readFileSync(outOf(file), "utf8")).toBe(readFileSync(outOf(whole), "utf8"));
  });

  it("lines are the fields as they are written, then what was found; those with a result's name stand below input", async () => {
    const line = '{"id":12345678901234567890,"prompt":"a","response":"recorded","line":"x","reward":null,"note":1.0}';
    const file = fileOf(line);
    await answered(file, { out: outOf(file), tokens: false, n: 1 });
    const fields = '{"line":1,"number":0,"id":12345678901234567890,"prompt":"a","note":1.0,';
    const text = readFileSync(outOf(file), "utf8");
    expect(text.startsWith(`${fields}"input":{"response":"recorded","line":"x","reward":null},"response":`)).toBe(true);
    expect(Object.keys(JSON.parse(text) as object).slice(-5)).toEqual(["response", "reward", "finishReason", "seed", "usage"]);
  });

  it.each<[name: string, options: GenerateFileOptions]>([
    ["seed", { seed: 1 }],
    ["method", { method: "args" }],
    ["length", { maxTokens: 11 }],
    ["number of responses", { n: 1 }],
    ["tokens", { tokens: false }],
    ["template", { template: "auto" }],
    ["bias", { logitBias: { 5: Number.NEGATIVE_INFINITY } }],
  ])("lines of another %s are not gone on with, and not touched", async (_name, options) => {
    const file = fileOf(...prompts(20));
    const partial = await interrupted(file, 12);
    const kept = readFileSync(partial, "utf8");
    const others: string[] = [];
    await interrupted(file, 1, { ...options, onOthers: (path) => void others.push(path) });
    expect(others).toEqual([partial]);
    expect(readFileSync(partial, "utf8")).toBe(kept);
    expect((await answered(file, { out: outOf(file) })).lines.length).toBeLessThan(20);
  });

  it("settings of the decoder count as well; its slots do not", async () => {
    const { method: _, temperature: __, ...rest } = DRAWN;
    const options = { ...rest, method: undefined, temperature: undefined };
    const file = fileOf(...prompts(20));
    const settings = { method: "sample", temperature: 1.5 } as const;
    await withDecoder({ slots: 3, settings }, (first) => interrupted(file, 12, options, first));
    await withDecoder({ slots: 2, settings }, async (second) => {
      await interrupted(file, 1, options, second);
      expect(readdirSync(dirname(file)).filter((name) => name.endsWith(".partial"))).toHaveLength(1);
    });
    await withDecoder({ slots: 3, settings: { ...settings, temperature: 1.4 } }, async (third) => {
      expect((await answered(file, { ...options, out: outOf(file) }, third)).lines).toHaveLength(20);
    });
  });

  it("a second writer is refused", async () => {
    const file = fileOf(...prompts(20));
    let second: Promise<unknown> | undefined;
    const onLine = async (): Promise<void> => {
      second ??= answered(file, { out: outOf(file) });
      await second.catch(() => {});
    };
    onTestFinished(() => void second?.catch(() => {}));
    await answered(file, { out: outOf(file), onLine });
    await expect(second).rejects.toMatchObject({ code: "BUSY" });
  });

  it("refuses to write over what it reads", async () => {
    const file = fileOf({ prompt: "a" });
    await expect(answered(file, { out: file })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(answered(file, { out: policy.path })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(readFileSync(file, "utf8")).toBe('{"prompt":"a"}\n');
  });
});
