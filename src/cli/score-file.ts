import { ArgsearchError, type RewardModel, type ScoreInput, type ScoreOptions, type ScoreResult } from "../index.js";
import { EXIT, isAborted, reportError } from "./failure.js";
import { type Line, lines, parseJson } from "./input.js";
import { printJson } from "./output.js";

/** Lines scored in one call, whose batches they share. */
const GROUP = 32;

interface Entry {
  line: Line;
  input: ScoreInput;
}

/**
 * Scores a file of {"prompt", "response"} lines: {"index", "reward", "tokens"} on standard output for each, in their order;
 * index is the line's place in the file, from 0. A bad line is reported with its number, the rest is scored, the exit code is 1.
 */
export async function scoreFile(model: RewardModel, path: string, options: ScoreOptions): Promise<void> {
  let group: Entry[] = [];
  for await (const line of lines(path)) {
    const input = parseLine(line);
    if (input) group.push({ line, input });
    if (group.length === GROUP) {
      await scoreGroup(model, group, options);
      group = [];
    }
  }
  if (group.length > 0) await scoreGroup(model, group, options);
}

function parseLine(line: Line): ScoreInput | undefined {
  try {
    const value = parseJson(line.text, "the line");
    if (typeof value !== "object" || value === null) throw new ArgsearchError("INPUT_INVALID", "the line is not a JSON object");
    const { prompt, response } = value as ScoreInput; // the library checks what they hold
    return { prompt, response };
  } catch (error) {
    reportBadLine(line, error);
    return undefined;
  }
}

/** Scores lines together; if that fails, one by one, so that a bad line costs only itself. */
async function scoreGroup(model: RewardModel, group: readonly Entry[], options: ScoreOptions): Promise<void> {
  let results: ScoreResult[];
  try {
    results = await model.score(
      group.map(({ input }) => input),
      options,
    );
  } catch (error) {
    if (isAborted(error)) throw error;
    if (group.length > 1) for (const entry of group) await scoreGroup(model, [entry], options);
    else for (const { line } of group) reportBadLine(line, error);
    return;
  }
  for (const [place, { line }] of group.entries()) {
    const result = results[place];
    if (result) await printJson({ index: line.number - 1, reward: result.reward, tokens: result.tokens });
  }
}

function reportBadLine(line: Line, error: unknown): void {
  process.exitCode ??= EXIT.FAILURE;
  reportError(error, `line ${line.number}: `);
}
