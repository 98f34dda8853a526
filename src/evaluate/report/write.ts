import { join } from "node:path";
import { ArgsearchError } from "../../errors.js";
import type { EvaluatedResponse } from "../response.js";
import type { EvaluationResults } from "../results.js";
import { FILES, readResults, readSettings } from "../run/directory.js";
import { readResponses } from "../run/store.js";
import { resultsSoFar } from "../so-far.js";
import { chartSpecs } from "./charts.js";
import { composeReport } from "./compose.js";
import { spread } from "./spread.js";
import { type WrittenReport, writeDocument } from "./write-document.js";

export type { WrittenReport };

/** What writeReport() takes. */
export interface ReportOptions {
  /** Prompts whose answers are shown, by their place in the data, from 0; default five, spread over it. */
  examples?: readonly number[] | undefined;
  /** What makes the evaluation again: shown at the end. */
  command?: string | undefined;
}

/** Examples shown by default. */
const EXAMPLES = 5;

/**
 * Writes report.html (self-contained), report.md and charts/*.svg into the directory of an evaluation; of one that has not ended, about
 * the responses that are there. Without vega and vega-lite it has no charts.
 *
 * @throws ArgsearchError FILE_NOT_FOUND when there are no results, FILE_UNREADABLE, FILE_UNWRITABLE, INPUT_INVALID
 */
export async function writeReport(dir: string, { examples, command }: ReportOptions = {}): Promise<WrittenReport> {
  const responses = await readResponses(join(dir, FILES.responses));
  const ended = await readResults(dir);
  const results = ended ?? (await unfinished(dir, responses));
  const specs = chartSpecs(results);
  return writeDocument(dir, specs, (charts) =>
    composeReport({
      ...{ results, responses, charts },
      ended: ended !== undefined,
      examples: examples ?? spread(results.settings.data.prompts, EXAMPLES),
      command: command ?? null,
    }),
  );
}

async function unfinished(dir: string, responses: readonly EvaluatedResponse[]): Promise<EvaluationResults> {
  const settings = await readSettings(dir);
  if (settings !== undefined && responses.length > 0) return resultsSoFar(settings, responses);
  throw new ArgsearchError("FILE_NOT_FOUND", `${dir} holds no ${FILES.results} and no response: evaluate first`);
}
