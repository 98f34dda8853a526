/**
 * Imported reward models against transformers: random models, 50 texts of 1 to more than 300 tokens, whole and token by token.
 *   npm run test:parity
 * Takes Python with torch, transformers, tokenizers, sentencepiece and gguf (ARGSEARCH_PYTHON names it), and llama.cpp's source, which
 * is fetched unless ARGSEARCH_CONVERTER names it. ARGSEARCH_PARITY=llama,opt does some of the models only.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Checkpoint } from "../../../src/checkpoint/checkpoint.js";
import { AS_IN_THE_PAPER } from "../../../src/decode/method-defaults.js";
import { binding, type NativeModel } from "../../../src/engine/binding.js";
import { convertOpt, importReward, type ModelType } from "../../../src/import/index.js";
import { load } from "../../../src/index.js";
import { packageRoot } from "../../../src/package-root.js";
import { type SafeTensor, writeSafetensors } from "../../helpers/safetensors-writer.js";
import { llamaSource, python, pythonReady } from "../python.js";

const ALL = ["llama", "mistral", "qwen2", "qwen3", "gemma2", "phi3", "trl", "labels", "opt", "opt-narrow", "opt-wide"] as const;
type Family = (typeof ALL)[number];
const { ARGSEARCH_PARITY: some } = process.env;
const FAMILIES = ALL.filter((family) => some === undefined || some.split(",").includes(family));

/**
 * Differences over the rewards' spread: the largest, and the root of their mean square. 0.002 is the promise for F32. The others
 * round: F16 by 2^-12 and Q8_0 by 2^-8 of a weight or an activation, and a random model of three layers passes that on whole.
 */
const TOLERANCES = {
  f32: { worst: 2e-3, typical: 1e-3 },
  f16: { worst: 3e-2, typical: 1e-2 },
  q8_0: { worst: 3e-1, typical: 1e-1 },
} as const satisfies Partial<Record<ModelType, object>>;
type Type = keyof typeof TOLERANCES;

interface Case {
  family: Family;
  type: Type;
}

const CASES: Case[] = FAMILIES.flatMap((family) => {
  const types: readonly Type[] = ["llama", "opt", "opt-narrow"].includes(family) ? ["f32", "f16", "q8_0"] : ["f32"];
  return types.map((type) => ({ family, type }));
});

/** Of the longest text; every tokenizer makes at least that many of it. */
const LONGEST = 300;

const dir = mkdtempSync(join(tmpdir(), "argsearch-parity-"));
const models = join(dir, "models");
let converter: string;
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Sequence {
  ids: number[];
  /** Rewards of ours, one a label, by position (0-based). */
  rewards: Map<number, number[]>;
}

interface Result extends Case {
  /** Texts that llama.cpp splits as the Hugging Face tokenizer does. */
  sameTokens: number;
  whole: Sequence[];
  incremental: Sequence[];
}

/** A row of rewards, one a label, at every token of every sequence. */
type Reference = number[][][];

const results: (Result & { reference: { whole: Reference; incremental: Reference } })[] = [];

describe.runIf(pythonReady)("rewards of imported models equal transformers'", () => {
  beforeAll(async () => {
    const texts = fiftyTexts();
    converter = llamaSource();
    const ids = runModels<Record<Family, number[][]>>(["make", join(converter, "models"), models, ...FAMILIES], texts);
    const made: Result[] = [];
    for (const { family, type } of CASES) {
      const out = join(dir, `${family}-${type}.gguf`);
      await convert(join(models, family), out, type, family);
      made.push({ family, type, ...(await rewardsOf(out, texts, ids[family])) });
    }
    const asked = FAMILIES.map((family) => {
      const cases = made.filter((each) => each.family === family);
      return [family, cases.flatMap(({ whole, incremental }) => [...whole, ...incremental].map((each) => each.ids))];
    });
    const rewards = runModels<Record<Family, Reference>>(["rewards", models], Object.fromEntries(asked));
    for (const result of made) {
      const [whole, incremental] = [result.whole, result.incremental].map(({ length }) => rewards[result.family].splice(0, length));
      results.push({ ...result, reference: { whole: whole ?? [], incremental: incremental ?? [] } });
    }
  }, 1_800_000);

  it.each(CASES)("$family $type", ({ family, type }) => {
    const result = results.find((each) => each.family === family && each.type === type);
    if (result === undefined) throw new Error("the case was not run");
    const { sameTokens, whole, incremental, reference } = result;
    const ends = reference.whole.map((rewards) => rewards.at(-1) ?? []);
    const spread = Math.min(...(ends[0] ?? []).map((_, label) => deviation(ends.map((row) => row[label] as number))));
    const steps = incremental.reduce((sum, { rewards }) => sum + rewards.size, 0);
    const found = { whole: differences(whole, reference.whole), incremental: differences(incremental, reference.incremental) };
    const shown = ({ worst, typical }: Differences): string =>
      `worst ${worst.toExponential(1)} (${(worst / spread).toExponential(1)} of the spread), typical ${(typical / spread).toExponential(1)}`;
    console.log(
      `${family} ${type}: 50 texts, ${shown(found.whole)}; ${steps} incremental steps, ${shown(found.incremental)}; same tokens in ${sameTokens}`,
    );
    expect(sameTokens).toBe(ends.length);
    expect(ends[0]).toHaveLength(family === "labels" ? 3 : 1);
    expect(Math.max(...whole.map(({ ids }) => ids.length))).toBeGreaterThanOrEqual(LONGEST);
    expect(steps).toBeGreaterThan(50);
    for (const { worst, typical } of Object.values(found)) {
      expect(worst).toBeLessThan(TOLERANCES[type].worst * spread);
      expect(typical).toBeLessThan(TOLERANCES[type].typical * spread);
    }
  });

  it.runIf(FAMILIES.includes("llama"))("a model that lacks a tensor, in its index too, is refused", async () => {
    const [source, out] = [join(dir, "torn"), join(dir, "torn.gguf")];
    cpSync(join(models, "llama"), source, { recursive: true, filter: (path) => !path.includes(".safetensors") });
    const checkpoint = await Checkpoint.open(join(models, "llama"));
    const tensors: Record<string, SafeTensor> = {};
    for (const name of checkpoint.names) {
      tensors[name] = { shape: checkpoint.info(name)?.shape ?? [], data: await checkpoint.floats(name) };
    }
    await checkpoint.close();
    const { "model.layers.1.mlp.up_proj.weight": lost, ...rest } = tensors;
    expect(lost).toBeDefined();
    writeSafetensors(join(source, "model.safetensors"), rest);
    const refused = { code: "MODEL_INVALID", message: expect.stringContaining("blk.1.ffn_up.weight") };
    await expect(convert(source, out, "f16", "llama")).rejects.toMatchObject(refused);
    expect(existsSync(out)).toBe(false);
  });
});

