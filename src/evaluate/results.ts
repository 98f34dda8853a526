/** What comes out of an evaluation: results.json. */
import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../engine/abort.js";
import type { FileHash, Identity } from "./identity.js";
import type { JudgeResult } from "./judge/judge.js";
import type { Metric } from "./metrics/metric.js";
import type { EvaluatedResponse, FailedResponse } from "./response.js";
import type { JudgeRewardResult } from "./reward-judge/result.js";
import { type Estimate, type PairedTest, Resampler, shareEstimate } from "./statistics/resampling.js";
import type { Swept } from "./sweep.js";

/** Estimates by metric; a metric without a value is absent. */
export type MethodResult = Record<string, Estimate>;

/** The difference a - b of one metric, over the prompts that both answered. */
export interface Comparison extends PairedTest {
  metric: string;
  /** The difference is this method's less that of `b`. */
  a: string;
  b: string;
}

/** What a method's name in the results stands for. */
export interface VariantInfo {
  /** Label of its models. */
  pair: string;
  /** The method's own name, without that label and what a sweep adds: "args-greedy". */
  method: string;
  /** The values that make it one of a sweep; empty for any other. */
  swept: Swept;
}

/** What is worth saying of an evaluation, though another that says otherwise may be the same. */
export interface Description {
  /** Name of the data's file, "prompts" when they were given themselves. */
  source: string;
  versions: { argsearch: string; engine: string; node: string };
  /** By the methods' names in the results. Absent in results of version 0.1.0. */
  variants?: Record<string, VariantInfo>;
}

/** What an evaluation is of: settings.json. */
export interface EvaluationSettings extends Identity, Description {
  /** Embedding model of coherence; null without one. */
  embedding: { file: string; sha256: string; size: number; pooling: string } | null;
  /** Pairs of label and methods' names, in their order. */
  pairs: { label: string; methods: string[] }[];
  /** The reward model that judges; null without one, absent in older results. */
  judgeReward?: FileHash | null;
}

/** What an evaluation found: results.json. */
export interface EvaluationResults {
  settings: EvaluationSettings;
  methods: Record<string, MethodResult>;
  /** Every pair of methods, every metric. */
  comparisons: Comparison[];
  /** Empty without a judge. */
  judge: JudgeResult[];
  /** Win–tie rates by the ratings of a reward model. Empty without one, absent in older results. */
  judgeReward?: JudgeRewardResult[];
  /** Prompts that were not answered. */
  failures: FailedResponse[];
  /** Lines of the data that were left out. */
  badLines: { line: number; message: string }[];
}

/** Values of one method by metric and prompt. */
export type MeasuredMethod = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** A metric's values by prompt, without those that are absent or not finite. */
export function valuesByPrompt(responses: readonly EvaluatedResponse[], values: readonly (number | null)[]): Map<number, number> {
  return new Map(
    responses.flatMap(({ index }, at) => {
      const value = values[at];
      return typeof value === "number" && Number.isFinite(value) ? [[index, value] as const] : [];
    }),
  );
}

/** @param metrics what was measured: of shares the intervals are Wilson's */
export function methodResult(measured: MeasuredMethod, metrics: readonly Pick<Metric, "name" | "share">[], seed: number): MethodResult {
  const resampler = new Resampler(seed);
  const shares = new Set(metrics.filter(({ share }) => share).map(({ name }) => name));
  const entries = [...measured].flatMap(([metric, values]) => {
    const own = [...values.values()];
    const found = shares.has(metric) ? shareEstimate(own) : resampler.estimate(own);
    return found ? [[metric, found] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** Longest time without a pause, milliseconds: a sweep has thousands of tests. */
const PAUSE_MS = 20;

/**
 * Paired tests of every two methods. Other work gets its turn in between.
 *
 * @param onProgress takes pairs of methods done, and their number
 * @throws ArgsearchError ABORTED
 */
export async function compare(
  methods: ReadonlyMap<string, MeasuredMethod>,
  seed: number,
  signal?: AbortSignal,
  onProgress?: (done: number, total: number) => void,
): Promise<Comparison[]> {
  const named = [...methods];
  const pairs = named.flatMap((b, at) => named.slice(at + 1).map((a) => [a, b] as const));
  const resampler = new Resampler(seed);
  const found: Comparison[] = [];
  let paused = performance.now();
  for (const [done, [a, b]] of pairs.entries()) {
    if (performance.now() - paused > PAUSE_MS) {
      onProgress?.(done, pairs.length);
      await setImmediate();
      paused = performance.now();
    }
    throwIfAborted(signal);
    found.push(...comparePair(a, b, resampler));
  }
  return found;
}

type Named = readonly [name: string, measured: MeasuredMethod];

function comparePair([a, ofA]: Named, [b, ofB]: Named, resampler: Resampler): Comparison[] {
  return [...ofA].flatMap(([metric, values]) => {
    const others = ofB.get(metric);
    const differences = [...values].flatMap(([index, value]) => {
      const other = others?.get(index);
      return other === undefined ? [] : [value - other];
    });
    const test = resampler.pairedTest(differences);
    return test ? [{ metric, a, b, ...test }] : [];
  });
}
