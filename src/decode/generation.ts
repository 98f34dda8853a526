/** One response: the prompt into a slot, steps until it ends, and the slot given back. */
import { performance } from "node:perf_hooks";
import { abortedError, throwIfAborted } from "../engine/abort.js";
import type { BeginOptions, BeginResult, NativeBlockOptions, NativeSearch } from "../engine/binding.js";
import { contentText, messagesOf, withTexts } from "../messages.js";
import type { Model } from "../model/model.js";
import type { ResolvedTemplate } from "../model/template-options.js";
import { tooLong } from "../model/too-long.js";
import { NO_REWARDS, positionOf, type RewardSet } from "../reward/reward-set.js";
import { warnOfTokens } from "../reward/whole.js";
import type { FinishReason, GenerateResult, Prompt, Step } from "../types.js";
import { blockChooser } from "./blocks.js";
import { type Chooser, type Chosen, chooserFor } from "./chooser.js";
import { Clock } from "./clock.js";
import { GateTally } from "./gate-counts.js";
import { LookaheadTally } from "./lookahead-counts.js";
import { isGuided } from "./method-defaults.js";
import type { ResolvedGenerate } from "./options.js";
import { warnOfDifference } from "./prompt-difference.js";
import type { Scheduler } from "./scheduler.js";
import type { Patience, SlotQueue } from "./slot-queue.js";
import { Transcript } from "./transcript.js";

/** What every response of a decoder shares. */
export interface DecodingParts {
  policy: Model;
  rewards: RewardSet;
  search: NativeSearch;
  scheduler: Scheduler;
  slots: SlotQueue;
  contextSize: number;
  /** Milliseconds that loading took. */
  loadMs: number;
  /** Fires when the decoder is disposed of; its reason is the DISPOSED error. */
  closing: AbortSignal;
}

/** A prompt as each model reads it. */
interface PromptTokens {
  policy: Int32Array;
  /** One a reading model of the rewards. */
  rewards: Int32Array[];
  /** What each reward model reads for the policy's end of a turn, where it has other tokens. */
  ends: Int32Array[];
}

/** Decodes one response, waiting for its slot so long. Ending the iteration early gives the slot back, too. */
export async function* runGeneration(
  shared: DecodingParts,
  prompt: Prompt,
  options: ResolvedGenerate,
  patience: Patience | false,
): AsyncGenerator<Step, GenerateResult, undefined> {
  throwIfAborted(options.signal);
  const parts = options.rewards ? shared : { ...shared, rewards: NO_REWARDS };
  warnOfTokens(parts.rewards.functions, options.method);
  const tokens = readPrompt(parts, prompt, options.template);
  const { slot: wanted, conversation, signal } = options;
  const { closing, slots } = parts;
  const request = { tokens: tokens.policy, messages: messageTexts(prompt), slot: wanted, conversation };
  const slot = await slots.acquire({ ...request, patience, signal, closing });
  const transcript = new Transcript(parts.policy, parts.rewards, options);
  try {
    return yield* decode(parts, prompt, tokens, options, slot, transcript);
  } finally {
    slots.release(slot, [...tokens.policy, ...transcript.tokens]);
  }
}

/** @throws ArgsearchError PROMPT_EMPTY, PROMPT_TOO_LONG, TEMPLATE_INVALID, OPTION_INVALID */
function readPrompt({ policy, rewards, contextSize }: DecodingParts, prompt: Prompt, template: ResolvedTemplate): PromptTokens {
  // Another base reads by the template of the model that it belongs to.
  for (const { model, base } of rewards.sources)
    for (const each of base === policy ? [model, policy] : [model]) warnOfDifference(each, prompt, template);
  const read = (model: Model): Int32Array => {
    const tokens = model.promptTokens(prompt, template);
    if (tokens.length < contextSize) return tokens;
    const message = `the prompt has ${tokens.length} tokens for ${model.info.path}: the context of ${contextSize} leaves no room for a response`;
    const length = { tokens: tokens.length, limit: contextSize, model: model.info.path };
    throw tooLong(
      message,
      length,
      [policy, ...rewards.readers].map(({ info }) => info),
      "it",
    );
  };
  const ends = rewards.readers.map((model) => (rewards.isForeign(model) ? model.turnEnd(prompt, template) : new Int32Array(0)));
  return { policy: read(policy), rewards: rewards.readers.map(read), ends };
}

function messageTexts(prompt: Prompt): string[] | undefined {
  const messages = messagesOf(prompt);
  return typeof messages === "string" ? undefined : messages.map((message) => `${message.role}\n${contentText(message)}`);
}

