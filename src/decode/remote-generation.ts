/** One response of a policy on a server: drafts of its next block, rated together, and the best kept, until one ends. */
import { performance } from "node:perf_hooks";
import { throwIfAborted } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import { type CompletionsClient, type Continuation, isOfLength } from "../remote/completions.js";
import { CHOICES, requireUnbanned } from "../reward/ban.js";
import type { WholeScorer } from "../score/whole-scorer.js";
import type { FinishReason, GenerateResult, Prompt, RewardCandidate, Step } from "../types.js";
import { drawSeed } from "./draw-seed.js";
import type { RemoteGenerate } from "./remote-options.js";
import { type Draft, RemoteResponse } from "./remote-response.js";
import type { PromptText, RemoteTexts } from "./remote-texts.js";

export interface RemoteParts {
  completions: CompletionsClient;
  texts: RemoteTexts;
  scorer: WholeScorer;
  /** Milliseconds that loading took. */
  loadMs: number;
  /** Fires when the decoder is disposed of; its reason is the DISPOSED error. */
  closing: AbortSignal;
}

export async function* runRemoteGeneration(
  parts: RemoteParts,
  prompt: Prompt,
  options: RemoteGenerate,
): AsyncGenerator<Step, GenerateResult, undefined> {
  const { signal } = options;
  throwIfAborted(signal);
  const asked = parts.texts.prompt(prompt, options.template);
  const response = new RemoteResponse(options, parts.scorer.sums);
  const finished = (reason: FinishReason): GenerateResult => {
    response.flush();
    return response.result(reason, parts.loadMs);
  };
  for (;;) {
    const block = await nextBlock({ ...parts, prompt, asked, options, response });
    if (typeof block === "string") return finished(block);
    const { kept, among } = block;
    const reason = kept.end ?? reasonBehind(kept, response, options);
    yield response.add(kept, among, reason);
    if (reason !== undefined) return finished(reason);
  }
}

/** Of a text that goes on. */
function reasonBehind({ tokens }: Draft, response: RemoteResponse, { maxTokens, signal }: RemoteGenerate): FinishReason | undefined {
  if (response.tokens + tokens >= maxTokens) return "length";
  return signal?.aborted ? "aborted" : undefined;
}

interface BlockRequest extends RemoteParts {
  prompt: Prompt;
  asked: PromptText;
  options: RemoteGenerate;
  response: RemoteResponse;
}

interface Block {
  kept: Draft;
  among: readonly Draft[];
}

/** Why there is none: the signal, or no room at the server. @throws ArgsearchError with the text so far */
async function nextBlock(request: BlockRequest): Promise<Block | "aborted" | "context"> {
  const { response, options, closing } = request;
  try {
    const started = performance.now();
    const drafts = await drawDrafts(request);
    const drawn = performance.now();
    const rated = await rate(request, drafts);
    response.took(drawn - started, performance.now() - drawn);
    return { kept: best(rated, options), among: rated };
  } catch (error) {
    closing.throwIfAborted();
    if (response.blocks > 0 && options.signal?.aborted) return "aborted";
    if (isOfLength(error)) {
      if (response.blocks > 0) return "context";
      throw new ArgsearchError("PROMPT_TOO_LONG", (error as Error).message, { cause: error });
    }
    throw withText(error, response.text);
  }
}

/** What was lost, where something was. */
function withText(error: unknown, text: string): unknown {
  if (!(error instanceof ArgsearchError) || !error.code.startsWith("REMOTE_")) return error;
  const { code, message, option, details } = error;
  return new ArgsearchError(code, message, { option, details: { ...details, response: text }, cause: error });
}

async function drawDrafts({ completions, asked, options, response, closing }: BlockRequest): Promise<Draft[]> {
  const { method, block, drafts, maxTokens, seed, stop, signal, fields } = options;
  const [before, left] = [response.text, maxTokens - response.tokens];
  const blocks = method === "blocks";
  const count = blocks ? drafts : 1;
  const tokens = blocks ? Math.min(block, left) : left;
  // Signed 32 bits: some servers take no more, and llama.cpp's takes 2^32 - 1 for none.
  const seeds = Array.from({ length: count }, (_, draft) => drawSeed(seed, response.blocks, draft) & 0x7fffffff);
  const request = { prompt: asked.text + before, count, maxTokens: tokens, seeds, stop, fields: { ...fields, ...asked.fields } };
  const { all, ...prompted } = await completions.continue(request, { signal, closing });
  response.prompted(prompted);
  return all.map((each) => draftOf(each, before, stop, tokens));
}

/** Cut at a stop string, which may have begun before it, and before a character that the block's end tore. */
function draftOf({ text, end, tokens, logProb }: Continuation, before: string, stop: readonly string[], most: number): Draft {
  const whole = before + (end === null ? text.replace(/\ufffd+$/, "") : text);
  const places = stop.map((each) => whole.indexOf(each, Math.max(0, before.length - each.length + 1))).filter((place) => place >= 0);
  const stopped = places.length > 0;
  const response = stopped ? whole.slice(0, Math.min(...places)) : whole;
  const counted = tokens ?? (end === null ? most : Math.min(most, Math.max(1, Math.ceil(text.length / 4))));
  return { text: response.slice(before.length), response, end: stopped ? "stop" : end, tokens: counted, logProb, values: [], reward: null };
}

/** All in one call of each reward. */
async function rate({ scorer, prompt, options, response }: BlockRequest, drafts: readonly Draft[]): Promise<Draft[]> {
  if (scorer.sums.empty || !options.rewards) return [...drafts];
  const candidates = drafts.map(
    ({ text, response, end, logProb }): RewardCandidate => ({ token: -1, text, logProb, response, end: end === "eog" || end === "stop" }),
  );
  const rows = await scorer.rate(prompt, candidates, options, response.text);
  const rewards = Float64Array.from(rows, (row) => scorer.sums.sum(row));
  if (options.method === "blocks") requireUnbanned(rewards, response.tokens + 1, CHOICES.drafts);
  return drafts.map((draft, index) => ({ ...draft, values: rows[index] ?? [], reward: rewards[index] ?? null }));
}

/** The highest reward, the first of equals; with ending "policy" among those that end, or go on, as the first does, which is a draw like any other. */
function best(drafts: readonly Draft[], { method, ending }: RemoteGenerate): Draft {
  const [first] = drafts;
  if (first === undefined) throw new Error("no draft was drawn");
  if (method !== "blocks") return first;
  const ends = ({ end }: Draft): boolean => end !== null && end !== "context";
  const open = ending === "policy" ? drafts.filter((draft) => ends(draft) === ends(first)) : drafts;
  const unbanned = open.some(({ reward }) => reward !== Number.NEGATIVE_INFINITY) ? open : drafts;
  return unbanned.reduce((kept, draft) => ((draft.reward ?? 0) > (kept.reward ?? 0) ? draft : kept));
}
