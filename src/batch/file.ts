/** Answers a data file into another. */
import type { DataSource } from "../data/read.js";
import { resultLine } from "../data/result-line.js";
import type { Decoder } from "../decode/decoder.js";
import { refuseInputs } from "../files/inputs.js";
import { isJsonObject, type JsonObject } from "../files/json.js";
import { type BadLine, countLines } from "../files/json-lines.js";
import { ResumableLines } from "../files/resumable-lines.js";
import { today } from "../model/template-options.js";
import { keyOf, modelsOf, templateKey } from "../score/key.js";
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
  { out, onLine, onOthers, onProgress, ...given }: GenerateFileOptions = {},
): Promise<GenerateSummary> {
  const options = { ...given, date: given.date === undefined && out !== undefined ? today() : given.date };
  const resolved = resolveLines(decoder, options, "generateFile()");
  const summariser = new GenerateSummariser();
  const each = resolved.n ?? 1;
  const total = typeof source === "string" ? each * (await countLines(source)) : 0;
  let done = 0;
  // A file may have grown since it was counted.
  const advance = (by = 1): void => {
    done += by;
    onProgress?.(done, total === 0 ? 0 : Math.max(done, total));
  };
  const report = once((bad) => {
    summariser.fail();
    resolved.onBadLine(bad);
  });
  const onBadLine = (bad: BadLine): void => {
    report(bad);
    advance(each);
  };
  const output = out === undefined ? undefined : await openOutput(out, decoder, source, { ...resolved, onOthers });
  try {
    for await (const outcome of generateRecords(decoder, source, { ...resolved, onBadLine }, output)) {
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
  { format, n, tokens, seed, each, settings, onOthers }: ResolvedLines & Pick<GenerateFileOptions, "onOthers">,
): Promise<ResumableLines<Counted>> {
  const inputs = [source, ...modelsOf(info).map(({ path }) => path)];
  await refuseInputs(out, inputs);
  const template = templateKey([info.policy, ...info.rewards], each);
  const key = await keyOf(info, source, [FORM, format, n ?? null, tokens, seed, template, settings, info.sharedTrunk]);
  return ResumableLines.open(out, { key, inputs, accept: known, onOthers });
}

/** What an older run wrote of a response. */
function known({ line, number, reward, finishReason, usage }: JsonObject): Counted | undefined {
  const isPlace = Number.isSafeInteger(line) && (number === undefined || Number.isSafeInteger(number));
  const isResult = (reward === null || Number.isFinite(reward)) && typeof finishReason === "string" && isJsonObject(usage);
  return isPlace && isResult && Number.isFinite(usage.completionTokens)
    ? ({ line, number, reward, finishReason, usage } as Counted)
    : undefined;
}
