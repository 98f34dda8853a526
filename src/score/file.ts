/** Scores a data file into another. */
import { createHash } from "node:crypto";
import type { DataSource } from "../data/read.js";
import type { ModelInfo } from "../engine/binding.js";
import { computationKey } from "../engine/computation.js";
import { fileBytes, isOrdinaryFile } from "../files/bytes.js";
import { fingerprint } from "../files/fingerprint.js";
import { refuseInputs } from "../files/inputs.js";
import { countLines } from "../files/json-lines.js";
import { clockKey, dateOf, today } from "../model/template-options.js";
import { type ScoredLine, type ScoreLinesOptions, scoreLines } from "./lines.js";
import { LineOutput } from "./output.js";
import type { Scores } from "./scores.js";
import { type ScoreSummary, Summariser } from "./summary.js";

/** What scoreFile() takes. */
export interface ScoreFileOptions extends Omit<ScoreLinesOptions, "skip"> {
  /**
   * JSON lines to write, one a line that was scored. The file appears when it is whole; an older one is then replaced. A
   * device or a pipe is written to directly.
   */
  out?: string | undefined;
  /** Called with each scored line, in order; it is waited for. Not with those that an interrupted run has left in `out`. */
  onLine?: ((line: ScoredLine) => Promise<void> | void) | undefined;
  /** Lines done, of how many; 0 for a stream. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Scores every line of a data file and sums them up. Bad lines are reported and counted, the rest is scored. With `out`,
 * a run that was interrupted goes on when it is called again with the same file, model and options.
 *
 * @throws ArgsearchError as scoreLines(); OPTION_INVALID when `out` is the source or a model; BUSY when another run writes it; FILE_UNWRITABLE
 */
export async function scoreFile(
  model: Scores,
  source: DataSource,
  { out, onLine, onProgress, ...given }: ScoreFileOptions = {},
): Promise<ScoreSummary> {
  const options = { ...given, date: given.date === undefined && out !== undefined ? today() : given.date };
  const summariser = new Summariser();
  const total = typeof source === "string" ? await countLines(source) : 0;
  let done = 0;
  // A file may have grown since it was counted.
  const advance = (): void => onProgress?.(++done, total === 0 ? 0 : Math.max(done, total));
  const output = out === undefined ? undefined : await openOutput(out, model, source, options);
  const older = new Older(output, summariser);
  try {
    const onBadLine: ScoreLinesOptions["onBadLine"] = (bad) => {
      summariser.fail();
      options.onBadLine?.(bad);
      advance();
    };
    const skip = async (index: number): Promise<boolean> => {
      const known = await older.has(index);
      if (known) advance();
      return known;
    };
    for await (const line of scoreLines(model, source, { ...options, onBadLine, skip })) {
      summariser.add(line);
      await output?.write(line);
      await onLine?.(line);
      advance();
    }
    await older.close();
    await output?.commit();
  } catch (error) {
    await older.close();
    await output?.suspend();
    throw error;
  }
  return summariser.summary;
}

/** Lines of an interrupted run, which come in the order of the file: one is looked at ahead. */
class Older {
  readonly #lines: AsyncGenerator<ScoredLine> | undefined;
  readonly #summariser: Summariser;
  #next: ScoredLine | undefined;
  #started = false;

  constructor(output: LineOutput | undefined, summariser: Summariser) {
    this.#lines = output?.written();
    this.#summariser = summariser;
  }

  async has(index: number): Promise<boolean> {
    if (!this.#started) await this.#advance();
    if (this.#next?.index !== index) return false;
    this.#summariser.add(this.#next);
    await this.#advance();
    return true;
  }

  async close(): Promise<void> {
    await this.#lines?.return(undefined);
  }

  async #advance(): Promise<void> {
    this.#started = true;
    const next = await this.#lines?.next();
    this.#next = next?.done === false ? next.value : undefined;
  }
}

async function openOutput(out: string, model: Scores, source: DataSource, options: ScoreLinesOptions): Promise<LineOutput> {
  const inputs = [source, ...modelsOf(model.info).map(({ path }) => path)];
  await refuseInputs(out, inputs);
  return LineOutput.open(out, await keyOf(model, source, options), inputs);
}

/** A decoder's policy cuts responses into tokens. */
function modelsOf({ policy, rewards }: Scores["info"]): ModelInfo[] {
  return policy === undefined ? [...rewards] : [policy, ...rewards];
}

/** How responses are read: raise the number when that changes. */
const READING = 3;

function readingOf({ rewards }: Scores["info"], options: ScoreLinesOptions): unknown {
  const { template = "auto", templateVariables = {}, date = today(), rewardAt } = options;
  const templates = rewards.map(({ chatTemplate }) => chatTemplate);
  return [READING, template, templates, templateVariables, rewardAt ?? null, clockKey(templates, dateOf(date))];
}

/** What the lines depend on; null where that cannot be known: streams and pipes, and rewards that are functions. */
async function keyOf({ info }: Scores, source: DataSource, options: ScoreLinesOptions): Promise<string | null> {
  const labels = info.rewards.reduce((count, { head }) => count + (head?.labels.length ?? 0), 0);
  if (typeof source !== "string" || !(await isOrdinaryFile(source)) || labels < info.objectives.length) return null;
  const hash = createHash("sha256");
  const computed = computationKey(info.engine, info.computation);
  for (const { path } of modelsOf(info)) hash.update(await fingerprint(path));
  hash.update(
    JSON.stringify([info.objectives, info.weights, info.contextSize, computed, options.format ?? "auto", readingOf(info, options)]),
  );
  for await (const chunk of fileBytes(source)) hash.update(chunk);
  return hash.digest("hex");
}
