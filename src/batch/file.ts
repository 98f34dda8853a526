/** Answers a data file into another. */
import type { DataSource } from "../data/read.js";
import { resultLine } from "../data/result-line.js";
import type { Decoder } from "../decode/decoder.js";
import { ArgsearchError } from "../errors.js";
import { refuseInputs } from "../files/inputs.js";
import { isJsonObject, type JsonObject } from "../files/json.js";
import { type BadLine, countLines } from "../files/json-lines.js";
import { ResumableLines } from "../files/resumable-lines.js";
import { resolveShard } from "../files/shard.js";
import { noteShard, type ShardNote } from "../files/shard-file.js";
import { today } from "../model/template-options.js";
import { pathsOf } from "../reward/reward-info.js";
import { keyOf, modelsOf, shardKeyOf, templateKey } from "../score/key.js";
import type { Shard } from "../types.js";
import { type GeneratedLine, generateRecords } from "./lines.js";
import { type GenerateLinesOptions, type ResolvedLines, resolveLines } from "./options.js";
import { type Counted, GenerateSummariser, type GenerateSummary } from "./summary.js";

/** What generateFile() takes. */
export interface GenerateFileOptions extends GenerateLinesOptions {
  /**
   * JSON lines to write, one a response: `line`, with `n` `number`, the fields of that line as they are written there, and what else a GeneratedLine
   * has. Fields that have one of these names are kept below `input`. The file appears when it is whole; an older one is then
   * replaced. A device or a pipe is written to directly.
   */
  out?: string | undefined;
  /**
   * This part alone, of four responses a slot in turn, so that all shards take as many slots; takes `out`, beside which OUT.shard.json says what
   * it is a part of. mergeResponses() makes one file of all. Default: everything.
   */
  shard?: Shard | undefined;
  /** Called with each response, in order, and its text as `out` has it; it is waited for. Not with those that an interrupted run has left in `out`. */
  onLine?: ((line: GeneratedLine, json: string) => Promise<void> | void) | undefined;
  /** Called with each file that an interrupted run with other settings, models or data left beside `out`: it is not gone on with, and goes when `out` is whole. */
  onOthers?: ((path: string) => void) | undefined;
  /** Responses done, of how many; 0 for a stream. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Names of what a line may have got. */
const RESULTS = [
  ...(["number", "response", "reward", "finishReason", "seed", "usage"] as const),
  ...(["tokens", "logProbs", "rewards", "objectives"] as const),
];

/**
 * Answers every prompt of a data file, as many at a time as the decoder has slots, and sums the responses up. Bad lines are reported and
 * counted, the rest is answered. With `out`, a run that was interrupted goes on when it is called again with the same file, models and options, and
 * its file ends as that of an unbroken run; the number of slots may be another one, which may change responses as far as rounding does.
 *
 * ```js
 * const decoder = await load({ slots: 4 });
 * await generateFile(decoder, "prompts.jsonl", { out: "responses.jsonl", maxTokens: 256 });
 * ```
 *
 * @throws ArgsearchError as generateLines(); OPTION_INVALID when `out` is the source or a model; BUSY when another run writes it; FILE_UNWRITABLE
 */
export async function generateFile(
  decoder: Decoder,
  source: DataSource,
  { out, onLine, onOthers, onProgress, shard: asked, ...given }: GenerateFileOptions = {},
): Promise<GenerateSummary> {
  const shard = resolveShard(asked);
  if (shard !== undefined && out === undefined) throw withoutOut();
  const options = { ...given, date: given.date === undefined && out !== undefined ? today() : given.date };
  const resolved = resolveLines(decoder, options, "generateFile()");
  const summariser = new GenerateSummariser();
  const each = resolved.n ?? 1;
  const total = typeof source === "string" ? Math.ceil((each * (await countLines(source))) / (shard?.count ?? 1)) : 0;
  const failed: number[] = [];
  let done = 0;
  // A file may have grown since it was counted.
  const advance = (by = 1): void => {
    done += by;
    onProgress?.(done, total === 0 ? 0 : Math.max(done, total));
  };
  const report = once((bad) => {
    summariser.fail();
    failed.push(bad.number);
    resolved.onBadLine(bad);
  });
  const onBadLine = (bad: BadLine): void => {
    report(bad);
    advance(each);
  };
  const { note, output } = out === undefined ? {} : await openOutput(out, decoder, source, { ...resolved, onOthers, shard });
  try {
    for await (const outcome of generateRecords(decoder, source, { ...resolved, onBadLine }, output, shard)) {
      if ("generated" in outcome) {
        const { generated, json } = outcome;
        const { line, number, fields: _, ...results } = generated;
        const text = resultLine({ line, number }, json, results, RESULTS);
        summariser.add(generated);
        await output?.write(text);
        await onLine?.(generated, text);
      } else if ("older" in outcome) summariser.add(outcome.older);
      else report(outcome.bad);
      advance();
    }
    await output?.commit();
    if (out !== undefined && note) await noteShard(out, { ...note, failed });
  } catch (error) {
    await output?.suspend();
    throw error;
  }
  return summariser.summary;
}

/** A line is bad once, however many responses it lacks. */
function once(report: (bad: BadLine) => void): (bad: BadLine) => void {
  let last = 0;
  return (bad) => {
    if (bad.number !== last) report(bad);
    last = bad.number;
  };
}

/** How lines come about: raise the number when that, or their form, changes. */
const FORM = 1;

async function openOutput(
  out: string,
  { info }: Decoder,
  source: DataSource,
  { format, n, tokens, seed, each, settings, onOthers, shard }: ResolvedLines & Pick<GenerateFileOptions, "onOthers" | "shard">,
): Promise<{ output: ResumableLines<Counted>; note?: Omit<ShardNote, "failed" | "sha256"> }> {
  const inputs = [source, ...pathsOf(modelsOf(info))];
  await refuseInputs(out, inputs);
  const template = templateKey([info.policy, ...info.rewards], each);
  const all = [FORM, format, n ?? null, tokens, seed, template, settings, info.sharedTrunk];
  const key = await keyOf(info, source, shard === undefined ? all : [...all, shard, info.slots]);
  const note = shard && { kind: "generate" as const, shard, key: await shardKeyOf(info, source, [...all, info.slots]) };
  return { output: await ResumableLines.open(out, { key, inputs, accept: known, onOthers }), ...(note && { note }) };
}

function withoutOut(): ArgsearchError {
  return new ArgsearchError("OPTION_INVALID", "shard needs the out that its lines go to", { option: "shard" });
}

/** What an older run wrote of a response. */
export function known({ line, number, reward, finishReason, usage }: JsonObject): Counted | undefined {
  const isPlace = Number.isSafeInteger(line) && (number === undefined || Number.isSafeInteger(number));
  const isResult = (reward === null || Number.isFinite(reward)) && typeof finishReason === "string" && isJsonObject(usage);
  return isPlace && isResult && Number.isFinite(usage.completionTokens)
    ? ({ line, number, reward, finishReason, usage } as Counted)
    : undefined;
}