function isOpt(family: Family): boolean {
  return family.startsWith("opt");
}

async function convert(model: string, out: string, type: Type, family: Family): Promise<void> {
  if (isOpt(family)) await convertOpt({ model, out, type });
  else await importReward({ model, out, type, python, converter });
}

/** Rewards of whole sequences at their end, and of responses decoded token by token from some of the texts. */
async function rewardsOf(path: string, texts: readonly string[], ids: readonly number[][]): Promise<Omit<Result, keyof Case>> {
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
  const whole = ids.map((tokens, at) => ({ ids: tokens, rewards: new Map([[tokens.length - 1, [...(scores[at]?.rewards ?? [])]]]) }));
  return { sameTokens, whole, incremental: await guidedResponses(path, texts, ids) };
}

/** The reward model guides itself: any policy with its vocabulary would do. */
async function guidedResponses(path: string, texts: readonly string[], ids: readonly number[][]): Promise<Sequence[]> {
  await using decoder = await load({ policy: path, reward: path, gpu: false, contextSize: 512, threads: 1 });
  const sequences: Sequence[] = [];
  for (const at of [0, 7, 19, 33, 49]) {
    const prompt = ids[at] as number[];
    const { tokens, objectives } = await decoder.generate(texts[at] as string, {
      template: "none",
      maxTokens: 40,
      topK: 5,
      ...AS_IN_THE_PAPER,
    });
    sequences.push({
      ids: [...prompt, ...tokens],
      rewards: new Map(tokens.map((_, step) => [prompt.length + step, Object.values(objectives).map((values) => values[step] as number)])),
    });
  }
  return sequences;
}

interface Differences {
  worst: number;
  /** Root mean square. */
  typical: number;
}

/** Not numbers, and so within no tolerance, where a reward is missing. */
function differences(sequences: readonly Sequence[], reference: Reference): Differences {
  const all = sequences.flatMap(({ rewards }, at) =>
    [...rewards].flatMap(([position, row]) =>
      (reference[at]?.[position] ?? [Number.NaN]).map((value, label) => (row[label] ?? Number.NaN) - value),
    ),
  );
  const square = all.reduce((sum, difference) => sum + difference ** 2, 0) / all.length;
  return { worst: Math.max(...all.map(Math.abs)), typical: Math.sqrt(square) };
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Pieces of English with some other scripts in it, of about 1, 7, 13, … 310 tokens. */
function fiftyTexts(): string[] {
  const english = readFileSync(join(packageRoot, "training", "topics.json"), "utf8").replace(/[\s"[\]{},:_]+/g, " ");
  return Array.from({ length: 50 }, (_, at) => {
    const words = english
      .slice(at * 300)
      .split(" ")
      .slice(1, 1 + Math.round(1 + at * 5.4));
    return at % 5 === 2 ? `${words.slice(1).join(" ")} naïve 世界 🙂 42` : words.join(" ");
  });
}

function runModels<T>(args: readonly string[], input: unknown): T {
  const script = join(packageRoot, "test", "slow", "parity", "models.py");
  const result = spawnSync(python, [script, ...args], { input: JSON.stringify(input), encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`models.py ${args[0]} failed:\n${result.stderr}`);
  return JSON.parse(result.stdout) as T;
}
