/** Scores a data file into another. */
import type { DataSource } from "../data/read.js";
import { resultLine } from "../data/result-line.js";
import { ArgsearchError } from "../errors.js";
import { refuseInputs } from "../files/inputs.js";
import type { JsonObject } from "../files/json.js";
import { countLines } from "../files/json-lines.js";
import { ResumableLines } from "../files/resumable-lines.js";
import { resolveShard } from "../files/shard.js";
import { noteShard, type ShardNote } from "../files/shard-file.js";
import { today } from "../model/template-options.js";
import { pathsOf } from "../reward/reward-info.js";
import type { Shard } from "../types.js";
import { keyOf, modelsOf, shardKeyOf, templateKey } from "./key.js";
import { type ScoredLine, type ScoreLinesOptions, scoreRecords } from "./lines.js";
import type { Scores } from "./scores.js";
import { type Rated, type ScoreSummary, Summariser } from "./summary.js";

/** What scoreFile() takes. */
export interface ScoreFileOptions extends Omit<ScoreLinesOptions, "skip"> {
  /**
   * JSON lines to write, one a line that was scored: `line`, the fields of that line as they are written there, and what a ScoredLine has. Fields
   * that have one of these names are kept below `input`. The file appears when it is whole; an older one is then replaced. A
   * device or a pipe is written to directly.
   */
  out?: string | undefined;
  /**
   * This part alone, of whole groups of 32 entries in turn; takes `out`, beside which OUT.shard.json says what it is a part of. mergeScores()
   * makes one file of all. Default: everything.
   */
  shard?: Shard | undefined;
  /** Called with each scored line, in order, and its text as `out` has it; it is waited for. Not with those that an interrupted run has left in `out`. */
  onLine?: ((line: ScoredLine, json: string) => Promise<void> | void) | undefined;
  /** Called with each file that an interrupted run with other settings, models or data left beside `out`: it is not gone on with, and goes when `out` is whole. */
  onOthers?: ((path: string) => void) | undefined;
  /** Lines done, of how many; 0 for a stream. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Names of what a line may have been found to be. */
const RESULTS = ["reward", "objectives", "tokens", "chosenReward", "rejectedReward", "correct"] as const;

/**
 * Scores every line of a data file and sums them up. Bad lines are reported and counted, the rest is scored. With `out`,
 * a run that was interrupted goes on when it is called again with the same file, model and options.
 *
 * @throws ArgsearchError as scoreLines(); OPTION_INVALID when `out` is the source or a model; BUSY when another run writes it; FILE_UNWRITABLE
 */
export async function scoreFile(
  model: Scores,
  source: DataSource,
  { out, onLine, onOthers, onProgress, shard: asked, ...given }: ScoreFileOptions = {},
): Promise<ScoreSummary> {
  const shard = resolveShard(asked);
  if (shard !== undefined && out === undefined) throw withoutOut();
  const options = { ...given, date: given.date === undefined && out !== undefined ? today() : given.date };
  const summariser = new Summariser();
  const total = typeof source === "string" ? Math.ceil((await countLines(source)) / (shard?.count ?? 1)) : 0;
  let done = 0;
  const failed: number[] = [];
  // A file may have grown since it was counted.
  const advance = (): void => onProgress?.(++done, total === 0 ? 0 : Math.max(done, total));
  const { note, output } = out === undefined ? {} : await openOutput(out, model, source, { ...options, onOthers, shard });
  try {
    const onBadLine: ScoreLinesOptions["onBadLine"] = (bad) => {
      summariser.fail();
      failed.push(bad.number);
      options.onBadLine?.(bad);
      advance();
    };
    const skip = async (line: number): Promise<boolean> => {
      const known = await output?.written({ line });
      if (known === undefined) return false;
      summariser.add(known);
      advance();
      return true;
    };
    for await (const { scored, json } of scoreRecords(model, source, { ...options, onBadLine, skip, shard })) {
      const { line, fields: _, ...results } = scored;
      const text = resultLine({ line }, json, results, RESULTS);
      summariser.add(scored);
      await output?.write(text);
      await onLine?.(scored, text);
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

/** How responses are read: raise the number when that, or the form of a line, changes. */
const READING = 4;

async function openOutput(
  out: string,
  { info }: Scores,
  source: DataSource,
  { onOthers, shard, ...options }: Pick<ScoreFileOptions, "onOthers" | "shard"> & ScoreLinesOptions,
): Promise<{ output: ResumableLines<Known>; note?: Omit<ShardNote, "failed" | "sha256"> }> {
  const inputs = [source, ...pathsOf(modelsOf(info))];
  await refuseInputs(out, inputs);
  const { format = "auto", rewardAt = null, tokens = true, date = today() } = options;
  const settings = [READING, format, rewardAt, tokens, templateKey([...info.rewards], { ...options, date })];
  const key = await keyOf(info, source, shard === undefined ? settings : [...settings, shard]);
  const note = shard && { kind: "score" as const, shard, key: await shardKeyOf(info, source, settings) };
  return { output: await ResumableLines.open(out, { key, inputs, accept: known, onOthers }), ...(note && { note }) };
}

type Known = Rated & { line: number };

function withoutOut(): ArgsearchError {
  return new ArgsearchError("OPTION_INVALID", "shard needs the out that its lines go to", { option: "shard" });
}

/** What an older run wrote of a line. */
export function known({ line, reward, chosenReward, rejectedReward, correct }: JsonObject): Known | undefined {
  if (!Number.isSafeInteger(line)) return undefined;
  if (Number.isFinite(reward)) return { line, reward } as Known;
  const pair = Number.isFinite(chosenReward) && Number.isFinite(rejectedReward) && typeof correct === "boolean";
  return pair ? ({ line, chosenReward, rejectedReward, correct } as Known) : undefined;
}