async function* decode(
  parts: DecodingParts,
  prompt: Prompt,
  tokens: PromptTokens,
  options: ResolvedGenerate,
  slot: number,
  transcript: Transcript,
): AsyncGenerator<Step, GenerateResult, undefined> {
  const started = performance.now();
  const begun = await begin(parts, tokens, options, slot);
  const clock = new Clock({ total: performance.now() - started, policyMs: begun.policyMs, rewardMs: begun.rewardMs });
  const tally = new GateTally(options);
  const lookahead = new LookaheadTally();
  const rateEnd = async (): Promise<void> => {
    if (options.gate.kind === "off" || !transcript.endsUnrated) return;
    transcript.rateEnd(await clock.time(() => parts.scheduler.rateEnd(slot)));
    parts.closing.throwIfAborted();
  };
  const finished = (reason: FinishReason): GenerateResult => ({
    ...transcript.result(),
    finishReason: reason,
    seed: options.seed,
    usage: { promptTokens: tokens.policy.length, cachedTokens: begun.policyCached, completionTokens: transcript.length },
    timings: clock.timings(parts.loadMs, transcript.length),
    gate: tally.counts(),
    lookahead: lookahead.counts(),
  });
  const room = roomFor(parts, tokens);
  const choose = chooserOf(parts, prompt, options, slot, room);
  parts.scheduler.join();
  try {
    for (;;) {
      const chosen = options.signal?.aborted ? undefined : await clock.time(() => choose(transcript));
      parts.closing.throwIfAborted();
      if (chosen === undefined) {
        transcript.flush();
        await rateEnd();
        return finished("aborted");
      }
      tally.add(chosen.step);
      lookahead.add(chosen.step);
      const step = transcript.add(chosen);
      const reason = finishReason(chosen, transcript, options, room);
      if (reason === undefined) {
        yield step;
        continue;
      }
      await rateEnd();
      yield { ...step, ...transcript.last, text: step.text + transcript.flush(), finishReason: reason };
      return finished(reason);
    }
  } finally {
    parts.scheduler.leave();
  }
}

function chooserOf(parts: DecodingParts, prompt: Prompt, options: ResolvedGenerate, slot: number, room: number): Chooser {
  const { method, template, rewardAt, signal } = options;
  const call = { format: parts.policy.format, template, rewardAt, closing: parts.closing };
  const request = { slot, guided: isGuided(method), prompt: withTexts(prompt), signal, call };
  if (method !== "blocks") return chooserFor(parts, request);
  return blockChooser(parts, { ...request, block: options.block, longest: Math.min(options.maxTokens, room) });
}

/** Tokens that fit behind the prompt in the fullest model that reads it. */
function roomFor({ contextSize }: DecodingParts, { policy, rewards }: PromptTokens): number {
  return contextSize - Math.max(policy.length, ...rewards.map((tokens) => tokens.length));
}

function finishReason(chosen: Chosen, transcript: Transcript, options: ResolvedGenerate, room: number): FinishReason | undefined {
  if (chosen.step.eog) return "eog";
  if (transcript.stopped) return "stop";
  if (transcript.length >= options.maxTokens) return "length";
  if (transcript.length >= room || chosen.step.full) return "context";
  return options.signal?.aborted ? "aborted" : undefined;
}

/** Fills the slot's caches. An abort meanwhile rejects with ABORTED, dispose() with DISPOSED. */
async function begin(parts: DecodingParts, tokens: PromptTokens, options: ResolvedGenerate, slot: number): Promise<BeginResult> {
  const { scheduler, closing } = parts;
  try {
    return await scheduler.begin(slot, beginOptions(parts, tokens, options), [options.signal, closing]);
  } catch (error) {
    closing.throwIfAborted();
    if (options.signal?.aborted) throw abortedError(options.signal);
    throw error;
  }
}

function beginOptions(parts: DecodingParts, tokens: PromptTokens, options: ResolvedGenerate): BeginOptions {
  const { method, weight, combine, select, temperature, ending, gate, samplers, seed, candidates, topLogProbs } = options;
  const longest = Math.min(options.maxTokens, roomFor(parts, tokens));
  return {
    policyTokens: tokens.policy,
    rewardTokens: options.rewards ? tokens.rewards : null,
    rewardEnds: options.rewards ? tokens.ends : [],
    method: method === "greedy" ? "args" : method,
    topK: method === "greedy" ? 1 : options.topK,
    weight,
    combine,
    select,
    temperature,
    ending,
    gate,
    lookahead: { ...options.lookahead, longest },
    samplers,
    ...(method === "blocks" && { blocks: blockOptions(parts.rewards, options) }),
    seed,
    candidates,
    topLogProbs,
  };
}

function blockOptions({ sources }: RewardSet, options: ResolvedGenerate): NativeBlockOptions {
  return {
    drafts: options.drafts,
    kept: options.keepDrafts,
    mean: options.blockReward === "mean",
    readAtEnd: sources.map(({ model }) => positionOf(model, options.rewardAt) === "end"),
    stop: options.stop,
  };
}
