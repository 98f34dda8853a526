/** Win–tie rates of methods against a baseline, by another model's verdicts. */
import { promptAsText } from "../../data/transcript.js";
import { integer, invalid, nonEmptyText, onlyKnown, plainObject } from "../../validate.js";
import { type Estimate, estimate } from "../resampling.js";
import type { EvaluatedResponse } from "../response.js";
import type { Ask } from "./client.js";
import type { JudgeEstimate, JudgeOptions } from "./options.js";
import { isSwapped, type JudgeMessage, judgeMessages } from "./scheme.js";
import { readVerdict } from "./verdict.js";
import { type VerdictCache, verdictKey } from "./verdicts.js";

export interface JudgeResult {
  method: string;
  baseline: string;
  model: string;
  win: number;
  tie: number;
  loss: number;
  /** Replies that held no two scores, and questions that got no reply; neither counts in the rate. */
  unreadable: number;
  failed: number;
  /** Share of readable verdicts that the method won or tied; null without one. */
  winTie: Estimate | null;
  /** Why judging stopped early, when it did: running the same evaluation again goes on. */
  stopped: string | null;
}

export interface JudgeRequest {
  ask: Ask;
  /** Responses by method. */
  responses: ReadonlyMap<string, readonly EvaluatedResponse[]>;
  pairs: readonly (readonly [method: string, baseline: string])[];
  seed: number;
  cache: VerdictCache;
  signal: AbortSignal | undefined;
  onProgress: (done: number, total: number) => void;
}

interface Case {
  pair: number;
  messages: JudgeMessage[];
  key: string;
  swapped: boolean;
}

const KNOWN: Record<keyof JudgeOptions, true> = {
  url: true,
  model: true,
  apiKey: true,
  pairs: true,
  concurrency: true,
  retries: true,
  timeout: true,
  maxTokens: true,
  price: true,
  onEstimate: true,
};

/**
 * @param methods names that pairs may hold
 * @throws ArgsearchError OPTION_INVALID
 */
export function checkJudge(options: JudgeOptions, methods: readonly string[]): void {
  onlyKnown("judge", plainObject("judge", options), Object.keys(KNOWN));
  if (!URL.canParse(nonEmptyText("judge.url", options.url))) throw invalid("judge.url", "a URL as http://localhost:8080/v1", options.url);
  nonEmptyText("judge.model", options.model);
  integer("judge.concurrency", options.concurrency ?? 4, { min: 1, max: 64 });
  integer("judge.retries", options.retries ?? 5, { min: 0, max: 20 });
  integer("judge.timeout", options.timeout ?? 120_000, { min: 1, max: 2 ** 31 - 1 });
  integer("judge.maxTokens", options.maxTokens ?? 512, { min: 1, max: 1_000_000 });
  if (options.pairs === undefined || options.pairs.length === 0)
    throw invalid("judge.pairs", "at least one [method, baseline]", options.pairs);
  for (const name of options.pairs.flat()) if (!methods.includes(name)) throw invalid("judge.pairs", `of ${methods.join(", ")}`, name);
}

/**
 * Asks for every verdict that is not in the cache. A judge that cannot be reached ends the asking, not the evaluation: the
 * result says so.
 *
 * @throws ArgsearchError FILE_UNWRITABLE, ABORTED
 */
export async function judge(options: JudgeOptions, request: JudgeRequest): Promise<JudgeResult[]> {
  const cases = request.pairs.flatMap((pair, index) => casesOf(options.model, request, pair, index));
  const open = cases.filter(({ key }) => request.cache.get(key) === undefined);
  const wanted = (await options.onEstimate?.(costOf(options, cases.length, open))) ?? true;
  const asked = wanted && open.length > 0 ? await askAll(options, open, request) : { failed: new Set<string>(), stopped: null };
  const stopped = wanted ? asked.stopped : "the estimate was not accepted";
  return request.pairs.map(([method, baseline], index) => {
    const own = cases.filter(({ pair }) => pair === index);
    return { method, baseline, model: options.model, ...count(own, request, asked.failed), stopped };
  });
}

function casesOf(model: string, { responses, seed }: JudgeRequest, [method, baseline]: readonly [string, string], pair: number): Case[] {
  const byIndex = new Map(responses.get(baseline)?.map((response) => [response.index, response]));
  return (responses.get(method) ?? []).flatMap(({ index, prompt, response }) => {
    const other = byIndex.get(index);
    if (other === undefined) return [];
    const swapped = isSwapped(seed, index, method, baseline);
    const question = { prompt: promptAsText(prompt).trim(), answer: response, baseline: other.response, swapped };
    const messages = judgeMessages(question);
    return [{ pair, messages, key: verdictKey(model, messages), swapped }];
  });
}

function costOf({ maxTokens = 512, price }: JudgeOptions, verdicts: number, open: readonly Case[]): JudgeEstimate {
  const letters = open.flatMap(({ messages }) => messages).reduce((sum, { content }) => sum + content.length, 0);
  const [inputTokens, outputTokens] = [Math.ceil(letters / 4), open.length * maxTokens];
  const cost = price ? (inputTokens * price.input + outputTokens * price.output) / 1e6 : null;
  return { verdicts, requests: open.length, inputTokens, outputTokens, cost };
}

async function askAll(
  options: JudgeOptions,
  open: readonly Case[],
  { ask, cache, signal, onProgress }: JudgeRequest,
): Promise<{ failed: Set<string>; stopped: string | null }> {
  const failed = new Set<string>();
  const queue = open.values();
  let stopped: string | null = null;
  let done = 0;
  const work = async (): Promise<void> => {
    for (const { messages, key } of queue) {
      if (stopped !== null) return;
      const reply = await ask(messages, signal);
      if ("content" in reply) {
        await cache.set(key, reply.content);
      } else {
        failed.add(key);
        if (reply.unreachable) stopped = `${options.url} cannot be used: ${reply.failure}`;
      }
      onProgress(++done, open.length);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency ?? 4 }, work));
  return { failed, stopped };
}

type Counts = Pick<JudgeResult, "win" | "tie" | "loss" | "unreadable" | "failed" | "winTie">;

function count(cases: readonly Case[], { cache, seed }: JudgeRequest, failed: ReadonlySet<string>): Counts {
  const counts = { win: 0, tie: 0, loss: 0, unreadable: 0, failed: cases.filter(({ key }) => failed.has(key)).length };
  for (const { key, swapped } of cases) {
    const reply = cache.get(key);
    if (reply !== undefined) counts[outcomeOf(reply, swapped)] += 1;
  }
  const { win, tie, loss } = counts;
  const notLost = [...Array<number>(win + tie).fill(1), ...Array<number>(loss).fill(0)];
  return { ...counts, winTie: estimate(notLost, seed) };
}

function outcomeOf(reply: string, swapped: boolean): "win" | "tie" | "loss" | "unreadable" {
  const scores = readVerdict(reply);
  if (scores === null) return "unreadable";
  const [own, other] = swapped ? [scores[1], scores[0]] : scores;
  return own > other ? "win" : own === other ? "tie" : "loss";
}
