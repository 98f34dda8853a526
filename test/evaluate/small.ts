/** An evaluation of seconds, and what it wrote. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { EvaluatedResponse, EvaluateOptions, EvaluationResults } from "../../src/evaluate/index.js";

export const PROMPTS = ["Can you help me set up a light show?", "How do I bake bread?", "Help me plan a city trip."];
export const SMALL: EvaluateOptions = { data: PROMPTS, methods: ["greedy", "top-p", "args-greedy"], maxTokens: 8, slots: 2, threads: 1 };

export async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "argsearch-eval-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return join(dir, "out");
}

export async function lines(dir: string): Promise<EvaluatedResponse[]> {
  const content = await readFile(join(dir, "responses.jsonl"), "utf8");
  return content
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as EvaluatedResponse);
}

export function untimed(responses: readonly EvaluatedResponse[]): Omit<EvaluatedResponse, "milliseconds">[] {
  return responses.map(({ milliseconds: _, ...rest }) => rest);
}

/** Results without what a clock says. */
export function timeless({ methods, comparisons, ...rest }: EvaluationResults): unknown {
  const kept = Object.entries(methods).map(([name, { tokensPerSecond: _, ...others }]) => [name, others]);
  return { ...rest, methods: Object.fromEntries(kept), comparisons: comparisons.filter(({ metric }) => metric !== "tokensPerSecond") };
}
