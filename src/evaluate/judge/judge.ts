/** Win–tie rates of methods against a baseline, by another model's verdicts. */
import { promptAsText } from "../../data/transcript.js";
import { oneLine } from "../../remote/words.js";
import type { EvaluatedResponse } from "../response.js";
import { type Estimate, shareEstimate } from "../statistics/resampling.js";
import { type Asked, type AskingRequest, askAll, type OpenQuestion } from "./asking.js";
import { DEFAULTS, type JudgeEstimate, type JudgeOptions } from "./options.js";
import { isSwapped, judgeMessages } from "./scheme.js";
import { spoken } from "./thought.js";
import { readVerdict } from "./verdict.js";
import { type VerdictCache, verdictKey } from "./verdicts.js";

/** Why questions got no reply. */
export interface JudgeFailure {
  message: string;
  /** Questions. */
  count: number;
}

/** What the judge said of a method beside a baseline: verdicts, counted. */
export interface JudgeResult {
  method: string;
  baseline: string;
  model: string;
  win: number;
  tie: number;
  loss: number;
  /** Replies that held no two scores. Like what follows, they do not count in the rate. */
  unreadable: number;
  /** How the first of these begins; absent without one. */
  unreadableReply?: string;
  /** Questions that got no reply, why, the most frequent reason first. */
  failed: number;
  failures: JudgeFailure[];
  /** Questions that were not asked, because judging stopped before. */
  unasked: number;
  /** Share of readable verdicts that the method won or tied; null without one. */
  winTie: Estimate | null;
  /** Why judging stopped early, when it did: running the same evaluation again goes on. */
  stopped: string | null;
  /** What the endpoint was asked otherwise than it is at first, because it refused that; absent when nothing. */
  changes?: string[];
}

export interface JudgeRequest extends Pick<AskingRequest, "ask" | "signal" | "onProgress"> {
  /** Responses by method. */
  responses: ReadonlyMap<string, readonly EvaluatedResponse[]>;
  pairs: readonly (readonly [method: string, baseline: string])[];
  seed: number;
  cache: VerdictCache;
}

interface Case extends OpenQuestion {
  pair: number;
  swapped: boolean;
}

/**
 * Asks for every verdict that is not in the cache. A judge that cannot be used ends the asking, not the evaluation: the result
 * says so. When the estimate is not accepted, there are results of the pairs with verdicts from before only.
 *
 * @throws ArgsearchError FILE_UNWRITABLE, ABORTED
 */
export async function judge(options: JudgeOptions, request: JudgeRequest): Promise<JudgeResult[]> {
  const { cache, pairs } = request;
  const cases = pairs.flatMap((pair, index) => casesOf(options.model, request, pair, index));
  // Methods often agree, above all in a sweep: the same two answers are one question.
  const open = [...new Map(cases.map((each) => [each.key, each])).values()].filter(({ key }) => cache.get(key) === undefined);
  const wanted = (await options.onEstimate?.(costOf(options, cases.length, open))) ?? true;
  const { failures, stopped } = wanted ? await askOpen(options, open, cases, request) : NOTHING_ASKED;
  const changes = request.ask.changes?.() ?? [];
  return pairs.flatMap(([method, baseline], index) => {
    const own = cases.filter(({ pair }) => pair === index);
    if (!wanted && own.every(({ key }) => cache.get(key) === undefined)) return [];
    const counts = count(own, request, failures);
    return [{ method, baseline, model: options.model, ...counts, stopped, ...(changes.length > 0 && { changes }) }];
  });
}

const NOTHING_ASKED: Asked = { failures: new Map(), stopped: null };

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

function costOf({ maxTokens = DEFAULTS.maxTokens, price }: JudgeOptions, verdicts: number, open: readonly Case[]): JudgeEstimate {
  const letters = open.flatMap(({ messages }) => messages).reduce((sum, { content }) => sum + content.length, 0);
  const [inputTokens, outputTokens] = [Math.ceil(letters / 4), open.length * maxTokens];
  const cost = price ? (inputTokens * price.input + outputTokens * price.output) / 1e6 : null;
  return { verdicts, requests: open.length, inputTokens, outputTokens, cost };
}

async function askOpen(
  { url, concurrency = DEFAULTS.concurrency }: JudgeOptions,
  open: readonly Case[],
  cases: readonly Case[],
  { ask, cache, signal, onProgress }: JudgeRequest,
): Promise<Asked> {
  if (open.length === 0) return NOTHING_ASKED;
  const answered = cases.some(({ key }) => cache.get(key) !== undefined);
  return askAll(open, { ask, url, concurrency, answered, keep: (key, content) => cache.set(key, content), signal, onProgress });
}

type Counts = Omit<JudgeResult, "method" | "baseline" | "model" | "stopped" | "changes">;

function count(cases: readonly Case[], { cache }: JudgeRequest, failures: Asked["failures"]): Counts {
  const counts = { win: 0, tie: 0, loss: 0, unreadable: 0, failed: 0, unasked: 0 };
  const reasons = new Map<string, number>();
  let unread: string | undefined;
  for (const { key, swapped } of cases) {
    const reply = cache.get(key);
    const failure = failures.get(key);
    if (failure !== undefined) reasons.set(failure, (reasons.get(failure) ?? 0) + 1);
    const outcome = reply !== undefined ? outcomeOf(reply, swapped) : failure !== undefined ? "failed" : "unasked";
    counts[outcome] += 1;
    if (outcome === "unreadable") unread ??= oneLine(spoken(reply ?? "").text);
  }
  const { win, tie, loss } = counts;
  const notLost = [...Array<number>(win + tie).fill(1), ...Array<number>(loss).fill(0)];
  const sorted = [...reasons].map(([message, count]) => ({ message, count })).sort((a, b) => b.count - a.count);
  return { ...counts, ...(unread !== undefined && { unreadableReply: unread }), failures: sorted, winTie: shareEstimate(notLost) };
}

function outcomeOf(reply: string, swapped: boolean): "win" | "tie" | "loss" | "unreadable" {
  const scores = readVerdict(reply);
  if (scores === null) return "unreadable";
  const [own, other] = swapped ? [scores[1], scores[0]] : scores;
  return own > other ? "win" : own === other ? "tie" : "loss";
}
