/**
 * Imported reward models against transformers: random models at F32, 50 texts of 1 to 300 tokens, whole and token by token.
 *   npm run test:parity
 * Takes Python with torch, transformers, tokenizers, sentencepiece and gguf (ARGSEARCH_PYTHON names it), and llama.cpp's source, which
 * is fetched unless ARGSEARCH_CONVERTER names it. ARGSEARCH_PARITY=llama,opt does some of the models only.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { binding, type NativeModel } from "../../../src/binding.js";
import { convertOpt, importReward, load } from "../../../src/index.js";
import { packageRoot } from "../../../src/package-root.js";
import { llamaSource, python, pythonReady } from "../python.js";

const ALL = ["llama", "mistral", "qwen2", "qwen3", "gemma2", "phi3", "trl", "opt"] as const;
type Family = (typeof ALL)[number];
const { ARGSEARCH_PARITY: some } = process.env;
const FAMILIES = ALL.filter((family) => some === undefined || some.split(",").includes(family));

/** Of the rewards' spread: 0.002 is the promise. */
const TOLERANCE = 2e-3;

const dir = mkdtempSync(join(tmpdir(), "argsearch-parity-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Sequence {
  ids: number[];
  /** Positions (0-based) with a reward of ours. */
  rewards: Map<number, number>;
}

interface Result {
  /** Texts that llama.cpp splits as the Hugging Face tokenizer does. */
  sameTokens: number;
  whole: Sequence[];
  incremental: Sequence[];
  reference?: { whole: number[][]; incremental: number[][] };
}

const results = new Map<Family, Result>();

describe.runIf(pythonReady)("rewards of imported models equal transformers'", () => {
  beforeAll(async () => {
    const texts = fiftyTexts();
    const models = join(dir, "models");
    const converter = llamaSource();
    const ids = runModels<Record<Family, number[][]>>(["make", join(converter, "models"), models, ...FAMILIES], texts);
    for (const family of FAMILIES) {
      const out = join(dir, `${family}.gguf`);
      const source = join(models, family);
      if (family === "opt") await convertOpt({ model: source, out, type: "f32" });
      else await importReward({ model: source, out, type: "f32", python, converter });
      results.set(family, await rewardsOf(out, texts, ids[family]));
    }
    const sequences = [...results].map(([family, { whole, incremental }]) => [family, [...whole, ...incremental].map((each) => each.ids)]);
    const rewards = runModels<Record<Family, number[][]>>(["rewards", models], Object.fromEntries(sequences));
    for (const [family, result] of results) {
      const all = rewards[family];
      result.reference = { whole: all.slice(0, texts.length), incremental: all.slice(texts.length) };
    }
  }, 1_800_000);

  it.each(FAMILIES)("%s", (family) => {
    const { sameTokens, whole, incremental, reference } = results.get(family) as Required<Result>;
    const ends = reference.whole.map((rewards) => rewards.at(-1) as number);
    const spread = deviation(ends);
    const worst = { whole: worstDifference(whole, reference.whole), incremental: worstDifference(incremental, reference.incremental) };
    const steps = incremental.reduce((sum, { rewards }) => sum + rewards.size, 0);
    const shown = (value: number): string => `${value.toExponential(1)} (${(value / spread).toExponential(1)} of the spread)`;
    console.log(
      `${family}: 50 texts, worst ${shown(worst.whole)}; ${steps} incremental steps, worst ${shown(worst.incremental)}; same tokens in ${sameTokens}`,
    );
    expect(sameTokens).toBe(ends.length);
    expect(steps).toBeGreaterThan(50);
    expect(worst.whole).toBeLessThan(TOLERANCE * spread);
    expect(worst.incremental).toBeLessThan(TOLERANCE * spread);
  });
});

/** Rewards of whole sequences at their end, and of responses decoded token by token from some of the texts. */
async function rewardsOf(path: string, texts: readonly string[], ids: readonly number[][]): Promise<Result> {
  const native: NativeModel = await binding().loadModel({ path, gpuLayers: 0, backend: "CPU" }, null);
  const equal = (a: readonly number[], b: Int32Array): boolean => a.length === b.length && a.every((id, at) => id === b[at]);
  const sameTokens = texts.filter((text, at) => equal(ids[at] as number[], native.tokenize(text, true, false))).length;
  const scorer = await binding().createScorer({
    model: native,
    contextSize: 512,
    sequences: 4,
    threads: 1,
    batchSize: 256,
    kvType: "auto",
  });
  const scores = await scorer.score(
    ids.map((tokens) => ({ tokens: Int32Array.from(tokens), positions: Int32Array.of(tokens.length - 1) })),
    false,
  );
  await scorer.dispose();
  native.dispose();
  const whole = ids.map((tokens, at) => ({ ids: tokens, rewards: new Map([[tokens.length - 1, scores[at]?.rewards[0] as number]]) }));
  return { sameTokens, whole, incremental: await guidedResponses(path, texts, ids) };
}

/** The reward model guides itself: any policy with its vocabulary would do. */
async function guidedResponses(path: string, texts: readonly string[], ids: readonly number[][]): Promise<Sequence[]> {
  await using decoder = await load({ policy: path, reward: path, gpu: false, contextSize: 512, threads: 1 });
  const sequences: Sequence[] = [];
  for (const at of [0, 7, 19, 33, 49]) {
    const prompt = ids[at] as number[];
    const { tokens, rewards } = await decoder.generate(texts[at] as string, { template: "none", maxTokens: 40, topK: 5 });
    sequences.push({
      ids: [...prompt, ...tokens],
      rewards: new Map(rewards.map((reward, step) => [prompt.length + step, reward])),
    });
  }
  return sequences;
}

function worstDifference(sequences: readonly Sequence[], reference: readonly number[][]): number {
  const differences = sequences.flatMap(({ rewards }, at) =>
    [...rewards].map(([position, reward]) => reward - (reference[at]?.[position] ?? 0)),
  );
  return Math.max(...differences.map((difference) => Math.abs(difference) || (Number.isNaN(difference) ? Number.POSITIVE_INFINITY : 0)));
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Pieces of English with some other scripts in it, of about 1, 7, 13, … 300 tokens. */
function fiftyTexts(): string[] {
  const english = readFileSync(join(packageRoot, "training", "topics.json"), "utf8").replace(/[\s"[\]{},:_]+/g, " ");
  return Array.from({ length: 50 }, (_, at) => {
    const words = english
      .slice(at * 300)
      .split(" ")
      .slice(1, 1 + Math.round(1 + at * 4));
    return at % 5 === 2 ? `${words.slice(1).join(" ")} naïve 世界 🙂 42` : words.join(" ");
  });
}

function runModels<T>(args: readonly string[], input: unknown): T {
  const script = join(packageRoot, "test", "slow", "parity", "models.py");
  const result = spawnSync(python, [script, ...args], { input: JSON.stringify(input), encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`models.py ${args[0]} failed:\n${result.stderr}`);
  return JSON.parse(result.stdout) as T;
}
