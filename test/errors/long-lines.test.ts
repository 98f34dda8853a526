/**
 * llama.cpp cuts the text of most vocabularies into words by regular expressions, which std::regex matches by recursion: a long
 * enough line of letters, spaces or signs ends a process. None does here: it becomes tokens, or is refused.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, it } from "vitest";
import { addonFile } from "../../src/engine/addon.js";
import type { NativeModel } from "../../src/engine/binding.js";
import { openEngine } from "../../src/engine/engine.js";
import { fitReward } from "../../src/fit/index.js";
import { load, loadReward, type ScoredLine, scoreLines } from "../../src/index.js";
import { ALL_BYTES, type ByteVocabulary } from "../helpers/byte-vocabulary.js";
import { ChangedVocabulary, TYPE } from "../helpers/changed-vocabulary.js";
import { writeGguf } from "../helpers/gguf-writer.js";
import { loadNative } from "../helpers/native.js";
import { PreTokenizerVocabulary } from "../helpers/pre-tokenizer.js";
import { tinyModel } from "./tiny-model.js";

const folder = mkdtempSync(join(tmpdir(), "argsearch-lines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
function stored(vocabulary: ByteVocabulary): string {
  const path = join(folder, `${++files}.gguf`);
  writeGguf(path, tinyModel({ vocabulary }));
  return path;
}

async function withModel<T>(vocabulary: ByteVocabulary, work: (model: NativeModel) => T): Promise<T> {
  const model = await loadNative(stored(vocabulary));
  try {
    return work(model);
  } finally {
    model.dispose();
  }
}

/** One of each kind that llama.cpp has, as far as std::regex cuts their words. */
const PRE_TOKENIZERS = [
  ...["default", "minicpm5", "jais-2", "deepseek-llm", "deepseek-v3", "youtu", "deepseek-coder", "falcon", "starcoder", "poro-chat"],
  ...["viking", "tekken", "chameleon", "gpt-4o", "granite-embed-multi-97m", "tiny_aya", "superbpe", "bailingmoe", "seed-coder", "afmoe"],
  ...["exaone-moe", "llama-bpe", "qwen2", "gpt-2"],
];

/** More than a thread's 8 MiB hold: a character takes some 350 bytes. */
const LENGTH = 30_000;
const TEXTS: [what: string, text: string][] = [
  ["letters", "z".repeat(LENGTH)],
  ["capitals", "É".repeat(LENGTH)],
  ["spaces", `${" ".repeat(LENGTH)}x`],
  ["line breaks", "\n".repeat(LENGTH)],
  ["signs", ".".repeat(LENGTH)],
  ["emoji", "🚢".repeat(LENGTH)],
  ["ideographs", "漢".repeat(LENGTH)],
  ["words", "a b ".repeat(LENGTH / 4)],
  ["signs, then line breaks and slashes", `.${"\n/".repeat(LENGTH / 2)}`],
];

describe.for(PRE_TOKENIZERS)("words as %s has them", (name) => {
  it("of any length are cut into their bytes", async () => {
    const vocabulary = new PreTokenizerVocabulary(name);
    await withModel(vocabulary, (model) => {
      for (const [what, text] of TEXTS) {
        const tokens = model.tokenize(text, false, false);
        expect(Buffer.from(tokens).equals(Buffer.from(text)), what).toBe(true);
      }
    });
  });
});

describe("on the small stack of a worker", () => {
  const { dir } = openEngine({ engineDir: undefined, gpu: false });
  const program = `
    const { parentPort, workerData: { file, dir, path, texts } } = require("node:worker_threads");
    const addon = require(file);
    addon.openEngine(dir);
    addon.loadModel({ path, gpuLayers: 0, backend: "CPU" }, null).then((model) => {
      parentPort.postMessage(texts.map((text) => model.tokenize(text, false, false).length));
      model.dispose();
    });`;

  it.for(["deepseek-llm", "gpt-4o", "exaone-moe"])("%s", async (name) => {
    const workerData = { file: addonFile(), dir, path: stored(new PreTokenizerVocabulary(name)), texts: TEXTS.map(([, text]) => text) };
    const worker = new Worker(program, { eval: true, workerData, resourceLimits: { stackSizeMb: 1 } });
    const found = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await worker.terminate();
    expect(found).toEqual(TEXTS.map(([, text]) => Buffer.byteLength(text)));
  });
});

