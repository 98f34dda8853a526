/** A data file as responses to its prompts, line by line. */
import { type DataSource, readPrompts } from "../data/read.js";
import type { Decoder } from "../decode/decoder.js";
import { drawSeed } from "../decode/draw-seed.js";
import { throwIfAborted } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import type { BadLine } from "../files/json-lines.js";
import { type Place, placeOrder } from "../files/resumable-lines.js";
import { isOf } from "../files/shard.js";
import type { FinishReason, GenerateResult, Shard, Usage } from "../types.js";
import { answers, chunkSize, type Job } from "./chunk.js";
import { type GenerateLinesOptions, type ResolvedLines, resolveLines } from "./options.js";

/** A response to a line of data. */
export interface GeneratedLine {
  /** From 1, as editors count, and as in BadLine; of a JSON array the record's place. */
  line: number;
  /** With `n` only: which of the line's responses, from 0. */
  number?: number;
  /** All fields of the line, as JSON.parse() gives them. */
  fields: Readonly<Record<string, unknown>>;
  response: string;
  /** The whole response's, as in GenerateResult. */
  reward: number | null;
  finishReason: FinishReason;
  /** With which generate() gives this response, as far as rounding allows. */
  seed: number;
  usage: Pick<Usage, "promptTokens" | "completionTokens">;
  /** As in GenerateResult, this and the next three; absent with `tokens: false`. Objectives only where there are several. */
  tokens?: number[];
  logProbs?: number[];
  rewards?: GenerateResult["rewards"];
  objectives?: GenerateResult["objectives"];
}

/** What an earlier run has. */
export interface Older<K> {
  /** The last place that it has. */
  last: Place | undefined;
  /** Asked in order. */
  written(place: Place): Promise<K | undefined>;
}

/** What became of one of a line's responses. */
export type Outcome<K> = { older: K } | { generated: GeneratedLine; json: string } | { bad: BadLine };

/**
 * Answers the prompts of JSON lines, as many at a time as the decoder has slots, in their order; `line` says which one a response belongs to,
 * `fields` what else stands there. Prompts are read in every form that readPrompts() reads, an answer that is recorded with one is left aside.
 * While this runs nothing else may decode with the decoder: slots step together, so that responses do not depend on timing.
 *
 * @throws ArgsearchError as readPrompts() and generate(), except for what is wrong with one line; ABORTED also in the middle of a response
 */
export async function* generateLines(
  decoder: Decoder,
  source: DataSource,
  options: GenerateLinesOptions = {},
): AsyncGenerator<GeneratedLine> {
  const resolved = resolveLines(decoder, options, "generateLines()");
  for await (const outcome of generateRecords(decoder, source, resolved)) {
    if ("generated" in outcome) yield outcome.generated;
    else if ("bad" in outcome) resolved.onBadLine(outcome.bad);
  }
}

/** The same, of a shard its chunks alone, with the lines' texts and what an earlier run has; of a bad line each response is one. Lines that cannot be read go to onBadLine. */
export async function* generateRecords<K>(
  decoder: Decoder,
  source: DataSource,
  options: ResolvedLines,
  older?: Older<K>,
  shard?: Shard,
): AsyncGenerator<Outcome<K>> {
  const { format, n, seed } = options;
  let chunk: Job[] = [];
  let chunks = 0;
  const isOurs = (): boolean => isOf(shard, chunks);
  const onBadLine = (bad: BadLine): void => {
    if (isOurs()) options.onBadLine(bad);
  };
  for await (const record of readPrompts(source, { format, onBadLine })) {
    for (let number = 0; number < (n ?? 1); number++) {
      chunk.push({ record, number: n === undefined ? undefined : number, seed: drawSeed(seed, record.line, number) });
      if (chunk.length < chunkSize(decoder)) continue;
      if (isOurs()) yield* answerChunk(decoder, chunk, options, older);
      chunk = [];
      chunks += 1;
    }
  }
  if (chunk.length > 0 && isOurs()) yield* answerChunk(decoder, chunk, options, older);
}

/**
 * Of a chunk that an interrupted run left unfinished everything is decoded, and what is missing kept: the missing ones then come out as they
 * would have. What that run left out is tried alone: it fails again, and says why.
 */
async function* answerChunk<K>(
  decoder: Decoder,
  chunk: readonly Job[],
  { each, tokens }: ResolvedLines,
  older: Older<K> | undefined,
): AsyncGenerator<Outcome<K>> {
  throwIfAborted(each.signal);
  const known = new Map<Job, K>();
  for (const job of chunk) {
    const found = await older?.written(placeOf(job));
    if (found !== undefined) known.set(job, found);
  }
  const passed = (job: Job): boolean => older?.last !== undefined && placeOrder(placeOf(job), older.last) < 0;
  const missing = chunk.filter((job) => !known.has(job));
  const asked = missing.every(passed) ? missing : chunk;
  const answered = answers(decoder, asked, each);
  try {
    for (const job of chunk) {
      const next = asked.includes(job) ? await answered.next() : undefined;
      const found = known.get(job);
      if (found !== undefined) yield { older: found };
      else if (next?.done === false && "result" in next.value && !passed(job))
        yield { ...generated(job, next.value.result, decoder, tokens) };
      else yield { bad: badLine(job, next?.done === false && "error" in next.value ? next.value.error : passedBy()) };
    }
  } finally {
    await answered.return(undefined);
  }
}

function placeOf({ record, number }: Job): Place {
  return { line: record.line, number };
}

function badLine({ record: { line, place } }: Job, error: ArgsearchError): BadLine {
  return { number: line, place, error };
}

function passedBy(): ArgsearchError {
  return new ArgsearchError("DECODE_FAILED", "an interrupted run could not answer it, and has gone on behind it");
}

function generated({ record, number, seed }: Job, result: GenerateResult, { info }: Decoder, withTokens: boolean) {
  const { text: response, reward, finishReason, usage, tokens, logProbs, rewards, objectives } = result;
  const { promptTokens, completionTokens } = usage;
  const line: GeneratedLine = {
    line: record.line,
    ...(number !== undefined && { number }),
    fields: record.fields,
    ...{ response, reward, finishReason, seed, usage: { promptTokens, completionTokens } },
    ...(withTokens && { tokens, logProbs, rewards, ...(info.objectives.length > 1 && { objectives }) }),
  };
  return { generated: line, json: record.json };
}
