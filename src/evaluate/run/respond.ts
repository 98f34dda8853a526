/** One response by one method: decoded, then rated. */

import type { DecoderInfo } from "../../decode/decoder.js";
import { drawSeed } from "../../decode/draw-seed.js";
import { AS_IN_THE_PAPER } from "../../decode/method-defaults.js";
import { throwIfAborted } from "../../engine/abort.js";
import { isBan } from "../../reward/ban.js";
import { languageModels } from "../../reward/reward-info.js";
import type { GenerateOptions, GenerateResult, Prompt, ScoreResult } from "../../types.js";
import { isArgs, type MethodSpec, responsesOf } from "../methods.js";
import type { ResolvedEvaluation, Variant } from "../options.js";
import type { EvaluatedResponse } from "../response.js";
import type { Session } from "./session.js";

export interface Task {
  variant: Variant;
  index: number;
  prompt: Prompt;
  slot: number;
}

type Settings = Pick<ResolvedEvaluation, "generation" | "seed"> & { signal: AbortSignal | undefined };

interface Draft {
  result: GenerateResult;
  rated: ScoreResult | null;
}

/** More would be most of the file, and a perplexity does not show it. */
const LOG_PROB_DECIMALS = 4;

/** @throws ArgsearchError as generate() and score() */
export async function respond(session: Session, task: Task, settings: Settings): Promise<EvaluatedResponse> {
  const { variant, index, prompt, slot } = task;
  const drafts = responsesOf(variant.method);
  const results: GenerateResult[] = [];
  for (let draft = 0; draft < drafts; draft++) {
    const options = generateOptions(variant, settings, slot, drawSeed(settings.seed, index, draft));
    results.push(await session.decoder.generate(prompt, options));
    throwIfAborted(settings.signal);
  }
  const started = performance.now();
  const rated = await rate(session, prompt, results, settings);
  const ratingMs = drafts > 1 ? performance.now() - started : 0;
  const { result, rated: rating } = best(results.map((each, at) => ({ result: each, rated: rated[at] ?? null })));
  return {
    method: variant.name,
    index,
    prompt,
    response: result.text,
    tokens: result.tokens,
    reward: rating ? unlessBanned(rating.reward) : null,
    finishReason: result.finishReason,
    pieces: rating ? rating.tokens.map(({ text }) => text) : result.pieces,
    rewards: rating ? rating.tokens.map(({ reward }) => unlessBanned(reward)) : [],
    policyLogProbs: result.policyLogProbs.map((value) => Number(value.toFixed(LOG_PROB_DECIMALS))),
    seed: result.seed,
    calls: countCalls(variant, results, session.decoder.info),
    milliseconds: results.reduce((sum, { timings }) => sum + timings.total, ratingMs),
  };
}

/** JSON has no infinite numbers. */
function unlessBanned(reward: number): number | null {
  return isBan(reward) ? null : reward;
}

/** What a method does not name is as in the paper, so that an evaluation does not change with the defaults of generate(). */
function generateOptions({ method }: Variant, { generation, signal }: Settings, slot: number, seed: number): GenerateOptions {
  const { name: _name, drafts, ...chosen } = method;
  const blocks = method.method === "blocks" ? { drafts } : {};
  return { ...AS_IN_THE_PAPER, ...chosen, ...blocks, ...generation, slot, seed, signal };
}

/** An empty response is rated as one space, as in the paper's published code. */
async function rate({ rater }: Session, prompt: Prompt, results: readonly GenerateResult[], settings: Settings): Promise<ScoreResult[]> {
  if (rater === null) return [];
  const { template, templateVariables, date, rewardAt } = settings.generation;
  const inputs = results.map(({ text }) => ({ prompt, response: text || " " }));
  return rater.score(inputs, { template, templateVariables, date, rewardAt, signal: settings.signal });
}

function best(drafts: readonly Draft[]): Draft {
  const [first, ...others] = drafts;
  if (first === undefined) throw new Error("a response has at least one draft");
  const reward = ({ rated }: Draft): number => rated?.reward ?? Number.NEGATIVE_INFINITY;
  return others.reduce((top, draft) => (reward(draft) > reward(top) ? draft : top), first);
}

/** Rating a finished response is part of measuring, not of decoding: it counts only where it chooses among drafts. */
function countCalls({ method }: Variant, results: readonly GenerateResult[], info: DecoderInfo): EvaluatedResponse["calls"] {
  const decoded = results.reduce((sum, { tokens }) => sum + tokens.length, 0);
  if (isArgs(method)) {
    const ofTokens = languageModels(info.rewards, info.policy).length;
    const others =
      ofTokens > 0 && info.rewards.every(({ kind }) => kind !== "head") ? 0 : (ratedBy(method, results) ?? decoded * (method.topK ?? 10));
    return { policy: decoded, reward: others + decoded * ofTokens };
  }
  if (method.method === "blocks") return { policy: decoded * draftsAToken(method), reward: decoded * draftsAToken(method) };
  return { policy: decoded, reward: responsesOf(method) > 1 ? decoded : 0 };
}

/** With a gate, the candidates that were rated, and the tokens that were read later; undefined without one. */
function ratedBy({ gate = "off" }: MethodSpec, results: readonly GenerateResult[]): number | undefined {
  return gate === "off" ? undefined : results.reduce((sum, { gate: { candidates, gated } }) => sum + candidates + gated, 0);
}

/** Of blocks, some of whose drafts may be left at half. */
function draftsAToken({ drafts = 4, keepDrafts = drafts }: MethodSpec): number {
  return (drafts + keepDrafts) / 2;
}