describe("more than a stack can hold", () => {
  const MOST = 1_047_552;
  const vocabulary = new PreTokenizerVocabulary("deepseek-llm");

  it("is PROMPT_TOO_LONG in one line, and tokens in several", async () => {
    await withModel(vocabulary, (model) => {
      const line = `${"z".repeat(999)}\n`;
      const several = line.repeat(1200);
      expect(model.tokenize(several, false, false)).toHaveLength(several.length);
      const refused = {
        code: "PROMPT_TOO_LONG",
        message: expect.stringMatching(/a line of 1047553 characters .* takes 1047552 .*\. Break it/),
      };
      expect(() => model.tokenize("z".repeat(MOST + 1), false, false)).toThrowError(expect.objectContaining(refused));
      expect(() => model.tokenize(`a\n${"\n/".repeat(MOST)}`, false, false)).toThrowError(
        expect.objectContaining({ code: "PROMPT_TOO_LONG" }),
      );
      expect(() => model.tokenize(`a\n${"\n\u3000".repeat(MOST)}`, false, false)).toThrowError(/PROMPT_TOO_LONG|a line of/);
    });
  });

  it("is counted in characters, and lines in any alphabet end it", async () => {
    await withModel(vocabulary, (model) => {
      const text = `${"漢字".repeat(100)}\n`.repeat(6000);
      expect(model.tokenize(text, false, false)).toHaveLength(Buffer.byteLength(text));
    });
  });
});

describe("fewest tokens of a text, by its length alone", () => {
  it("are the bytes by those of the longest token", async () => {
    await withModel(ALL_BYTES, (model) => {
      expect(["", "a", "abcdefg", "abcdefgh", "é".repeat(7)].map((text) => model.leastTokens(text))).toEqual([0, 1, 1, 2, 2]);
    });
  });

  it("are not told where a text may lose bytes", async () => {
    await withModel(new ChangedVocabulary(Buffer.from("abc"), {}), (model) => expect(model.leastTokens("a".repeat(1000))).toBe(0));
  });
});

describe("a line of so many letters among others", () => {
  // A long control token: by its length alone the line could be 700 tokens, so it must be cut to be known as too long.
  const long = new ChangedVocabulary(Array(256).keys(), { more: [{ text: `<|${"x".repeat(196)}|>`, type: TYPE.control }] });
  describe.for<[what: string, vocabulary: ByteVocabulary, letters: number, message: RegExp]>([
    [
      "140,000, refused by their length",
      ALL_BYTES,
      140_000,
      /a text of 140000 characters has at least 20000 tokens .*, the context holds 1024/,
    ],
    ["140,000, refused by their tokens", long, 140_000, /the prompt has 140001 tokens .*: the context of 1024 leaves no room/],
    ["60,000", ALL_BYTES, 60_000, /the prompt has 60001 tokens .*: the context of 1024 leaves no room/],
  ])("%s", ([, vocabulary, letters, message]) => {
    const hostile = "z".repeat(letters);
    it("costs itself alone", async () => {
      const path = join(folder, `${++files}.gguf`);
      const { metadata, tensors } = tinyModel({ vocabulary, contextLength: 1024 });
      writeGguf(path, { metadata: { ...metadata, "tokenizer.ggml.pre": { type: "string", value: "deepseek-llm" } }, tensors });
      const data = join(folder, "lines.jsonl");
      const lines = [{ prompt: "a", response: "b" }, { prompt: hostile, response: "b" }, { prompt: "a", response: hostile }, { text: "c" }];
      writeFileSync(data, lines.map((line) => JSON.stringify(line)).join("\n"));

      const decoder = await load({ policy: path, reward: path, gpu: false, threads: 1 });
      const refused = { code: "PROMPT_TOO_LONG", message: expect.stringMatching(message) };
      await expect(decoder.generate(hostile, { template: "none" })).rejects.toMatchObject(refused);
      expect((await decoder.generate("a", { template: "none", maxTokens: 2 })).tokens.length).toBeGreaterThan(0);
      await decoder.dispose();

      const judge = await loadReward({ reward: path, gpu: false, threads: 1 });
      const bad: [number, string][] = [];
      const onBadLine = ({ number, error }: { number: number; error: Error & { code?: string } }) => bad.push([number, error.code ?? ""]);
      const scored: ScoredLine[] = [];
      for await (const line of scoreLines(judge, data, { template: "none", onBadLine })) scored.push(line);
      await judge.dispose();
      expect(scored.map(({ line }) => line)).toEqual([1, 4]);
      expect(bad).toEqual([
        [2, "PROMPT_TOO_LONG"],
        [3, "PROMPT_TOO_LONG"],
      ]);

      // A prompt that is too long to fit on is cut from the left; it is a text all the same.
      const pairs = Array.from({ length: 12 }, (_, index) => ({
        prompt: index === 5 ? hostile : "say",
        chosen: `good ${index}`,
        rejected: `${index} bad`,
      }));
      const { pairs: counted } = await fitReward({
        model: path,
        pairs,
        out: join(folder, `${++files}.gguf`),
        template: "none",
        gpu: false,
        threads: 1,
      });
      expect(counted).toMatchObject({ read: 12, skipped: 0, cut: 1 });
    });
  });
});
