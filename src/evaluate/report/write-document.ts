/** A report on disk: one HTML file that loads nothing, Markdown, and its charts. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ArgsearchError } from "../../errors.js";
import { cleaned } from "../../files/clean.js";
import { unwritable } from "../../files/file-errors.js";
import { writeWhole } from "../../files/whole-file.js";
import { REPORT } from "../run/directory.js";
import type { ChartSpec } from "./chart.js";
import type { Report } from "./document.js";
import { drawCharts } from "./draw.js";
import { type Drawing, toHtml } from "./html.js";
import { toMarkdown } from "./markdown.js";

/** The files of a report. */
export interface WrittenReport {
  html: string;
  markdown: string;
  /** Why there are no charts; null when there are. */
  chartsMissing: string | null;
}

/** @param compose gets the charts that could be drawn @throws ArgsearchError FILE_UNWRITABLE */
export async function writeDocument(
  dir: string,
  specs: readonly ChartSpec[],
  compose: (charts: readonly ChartSpec[]) => Report,
): Promise<WrittenReport> {
  let chartsMissing: string | null = null;
  const drawn = await drawAll(specs).catch((error: unknown) => {
    if (!(error instanceof ArgsearchError) || error.code !== "DEPENDENCY_MISSING") throw error;
    chartsMissing = error.message;
    return new Map<string, Drawing>();
  });
  const report = compose(specs.filter(({ name }) => drawn.has(name)));
  const charts = join(dir, REPORT.charts);
  await mkdir(charts, { recursive: true }).catch((error: unknown) => {
    throw unwritable(error, charts);
  });
  for (const [name, { wide }] of drawn) await writeText(join(charts, `${name}.svg`), wide);
  const paths = { html: join(dir, REPORT.html), markdown: join(dir, REPORT.markdown) };
  await writeText(paths.html, toHtml(report, drawn));
  await writeText(paths.markdown, toMarkdown(report));
  return { ...paths, chartsMissing };
}

async function drawAll(specs: readonly ChartSpec[]): Promise<Map<string, Drawing>> {
  const wide = await drawCharts(specs);
  const narrow = await drawCharts(specs.map((chart) => ({ name: chart.name, spec: chart.narrow })));
  return new Map([...wide].map(([name, svg]) => [name, { wide: svg, narrow: narrow.get(name) ?? svg }]));
}

/** Control characters of data and models would drive the terminal that shows it; an SVG must not have any. */
function writeText(path: string, content: string): Promise<void> {
  return writeWhole(path, cleaned(content.replaceAll("\r\n", "\n")));
}
