import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ArgsearchError } from "../../errors.js";
import { cleaned } from "../../files/clean.js";
import { unwritable } from "../../files/file-errors.js";
import { writeWhole } from "../../files/whole-file.js";
import type { EvaluatedResponse } from "../response.js";
import type { EvaluationResults } from "../results.js";
import { FILES, REPORT, readResults, readSettings } from "../run/directory.js";
import { readResponses } from "../run/store.js";
import { resultsSoFar } from "../so-far.js";
import { chartSpecs } from "./charts.js";
import { composeReport } from "./compose.js";
import { drawCharts } from "./draw.js";
import { toHtml } from "./html.js";
import { toMarkdown } from "./markdown.js";

/** What writeReport() takes. */
export interface ReportOptions {
  /** Prompts whose answers are shown, by their place in the data, from 0; default five, spread over it. */
  examples?: readonly number[] | undefined;
  /** What makes the evaluation again: shown at the end. */
  command?: string | undefined;
}

/** The files of a report. */
export interface WrittenReport {
  html: string;
  markdown: string;
  /** Why there are no charts; null when there are. */
  chartsMissing: string | null;
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
  let chartsMissing: string | null = null;
  const drawn = await drawCharts(specs).catch((error: unknown) => {
    if (!(error instanceof ArgsearchError) || error.code !== "DEPENDENCY_MISSING") throw error;
    chartsMissing = error.message;
    return new Map<string, string>();
  });
  const report = composeReport({
    results,
    responses,
    ended: ended !== undefined,
    examples: examples ?? spread(results.settings.data.prompts, EXAMPLES),
    charts: specs.filter(({ name }) => drawn.has(name)),
    command: command ?? null,
  });
  const charts = join(dir, REPORT.charts);
  await mkdir(charts, { recursive: true }).catch((error: unknown) => {
    throw unwritable(error, charts);
  });
  for (const [name, svg] of drawn) await writeText(join(charts, `${name}.svg`), svg);
  const paths = { html: join(dir, REPORT.html), markdown: join(dir, REPORT.markdown) };
  await writeText(paths.html, toHtml(report, drawn));
  await writeText(paths.markdown, toMarkdown(report));
  return { ...paths, chartsMissing };
}

/** Control characters of data and models would drive the terminal that shows it; an SVG must not have any. */
function writeText(path: string, content: string): Promise<void> {
  return writeWhole(path, cleaned(content.replaceAll("\r\n", "\n")));
}

async function unfinished(dir: string, responses: readonly EvaluatedResponse[]): Promise<EvaluationResults> {
  const settings = await readSettings(dir);
  if (settings !== undefined && responses.length > 0) return resultsSoFar(settings, responses);
  throw new ArgsearchError("FILE_NOT_FOUND", `${dir} holds no ${FILES.results} and no response: evaluate first`);
}

/** `count` places spread evenly over `total`. */
function spread(total: number, count: number): number[] {
  const most = Math.min(total, count);
  return Array.from({ length: most }, (_, at) => Math.floor(((at + 0.5) * total) / most));
}
