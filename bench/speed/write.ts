/** Where the results go: a folder of results.json, report.md and charts, and the generated part of docs/benchmarks.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { speedCharts } from "../../src/bench/charts.js";
import type { Machine } from "../../src/bench/machine.js";
import type { Quietness } from "../../src/bench/quiet.js";
import { machineText, quietText, sectionBlocks, spread } from "../../src/bench/report.js";
import { placeTitle, type Section } from "../../src/bench/section.js";
import { type Block, type Cell, heading, text } from "../../src/evaluate/report/document.js";
import { toMarkdown } from "../../src/evaluate/report/markdown.js";
import { writeDocument } from "../../src/evaluate/report/write-document.js";
import { writeWhole } from "../../src/files/whole-file.js";
import { packageRoot } from "../../src/package-root.js";
import type { Ratio } from "./ratios.js";

const REPOSITORY = "https://github.com/argsearch/argsearch";

export interface SpeedRun {
  /** The command that makes it again. */
  command: string;
  machine: Machine;
  quiet: Quietness;
  /** What all places have in common, in words. */
  how: string;
  notes: readonly string[];
  sections: readonly Section[];
  ratios: readonly Ratio[];
}

export async function writeRun(dir: string, run: SpeedRun): Promise<void> {
  const specs = speedCharts(run.sections);
  const { html } = await writeDocument(dir, specs, (charts) => ({
    title: "Speed",
    blocks: [
      ...summaryBlocks(run),
      ...charts.map(({ name, caption }): Block => ({ kind: "chart", name, caption })),
      ...sectionBlocks(run.sections),
      ...[heading("Make it again"), { kind: "code", text: run.command } as const],
    ],
  }));
  await rm(html); // as docs/results has them
  await writeWhole(join(dir, "results.json"), `${JSON.stringify(run, null, 1)}\n`);
}

/** Replaces what stands between <!-- NAME --> and <!-- /NAME --> in docs/benchmarks.md by the ratios and the first table. */
export function writeDocs(name: string, run: SpeedRun): void {
  const page = join(packageRoot, "docs", "benchmarks.md");
  const blocks = [...summaryBlocks(run), ...sectionBlocks(run.sections.slice(0, 1))];
  const body = toMarkdown({ title: "", blocks }).split("\n").slice(2).join("\n").replaceAll(/^## /gm, "#### ");
  // The package has the page, and not the results.
  const chart = `![Milliseconds a token of all contenders](${REPOSITORY}/raw/main/docs/results/${name}/charts/contenders.svg)`;
  const link = `All places: [results/${name}](${REPOSITORY}/blob/main/docs/results/${name}/report.md).`;
  writeFileSync(page, replacedPart(readFileSync(page, "utf8"), name, `${body.trimEnd()}\n\n${chart}\n\n${link}`));
}

/** @throws Error for a page without the markers */
export function replacedPart(page: string, name: string, part: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no part ${start} … ${end}`);
  return `${page.slice(0, from + start.length)}\n${part}\n${page.slice(to)}`;
}

function summaryBlocks({ machine, quiet, how, notes, ratios }: SpeedRun): Block[] {
  return [
    ...[machineText(machine), quietText(quiet), how, ...notes].map(text),
    heading("Ratios"),
    { kind: "table", head: ["", "where", "ratio", "goal", "reached"], rows: ratioRows(ratios) },
  ];
}

export function ratioRows(ratios: readonly Ratio[]): Cell[][] {
  return ratios.map(({ what, place, found, goal, reached }) => {
    return [what, placeTitle({ ...place }), spread(found), goal ?? "–", reached === null ? "–" : reached ? "yes" : "no"];
  });
}
